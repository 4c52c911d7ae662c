package dev.gatun.jmh;

import dev.gatun.cpu.CpuDevice;
import dev.gatun.decode.cache.CacheSpec;
import dev.gatun.decode.cache.ContiguousCache;
import dev.gatun.nn.s4.S4;
import dev.gatun.nn.s4.SsmLayer;
import dev.gatun.nn.s4.SsmOptions;
import dev.gatun.nn.s4.SsmStream;
import dev.gatun.op.sequence.s4.Hippo;
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

/// One more element of a sequence, F32, 512 features: S4's step against attention of eight heads
/// over a cache of all that came before. Projections, which both need, are left out of both.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
    value = 3,
    jvmArgsAppend = {"--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"})
public class GenerationBenchmark {
  private static final long HEADS = 8;
  private static final long WIDTH = 64;
  private static final int FEATURES = (int) (HEADS * WIDTH);

  /// Elements so far.
  @Param({"1024", "4096", "16384", "65536"})
  public int context = 1_024;

  /// Worker threads.
  @Param({"1", "2"})
  public int threads = 1;

  private CpuDevice device;
  private dev.gatun.tensor.Scope scope;
  private Tensor head;
  private Tensor row;
  private ContiguousCache cache;
  private SsmStream stream;
  private Duel duel;

  /// Fills the cache, and checks that the stream gives what the whole sequence does.
  @Setup
  public void open(Blackhole hole) {
    device = CpuDevice.open(CpuDevice.Options.standard().withThreads(threads));
    scope = device.scope("state");
    head = Numbers.tensor(scope, DType.F32, Shape.of(1, HEADS, 1, WIDTH), 1);
    row = Numbers.tensor(scope, DType.F32, Shape.of(1, 1, FEATURES), 2);
    cache = ContiguousCache.of(scope, CacheSpec.of(DType.F32, 1, HEADS, WIDTH), context + 1L);
    try (dev.gatun.tensor.Scope step = device.scope("fill")) {
      Shape all = Shape.of(1, HEADS, context, WIDTH);
      cache.append(
          Numbers.tensor(step, DType.F32, all, 3), Numbers.tensor(step, DType.F32, all, 4));
    }
    SsmLayer layer = S4.of(scope, SsmOptions.of(FEATURES), Hippo.LEGS, 1_024, 1);
    stream = layer.stream(device, 1);
    try (dev.gatun.tensor.Scope step = device.scope("check")) {
      Tensor x = Numbers.tensor(step, DType.F32, Shape.of(1, 100, FEATURES), 5);
      double[] whole = layer.forward(x).toDoubleArray();
      Numbers.requireClose("GenerationBenchmark", stream.next(x).toDoubleArray(), whole, 1e-3);
    }
    duel = new Duel(threads, List.of(this::state, this::attention));
    duel.settle(hole);
  }

  /// Frees them.
  @TearDown
  public void close() {
    stream.close();
    scope.close();
    device.close();
  }

  private Object state() {
    try (dev.gatun.tensor.Scope step = device.scope("step")) {
      return stream.next(step.borrow(row));
    }
  }

  private Object attention() {
    try (dev.gatun.tensor.Scope step = device.scope("step")) {
      cache.append(head, head);
      Object y = cache.attend(step.borrow(head));
      cache.rollback(1);
      return y;
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
