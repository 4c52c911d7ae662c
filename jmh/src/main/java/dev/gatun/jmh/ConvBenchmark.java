package dev.gatun.jmh;

import dev.gatun.cpu.CpuDevice;
import dev.gatun.device.Workers;
import dev.gatun.op.linear.Window;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.Arrays;
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

/// `conv1d` against PyTorch's, without padding, and against fused multiply-adds in registers.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
    value = 3,
    jvmArgsAppend = {"--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"})
public class ConvBenchmark {
  static final List<String> SIZES =
      List.of(
          "1x32x512x32x3",
          "1x64x1024x64x3",
          "8x64x16384x64x3",
          "1x1x65536x16x9",
          "4x256x2048x256x5");

  /// `batch x channels x length x outputs x taps`: in a second-level cache, then beyond the third.
  @Param({"1x32x512x32x3", "8x64x16384x64x3"})
  public String sizes = "1x32x512x32x3";

  /// Threads of the engine and of PyTorch.
  @Param({"1", "2"})
  public int threads = 1;

  private CpuDevice device;
  private Workers workers;
  private dev.gatun.tensor.Scope scope;
  private Tensor x;
  private Tensor weight;
  private PyTorch peer;
  private Ceiling ceiling;
  private double flops;
  private Duel duel;

  /// Makes the operands and checks both results against each other.
  @Setup
  public void open(Blackhole hole) {
    long[] s = Arrays.stream(sizes.split("x", -1)).mapToLong(Long::parseLong).toArray();
    device = CpuDevice.open(CpuDevice.Options.standard().withThreads(threads));
    workers = new Workers(threads);
    scope = device.scope("inputs");
    float[] xs = Numbers.uniform(s[0] * s[1] * s[2], -1, 1, 1);
    float[] ws = Numbers.uniform(s[3] * s[1] * s[4], -1, 1, 2);
    x = scope.tensor(Shape.of(s[0], s[1], s[2]), xs);
    weight = scope.tensor(Shape.of(s[3], s[1], s[4]), ws);
    peer = PyTorch.open("conv1d", threads);
    peer.with(xs, s[0], s[1], s[2]);
    peer.with(ws, s[3], s[1], s[4]);
    flops = 2.0 * s[0] * s[3] * (s[2] - s[4] + 1) * s[1] * s[4];
    ceiling = Ceiling.fma(DType.F32, workers);
    duel = new Duel(threads, List.of(this::ours, ceiling.loop(), peer));
    try (dev.gatun.tensor.Scope step = device.scope("check")) {
      // Rounding errors add up like a random walk: far less than this, but any wrong term is more.
      double bound = 4 * 0x1p-24 * s[1] * s[4];
      Numbers.requireClose("ConvBenchmark", conv(step).toDoubleArray(), peer.result(), bound);
    }
    duel.settle(hole);
  }

  private Tensor conv(dev.gatun.tensor.Scope step) {
    return step.borrow(x).conv1d(step.borrow(weight), Optional.empty(), Window.PLAIN, 1);
  }

  /// Frees them.
  @TearDown
  public void close() {
    peer.close();
    workers.close();
    scope.close();
    device.close();
  }

  /// The engine, as a user calls it.
  @Benchmark
  public Object ours() {
    try (dev.gatun.tensor.Scope step = device.scope("step")) {
      return conv(step);
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
    nanos.ceiling = ceiling.scaled(best[1], flops);
    nanos.peer = best[2];
  }
}
