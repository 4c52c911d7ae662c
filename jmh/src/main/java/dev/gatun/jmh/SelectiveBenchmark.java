package dev.gatun.jmh;

import dev.gatun.cpu.CpuDevice;
import dev.gatun.op.sequence.scan.SelectiveScan;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
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

/// Mamba's selective scan, F32, 1024 channels of 16 modes, against PyTorch's loop over time: the
/// scan and its gradient, and one step from a state.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
    value = 3,
    jvmArgsAppend = {"--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"})
public class SelectiveBenchmark {
  static final long CHANNELS = 1024;
  static final long MODES = 16;

  /// Steps of a call.
  @Param({"1", "4096"})
  public long steps = 4096;

  /// Threads of the engine and of PyTorch.
  @Param({"1", "2"})
  public int threads = 1;

  private CpuDevice device;
  private dev.gatun.tensor.Scope scope;
  private final List<Tensor> in = new ArrayList<>();
  private final List<Tensor> back = new ArrayList<>();
  private SelectiveScan op;
  private PyTorch peer;
  private Duel duel;

  /// Makes the inputs and checks the results against each other.
  @Setup
  public void open(Blackhole hole) {
    device = CpuDevice.open(CpuDevice.Options.standard().withThreads(threads));
    scope = device.scope("inputs");
    peer = PyTorch.open("selective_scan_loop", threads);
    op = new SelectiveScan(false, false, false, false, false, steps == 1);
    // The peer has time last.
    add(Numbers.uniform(CHANNELS * steps, -1, 1, 1), 1, CHANNELS, steps);
    add(Numbers.uniform(CHANNELS * steps, 0.001, 0.1, 2), 1, CHANNELS, steps);
    add(Numbers.uniform(CHANNELS * MODES, -16, -1, 3), CHANNELS, MODES);
    add(Numbers.uniform(MODES * steps, -1, 1, 4), 1, MODES, steps);
    add(Numbers.uniform(MODES * steps, -1, 1, 5), 1, MODES, steps);
    in.set(3, in.get(3).unsqueeze(2).copy());
    in.set(4, in.get(4).unsqueeze(2).copy());
    if (steps == 1) {
      in.add(scope.zeros(in.get(0).dtype(), Shape.of(1, MODES, CHANNELS)));
    }
    back.add(in.get(0));
    back.add(scope.zeros(in.get(0).dtype(), Shape.of(1, MODES, CHANNELS)));
    back.addAll(in);
    long starts = (steps - 1) / 64;
    float[] some = Numbers.uniform(starts * MODES * CHANNELS, -1, 1, 6);
    back.add(scope.tensor(Shape.of(1, starts, MODES, CHANNELS), some));
    duel = new Duel(threads, List.of(this::ours, this::backward, peer));
    check();
    duel.settle(hole);
  }

  private void add(float[] values, long... dims) {
    peer.with(values, dims);
    in.add(scope.tensor(Shape.of(dims), values).transpose().copy());
  }

  private void check() {
    try (dev.gatun.tensor.Scope step = device.scope("check")) {
      Tensor y = op.of(in.stream().map(step::borrow).toArray(Tensor[]::new)).transpose();
      Numbers.requireClose("SelectiveBenchmark", y.toDoubleArray(), peer.result(), 1e-4);
    }
  }

  private Object ours() {
    try (dev.gatun.tensor.Scope step = device.scope("step")) {
      return op.apply(in.stream().map(step::borrow).toArray(Tensor[]::new));
    }
  }

  private Object backward() {
    try (dev.gatun.tensor.Scope step = device.scope("step")) {
      Tensor[] all = back.stream().map(step::borrow).toArray(Tensor[]::new);
      return new SelectiveScan.Grad(op).apply(all);
    }
  }

  /// Frees them.
  @TearDown
  public void close() {
    peer.close();
    scope.close();
    device.close();
  }

  /// All of them in turn.
  @Benchmark
  @BenchmarkMode(Mode.SingleShotTime)
  public void duel(Nanos nanos, Blackhole hole) {
    double[] best = duel.round(hole);
    nanos.ours = best[0];
    nanos.backward = best[1];
    nanos.peer = best[2];
  }
}
