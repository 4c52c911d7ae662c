package dev.gatun.jmh;

import dev.gatun.cpu.CpuDevice;
import dev.gatun.device.Workers;
import dev.gatun.op.linear.Activation;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;
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

/// One token through a linear layer with BF16 weights, 64 MB of them, against the streaming read of
/// as many bytes.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
    value = 3,
    jvmArgsAppend = {"--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"})
public class WeightBenchmark {
  static final long OUTPUTS = 8192;
  static final long INPUTS = 4096;

  /// Worker threads.
  @Param({"1", "2"})
  public int threads = 1;

  private CpuDevice device;
  private Workers workers;
  private dev.gatun.tensor.Scope scope;
  private Tensor x;
  private Tensor weight;
  private Ceiling ceiling;
  private Duel duel;

  /// Makes weights and input, and checks against the same weights in F32.
  @Setup
  public void open(Blackhole hole) {
    device = CpuDevice.open(CpuDevice.Options.standard().withThreads(threads));
    workers = new Workers(threads);
    scope = device.scope("weights");
    x = Numbers.tensor(scope, DType.F32, Shape.of(INPUTS), 1);
    weight = Numbers.tensor(scope, DType.BF16, Shape.of(OUTPUTS, INPUTS), 2);
    ceiling = Ceiling.read(scope, workers);
    duel = new Duel(threads, List.of(this::ours, ceiling.loop()));
    try (dev.gatun.tensor.Scope step = device.scope("check")) {
      Tensor wide = step.borrow(weight).to(DType.F32);
      Numbers.requireClose(
          "WeightBenchmark",
          linear(step, weight).toDoubleArray(),
          linear(step, wide).toDoubleArray(),
          1e-4);
    }
    duel.settle(hole);
  }

  private Tensor linear(dev.gatun.tensor.Scope step, Tensor w) {
    return step.borrow(x).linear(step.borrow(w), Optional.empty(), Activation.NONE);
  }

  /// Frees them.
  @TearDown
  public void close() {
    workers.close();
    scope.close();
    device.close();
  }

  /// Bytes of weights, input and output.
  static double bytes() {
    return 2.0 * OUTPUTS * INPUTS + 4.0 * (OUTPUTS + INPUTS);
  }

  /// The engine, as a user calls it.
  @Benchmark
  public Object ours() {
    try (dev.gatun.tensor.Scope step = device.scope("step")) {
      return linear(step, weight);
    }
  }

  /// It and the ceiling in turn.
  @Benchmark
  @BenchmarkMode(Mode.SingleShotTime)
  public void duel(Nanos nanos, Blackhole hole) {
    double[] best = duel.round(hole);
    nanos.ours = best[0];
    nanos.ceiling = ceiling.scaled(best[1], bytes());
  }
}
