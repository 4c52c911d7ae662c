package dev.gatun.jmh;

import dev.gatun.cpu.CpuDevice;
import dev.gatun.decode.cache.CacheSpec;
import dev.gatun.decode.cache.ContiguousCache;
import dev.gatun.decode.cache.KeyValueCache;
import dev.gatun.decode.cache.LambdaCache;
import dev.gatun.decode.cache.RingCache;
import dev.gatun.op.sequence.attention.Mask;
import dev.gatun.op.sequence.attention.Rotary;
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

/// One token, eight heads of 64 floats, appended to a cache of constant memory and attending over
/// it, against what it stands for: attention of the window computed again for each token, or a step
/// over a cache that keeps all.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
    value = 3,
    jvmArgsAppend = {"--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"})
public class StepBenchmark {
  static final long HEADS = 8;
  static final long WIDTH = 64;

  /// Tokens of a cache that keeps all.
  static final long ALL = 32_768;

  private static final long SINKS = 4;

  /// Which cache, and what its step is held against.
  public enum Subject {
    /// Sinks and a window; the window again, whose keys are taken as turned.
    RING,
    /// The same with distances that end; every token before.
    LAMBDA
  }

  /// A constant of [Subject].
  @Param({"RING", "LAMBDA"})
  public Subject cache = Subject.RING;

  /// Tokens of the window.
  @Param({"256", "4096"})
  public long window = 256;

  /// Worker threads.
  @Param({"1", "2"})
  public int threads = 1;

  private CpuDevice device;
  private dev.gatun.tensor.Scope scope;
  private List<Tensor> token;
  private List<Tensor> tokens;
  private KeyValueCache constant;
  private ContiguousCache all;
  private Duel duel;

  /// Fills the caches.
  @Setup
  public void open(Blackhole hole) {
    device = CpuDevice.open(CpuDevice.Options.standard().withThreads(threads));
    scope = device.scope("caches");
    CacheSpec spec = CacheSpec.of(DType.F32, 1, HEADS, WIDTH);
    token = operands(1);
    tokens = operands(window);
    Rotary rotary = Rotary.of(WIDTH);
    constant =
        cache == Subject.RING
            ? RingCache.of(scope, spec, RingCache.Options.of(SINKS, window).withRotary(rotary))
            : LambdaCache.of(scope, spec, LambdaCache.Options.of(SINKS, window, rotary));
    all = ContiguousCache.of(scope, spec, cache == Subject.RING ? 1 : ALL);
    fill(constant, 2 * window);
    fill(all, cache == Subject.RING ? 0 : ALL);
    Contender other = cache == Subject.RING ? this::again : this::stepOverAll;
    duel = new Duel(threads, List.of(this::step, other));
    duel.settle(hole);
  }

  private List<Tensor> operands(long n) {
    Shape shape = Shape.of(1, HEADS, n, WIDTH);
    return List.of(
        Numbers.tensor(scope, DType.F32, shape, 1),
        Numbers.tensor(scope, DType.F32, shape, 2),
        Numbers.tensor(scope, DType.F32, shape, 3));
  }

  private void fill(KeyValueCache c, long length) {
    for (long n = 0; n < length; n += window) {
      c.append(tokens.get(1), tokens.get(2));
    }
  }

  /// Frees them.
  @TearDown
  public void close() {
    scope.close();
    device.close();
  }

  private Object step(KeyValueCache c) {
    try (dev.gatun.tensor.Scope step = device.scope("step")) {
      c.append(token.get(1), token.get(2));
      return c.attend(step.borrow(token.get(0)));
    }
  }

  /// A token over the cache of constant memory.
  @Benchmark
  public Object step() {
    return step(constant);
  }

  private Object stepOverAll() {
    all.rollback(1);
    return step(all);
  }

  private Object again() {
    try (dev.gatun.tensor.Scope step = device.scope("step")) {
      return step.borrow(tokens.get(0))
          .attention(step.borrow(tokens.get(1)), step.borrow(tokens.get(2)), Mask.causal());
    }
  }

  /// Both in turn.
  @Benchmark
  @BenchmarkMode(Mode.SingleShotTime)
  public void duel(Nanos nanos, Blackhole hole) {
    double[] best = duel.round(hole);
    nanos.ours = best[0];
    nanos.dense = best[1];
  }
}
