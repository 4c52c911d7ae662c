package dev.gatun.jmh;

import dev.gatun.cpu.CpuDevice;
import dev.gatun.device.Workers;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
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

/// Running sums down the columns of 16,384 x 256 floats against PyTorch's, which goes through each
/// column by itself, and against the copy of as many bytes.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
    value = 3,
    jvmArgsAppend = {"--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"})
public class CumSumBenchmark {
  static final long ROWS = 16_384;
  static final long COLUMNS = 256;

  /// Threads of the engine and of PyTorch.
  @Param({"1", "2"})
  public int threads = 1;

  private CpuDevice device;
  private Workers workers;
  private dev.gatun.tensor.Scope scope;
  private Tensor x;
  private PyTorch peer;
  private Ceiling ceiling;
  private Duel duel;

  /// Makes the input and checks both results against each other.
  @Setup
  public void open(Blackhole hole) {
    device = CpuDevice.open(CpuDevice.Options.standard().withThreads(threads));
    workers = new Workers(threads);
    scope = device.scope("inputs");
    float[] values = Numbers.uniform(ROWS * COLUMNS, -1, 1, 1);
    x = scope.tensor(Shape.of(ROWS, COLUMNS), values);
    peer = PyTorch.open("cumsum", threads);
    peer.with(values, ROWS, COLUMNS);
    ceiling = Ceiling.copy(scope, workers);
    duel = new Duel(threads, List.of(this::ours, ceiling.loop(), peer));
    try (dev.gatun.tensor.Scope step = device.scope("check")) {
      double[] got = step.borrow(x).cumSum(0).toDoubleArray();
      Numbers.requireClose("CumSumBenchmark", got, peer.result(), 1e-3);
    }
    duel.settle(hole);
  }

  /// Frees them.
  @TearDown
  public void close() {
    peer.close();
    workers.close();
    scope.close();
    device.close();
  }

  /// Bytes read and written.
  static double bytes() {
    return 8.0 * ROWS * COLUMNS;
  }

  /// The engine, as a user calls it.
  @Benchmark
  public Object ours() {
    try (dev.gatun.tensor.Scope step = device.scope("step")) {
      return step.borrow(x).cumSum(0);
    }
  }

  /// PyTorch on the same values.
  @Benchmark
  public Object pyTorch() {
    return peer.call();
  }

  /// Both and the ceiling in turn.
  @Benchmark
  @BenchmarkMode(Mode.SingleShotTime)
  public void duel(Nanos nanos, Blackhole hole) {
    double[] best = duel.round(hole);
    nanos.ours = best[0];
    nanos.ceiling = ceiling.scaled(best[1], bytes());
    nanos.peer = best[2];
  }
}
