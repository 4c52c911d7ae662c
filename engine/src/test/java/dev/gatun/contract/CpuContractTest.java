package dev.gatun.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import dev.gatun.cpu.CpuDevice;
import dev.gatun.device.Device;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.op.Kernel;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.management.ManagementFactory;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The contract on the CPU with vector kernels, which besides allocate nothing.
class CpuContractTest extends OpContract {
  private static final int CALLS = 400;

  private final FirstCases firsts = new FirstCases();

  @Override
  protected Device open(int threads) {
    return CpuDevice.open(CpuDevice.Options.standard().withThreads(threads));
  }

  /// Other widths of vectors than the machine's own run the first case of each op.
  @Override
  protected boolean covers(OpCase c) {
    return !Boolean.getBoolean("gatun.firsts") || firsts.has(c);
  }

  /// Waiting for the compiler takes a tenth of a second a case: of all of them where time is no
  /// matter.
  @Override
  protected boolean warmsUp(OpCase c) {
    return "all".equals(System.getProperty("gatun.heat")) || firsts.has(c);
  }

  /// Plain loops, which run where vectors are missing, take the square of some sizes.
  @Override
  protected int shared(OpCase c) {
    return CpuDevice.missingVectors().isEmpty() ? c.big() : Math.min(1037, c.big());
  }

  @Tag("allocation")
  @ParameterizedTest
  @MethodSource("typedCases")
  void hotKernelsAllocateNothing(OpCase c, DType t) {
    assumeTrue(CpuDevice.missingVectors().isEmpty(), "reference kernels may allocate");
    Run run = Run.at(c, t, Math.min(207, c.big()));
    assumeTrue(run.op() instanceof Kernel, "composites allocate views");
    Kernel op = (Kernel) run.op();
    try (Device device = open(1);
        Scope scope = device.scope();
        Arena arena = Arena.ofShared();
        Workers workers = new Workers(1)) {
      List<Tensor> in = run.tensors(scope);
      List<Spec> specs = in.stream().map(Tensor::spec).toList();
      long scratch = Math.max(64, op.scratch(specs, 1));
      Call call = CpuDevice.call(specs, in, allocated(op, in, scope), arena.allocate(scratch, 64));
      assertEquals(0, allocated(op, call, workers), () -> run + ": bytes a call");
    }
  }

  /// Bytes in the best of several rounds: C2 comes when it comes, and what it still interprets
  /// boxes.
  private static long allocated(Kernel op, Call call, Workers workers) {
    ThreadMXBean bean = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long best = Long.MAX_VALUE;
    long end = System.nanoTime() + 20_000_000_000L;
    while (System.nanoTime() < end && best > 0) {
      long before = bean.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < CALLS; i++) {
        op.simd(call, workers);
      }
      best = Math.min(best, bean.getCurrentThreadAllocatedBytes() - before);
    }
    return best;
  }
}
