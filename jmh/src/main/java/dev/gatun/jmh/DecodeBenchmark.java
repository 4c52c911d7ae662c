package dev.gatun.jmh;

import dev.gatun.cpu.CpuDevice;
import dev.gatun.device.Workers;
import dev.gatun.op.sequence.attention.Attention;
import dev.gatun.op.sequence.attention.Mask;
import dev.gatun.tensor.DType;
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

/// Attention of one query a head over a long cache, F32, against PyTorch's, against the streaming
/// read of keys and values, and against fused multiply-adds in registers.
///
/// PyTorch gets the queries of a group as rows of one head, which is the same product and reads
/// keys once too.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
    value = 3,
    jvmArgsAppend = {"--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"})
public class DecodeBenchmark {
  /// Key heads.
  static final int HEADS = 8;

  /// Width of a head.
  static final int WIDTH = 64;

  /// Keys.
  @Param({"16384", "65536"})
  public int keys = 16_384;

  /// Query heads of a key head.
  @Param({"1", "4", "8"})
  public int group = 1;

  /// Threads of all contenders.
  @Param({"1", "2"})
  public int threads = 1;

  private CpuDevice device;
  private Workers workers;
  private dev.gatun.tensor.Scope scope;
  private Tensor q;
  private Tensor k;
  private Tensor v;
  private PyTorch peer;
  private Ceiling read;
  private Ceiling fma;
  private Duel duel;

  /// Makes the operands and checks both results against each other.
  @Setup
  public void open(Blackhole hole) {
    device = CpuDevice.open(CpuDevice.Options.standard().withThreads(threads));
    workers = new Workers(threads);
    scope = device.scope("inputs");
    float[] qs = Numbers.uniform((long) HEADS * group * WIDTH, -2, 2, 1);
    float[] ks = Numbers.uniform((long) HEADS * keys * WIDTH, -1, 1, 2);
    float[] vs = Numbers.uniform((long) HEADS * keys * WIDTH, -1, 1, 3);
    q = scope.tensor(Shape.of(1, (long) HEADS * group, 1, WIDTH), qs);
    k = scope.tensor(Shape.of(1, HEADS, keys, WIDTH), ks);
    v = scope.tensor(Shape.of(1, HEADS, keys, WIDTH), vs);
    peer = PyTorch.open("sdpa", threads);
    peer.with(qs, 1, HEADS, group, WIDTH);
    peer.with(ks, 1, HEADS, keys, WIDTH);
    peer.with(vs, 1, HEADS, keys, WIDTH);
    read = Ceiling.read(scope, workers);
    fma = Ceiling.fma(DType.F32, workers);
    duel = new Duel(threads, List.of(this::ours, read.loop(), fma.loop(), peer));
    try (dev.gatun.tensor.Scope step = device.scope("check")) {
      Numbers.requireClose("DecodeBenchmark", attention(step).toDoubleArray(), peer.result(), 1e-4);
    }
    duel.settle(hole);
  }

  private Tensor attention(dev.gatun.tensor.Scope step) {
    return Attention.of(step.borrow(q), step.borrow(k), step.borrow(v), Mask.none());
  }

  /// Frees them.
  @TearDown
  public void close() {
    peer.close();
    workers.close();
    scope.close();
    device.close();
  }

  /// Bytes of keys and values.
  static double bytes(Trial t) {
    return 2.0 * Float.BYTES * HEADS * WIDTH * Double.parseDouble(t.parameter("keys"));
  }

  /// The engine, as a user calls it.
  @Benchmark
  public Object ours() {
    try (dev.gatun.tensor.Scope step = device.scope("step")) {
      return attention(step);
    }
  }

  /// PyTorch on the same values.
  @Benchmark
  public Object pyTorch() {
    return peer.call();
  }

  /// All of them and both limits in turn.
  @Benchmark
  @BenchmarkMode(Mode.SingleShotTime)
  public void duel(Nanos nanos, Blackhole hole) {
    double[] best = duel.round(hole);
    double numbers = 2.0 * HEADS * WIDTH * keys;
    nanos.ours = best[0];
    nanos.ceiling = read.scaled(best[1], numbers * Float.BYTES);
    nanos.peak = fma.scaled(best[2], 2 * numbers * group);
    nanos.peer = best[3];
  }
}
