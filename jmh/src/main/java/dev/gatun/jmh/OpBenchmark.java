package dev.gatun.jmh;

import dev.gatun.cpu.CpuDevice;
import dev.gatun.device.Workers;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
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

/// Ops against PyTorch's, on rows of 512 floats that stay in cache or do not fit it, and against
/// the stream through memory that moves as many arrays.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
    value = 3,
    jvmArgsAppend = {"--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"})
public class OpBenchmark {
  static final long COLUMNS = 512;

  /// Elements up to which operands and result stay in a second-level cache.
  static final long IN_CACHE = 16 << 10;

  /// A constant of [Subject].
  @Param({
    "EXP",
    "LOG",
    "TANH",
    "SIGMOID",
    "GELU",
    "ERF",
    "GELU_TANH",
    "SILU",
    "SOFTMAX",
    "LAYER_NORM",
    "RMS_NORM",
    "SUM",
    "ADD"
  })
  public Subject op = Subject.EXP;

  /// 32 rows are 16 K elements, 64 KB; 32768 rows are 64 MB.
  @Param({"32", "32768"})
  public long rows = 32;

  /// Threads of the engine and of PyTorch.
  @Param({"1", "2"})
  public int threads = 1;

  private CpuDevice device;
  private Workers workers;
  private dev.gatun.tensor.Scope scope;
  private final List<Tensor> in = new ArrayList<>();
  private final List<Tensor> one = new ArrayList<>();
  private PyTorch peer;
  private PyTorch peerOfOne;
  private Ceiling ceiling;
  private double ceilingWork;
  private Duel duel;

  /// Makes the inputs and checks both results against each other.
  @Setup
  public void open(Blackhole hole) {
    device = CpuDevice.open(CpuDevice.Options.standard().withThreads(threads));
    workers = new Workers(threads);
    scope = device.scope("inputs");
    peer = PyTorch.open(op.peer(), threads);
    peerOfOne = PyTorch.open(op.peer(), threads);
    for (int i = 0; i < op.inputs(); i++) {
      float[] values = Numbers.uniform(rows * COLUMNS, op.low(), op.high(), i);
      in.add(scope.tensor(Shape.of(rows, COLUMNS), values));
      peer.with(values, rows, COLUMNS);
      peerOfOne.with(Arrays.copyOf(values, 1), 1, 1);
      one.add(scope.tensor(Shape.of(1, 1), values[0]));
    }
    boolean exp = op == Subject.EXP && rows * COLUMNS <= IN_CACHE;
    ceiling = exp ? Ceiling.exp(workers) : stream();
    ceilingWork = (exp ? 1.0 : 4.0 * op.arrays()) * rows * COLUMNS;
    duel =
        new Duel(threads, List.of(this::ours, () -> apply(one), ceiling.loop(), peer, peerOfOne));
    try (dev.gatun.tensor.Scope step = device.scope("check")) {
      double[] got = op.apply(in.stream().map(step::borrow).toList()).toDoubleArray();
      Numbers.requireClose("OpBenchmark " + op, got, peer.result(), 1e-5);
    }
    duel.settle(hole);
  }

  private Ceiling stream() {
    return switch (op.arrays()) {
      case 1 -> Ceiling.read(scope, workers);
      case 2 -> Ceiling.copy(scope, workers);
      default -> Ceiling.triad(scope, workers);
    };
  }

  /// Frees them.
  @TearDown
  public void close() {
    peer.close();
    peerOfOne.close();
    workers.close();
    scope.close();
    device.close();
  }

  /// The engine, as a user calls it.
  @Benchmark
  public Object ours() {
    return apply(in);
  }

  private Object apply(List<Tensor> inputs) {
    try (dev.gatun.tensor.Scope step = device.scope("step")) {
      return op.apply(inputs.stream().map(step::borrow).toList());
    }
  }

  /// PyTorch on the same values.
  @Benchmark
  public Object pyTorch() {
    return peer.call();
  }

  /// All of them and the ceiling in turn.
  @Benchmark
  @BenchmarkMode(Mode.SingleShotTime)
  public void duel(Nanos nanos, Blackhole hole) {
    double[] best = duel.round(hole);
    nanos.ours = best[0];
    nanos.ownCall = best[1];
    nanos.ceiling = ceiling.scaled(best[2], ceilingWork);
    nanos.peer = best[3];
    nanos.peerCall = best[4];
  }
}
