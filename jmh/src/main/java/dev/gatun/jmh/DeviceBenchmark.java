package dev.gatun.jmh;

import dev.gatun.contract.OpCase;
import dev.gatun.cpu.CpuDevice;
import dev.gatun.device.Device;
import dev.gatun.op.Kernel;
import dev.gatun.op.Op;
import dev.gatun.op.linear.Fft;
import dev.gatun.op.linear.MatMul;
import dev.gatun.op.linear.Rfft;
import dev.gatun.op.reduce.LayerNorm;
import dev.gatun.op.reduce.RmsNorm;
import dev.gatun.op.reduce.Softmax;
import dev.gatun.op.sequence.attention.Attention;
import dev.gatun.op.sequence.attention.Mask;
import dev.gatun.opencl.OpenClDevice;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;

/// The kernel of one case on the first OpenCL device against the engine's own device for the
/// processor, F32, on the same operands, some megabytes or some hundred MFLOP of them. A call on
/// OpenCL is timed with waiting for its end.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
    value = 3,
    jvmArgsAppend = {"--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"})
public class DeviceBenchmark {
  /// The largest size of what has one.
  private static final int WORKLOAD = 1;

  private static final double BYTES = 8 << 20;
  private static final double FLOPS = 2e8;
  private static final long SETTLE_LEAST = 300_000_000;
  private static final long SETTLE_MOST = 4_000_000_000L;

  /// The case's name.
  @Param("exp")
  public String name = "exp";

  /// Threads of the processor's device; the OpenCL device takes what it has.
  @Param("2")
  public int threads = 2;

  private Device cpu;
  private OpenClDevice cl;
  private final List<dev.gatun.tensor.Scope> scopes = new ArrayList<>();
  private Duel duel;

  /// Those that bars are about, at sizes of models, since cases of the contract have few rows; then
  /// the first case of every kernel.
  static Map<String, OpCase> rows() {
    Map<String, OpCase> rows = new LinkedHashMap<>();
    for (int n : new int[] {512, 1024}) {
      MatMul product = new MatMul(false, false);
      put(rows, "matmul %d^3".formatted(n), product, new long[] {n, n}, new long[] {n, n});
    }
    long[] heads = {1, 8, 512, 64};
    Attention attention = new Attention(Mask.none(), 0.125, 0, List.of(), 0, 0, false);
    put(rows, "attention 8x512x64", attention, heads, heads, heads);
    long[] many = {4096, 512};
    put(rows, "softmax 4096x512", new Softmax(1), many);
    put(rows, "layer norm 4096x512", new LayerNorm(1e-5, false, false), many);
    put(rows, "RMS norm 4096x512", new RmsNorm(1e-5, 0, false, true, false, false), many);
    put(rows, "FFT 256x4096", Fft.forward(), new long[] {256, 4096}, new long[] {256, 4096});
    put(rows, "real FFT 256x4096", new Rfft(), new long[] {256, 4096});
    rows.putAll(CaseBenchmark.rows());
    return rows;
  }

  private static void put(Map<String, OpCase> rows, String name, Op op, long[]... dims) {
    rows.put(name, OpCase.of(name, op, d -> Stream.of(dims).map(d::normal).toList()).big(WORKLOAD));
  }

  /// Makes equal operands on both and compares what comes out.
  @Setup
  public void open(Blackhole hole) {
    OpCase c =
        rows().values().stream().filter(r -> r.name().equals(name)).findFirst().orElseThrow();
    cpu = CpuDevice.open(CpuDevice.Options.standard().withThreads(threads));
    cl = OpenClDevice.open();
    int n = c.big() == WORKLOAD ? 1 : CaseBenchmark.size(c, BYTES, FLOPS);
    Kernel op = (Kernel) c.op().apply(n);
    Operands here = operands(cpu, c, op, n);
    Operands there = operands(cl, c, op, n);
    Contender ours =
        () -> {
          cl.run(op, there.in, there.out);
          cl.finish();
          return there;
        };
    Contender peer =
        () -> {
          cpu.run(op, here.in, here.out);
          return here;
        };
    ours.call();
    peer.call();
    if (!here.out.isEmpty() && here.out.get(0).dtype() == DType.F32) {
      double bound = Math.max(1e-3, 64 * c.bound(DType.F32, n));
      Numbers.requireClose(
          "DeviceBenchmark " + name,
          there.out.get(0).toDoubleArray(),
          here.out.get(0).toDoubleArray(),
          bound);
    }
    duel = new Duel(1, List.of(ours, peer));
    duel.settle(hole, SETTLE_LEAST, SETTLE_MOST);
  }

  private record Operands(List<Tensor> in, List<Tensor> out) {}

  private Operands operands(Device device, OpCase c, Kernel op, int n) {
    dev.gatun.tensor.Scope scope = device.scope("case");
    scopes.add(scope);
    List<Tensor> in = c.inputs(DType.F32, n).stream().map(i -> i.on(scope)).toList();
    List<Spec> made = op.infer(in.stream().map(Tensor::spec).toList());
    return new Operands(in, made.stream().map(s -> scope.zeros(s.dtype(), s.shape())).toList());
  }

  /// Frees them.
  @TearDown
  public void close() {
    scopes.forEach(dev.gatun.tensor.Scope::close);
    cl.close();
    cpu.close();
  }

  /// Both in turn.
  @Benchmark
  @BenchmarkMode(Mode.SingleShotTime)
  public void duel(Nanos nanos, Blackhole hole) {
    double[] best = duel.round(hole);
    nanos.ours = best[0];
    nanos.peer = best[1];
  }
}
