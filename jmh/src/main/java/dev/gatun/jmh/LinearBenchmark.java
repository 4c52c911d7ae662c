package dev.gatun.jmh;

import dev.gatun.cpu.CpuDevice;
import dev.gatun.op.Kernel;
import dev.gatun.op.sequence.linear.FastWeights;
import dev.gatun.op.sequence.linear.FastWeights.Decay;
import dev.gatun.op.sequence.linear.FastWeights.Update;
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

/// Fast weights, F32, 4096 steps of 8 heads of 64 keys and values: in chunks, or their gradient in
/// chunks, against step by step.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
    value = 3,
    jvmArgsAppend = {"--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"})
public class LinearBenchmark {
  private static final long STEPS = 4096;
  private static final long HEADS = 8;
  private static final long WIDTH = 64;

  /// What fades a state.
  @Param({"NONE", "HEAD", "KEY"})
  public Decay decay = Decay.KEY;

  /// What changes it.
  @Param({"ADD", "DELTA", "DPLR"})
  public Update update = Update.ADD;

  /// Whether the gradient is timed.
  @Param({"false", "true"})
  public boolean back;

  /// Threads of the engine.
  @Param({"1"})
  public int threads = 1;

  private CpuDevice device;
  private dev.gatun.tensor.Scope scope;
  private final List<Tensor> in = new ArrayList<>();
  private Duel duel;

  /// Makes the inputs.
  @Setup
  public void open(Blackhole hole) {
    device = CpuDevice.open(CpuDevice.Options.standard().withThreads(threads));
    scope = device.scope("inputs");
    if (back) {
      add(-1, 1, 1, STEPS, HEADS, WIDTH);
      add(-1, 1, 1, HEADS, WIDTH, WIDTH);
    }
    add(-1, 1, 1, STEPS, HEADS, WIDTH);
    add(-0.2, 0.2, 1, STEPS, HEADS, WIDTH);
    add(-1, 1, 1, STEPS, HEADS, WIDTH);
    if (decay == Decay.HEAD) {
      add(-0.1, 0, 1, STEPS, HEADS);
    } else if (decay == Decay.KEY) {
      add(-0.1, 0, 1, STEPS, HEADS, WIDTH);
    }
    if (update == Update.DPLR) {
      add(-0.2, 0.2, 1, STEPS, HEADS, WIDTH);
      add(-0.2, 0.2, 1, STEPS, HEADS, WIDTH);
    } else if (update == Update.DELTA) {
      add(0.2, 0.9, 1, STEPS, HEADS);
    }
    if (back) {
      add(-1, 1, 1, STEPS / 64 - 1, HEADS, WIDTH, WIDTH);
    }
    duel =
        new Duel(
            threads,
            List.of(() -> run(FastWeights.Mode.CHUNKED), () -> run(FastWeights.Mode.RECURRENT)));
    duel.settle(hole);
  }

  private void add(double low, double high, long... dims) {
    Shape shape = Shape.of(dims);
    float[] values = Numbers.uniform(shape.elems(), low, high, in.size() + 1);
    in.add(scope.tensor(shape, values));
  }

  private Object run(FastWeights.Mode mode) {
    FastWeights op = FastWeights.of(decay, update, 0.125).by(mode);
    Kernel kernel = back ? new FastWeights.Grad(op) : op;
    try (dev.gatun.tensor.Scope step = device.scope("step")) {
      return kernel.apply(in.stream().map(step::borrow).toArray(Tensor[]::new));
    }
  }

  /// Frees them.
  @TearDown
  public void close() {
    scope.close();
    device.close();
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
