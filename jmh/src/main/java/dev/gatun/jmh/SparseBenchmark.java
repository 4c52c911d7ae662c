package dev.gatun.jmh;

import dev.gatun.cpu.CpuDevice;
import dev.gatun.op.sequence.attention.Attention;
import dev.gatun.op.sequence.attention.AttentionOptions;
import dev.gatun.op.sequence.attention.BlockSparse;
import dev.gatun.op.sequence.attention.CandidateAttention;
import dev.gatun.op.sequence.attention.CodebookAttention;
import dev.gatun.op.sequence.attention.KMeans;
import dev.gatun.op.sequence.attention.Mask;
import dev.gatun.op.sequence.attention.RandomBlocks;
import dev.gatun.op.sequence.attention.RegionAttention;
import dev.gatun.op.sequence.attention.RoutedAttention;
import dev.gatun.op.sequence.attention.TopBlocks;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.Arrays;
import java.util.Collections;
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

/// Forms of attention that look at some keys only, one head of 64 floats over 16,384 tokens,
/// against attention to all that the same mask leaves. Choosing, sorting and pooling are timed with
/// the form; codewords and centroids are there before.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
    value = 3,
    jvmArgsAppend = {"--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"})
public class SparseBenchmark {
  static final long LENGTH = 16_384;
  private static final long WIDTH = 64;
  private static final int CENTROIDS = 64;

  /// What is timed.
  // A mask is a record of numbers.
  @SuppressWarnings("ImmutableEnumChecker")
  public enum Form {
    /// The best sixteen blocks of keys for each block of queries.
    TOP_BLOCKS(Mask.causal()) {
      @Override
      Result attend(List<Tensor> in, AttentionOptions options) {
        return Result.of(TopBlocks.of(in.get(0), in.get(1), in.get(2), 16, options));
      }
    },
    /// Keys of the query's cluster.
    ROUTED(Mask.none()) {
      @Override
      Result attend(List<Tensor> in, AttentionOptions options) {
        var r = RoutedAttention.of(in.get(0), in.get(1), in.get(2), in.get(3), options);
        return new Result(r.o(), r::visiblePairs);
      }
    },
    /// The region of 128 keys around the query, and means of those before it.
    REGIONS(Mask.causal()) {
      @Override
      Result attend(List<Tensor> in, AttentionOptions options) {
        var r = RegionAttention.of(in.get(0), in.get(1), in.get(2), 128, options);
        return new Result(r.o(), r::visiblePairs);
      }
    },
    /// Codewords instead of keys.
    CODEBOOK(Mask.none()) {
      @Override
      Result attend(List<Tensor> in, AttentionOptions options) {
        var r = CodebookAttention.of(in.get(0), in.get(1), in.get(2), in.get(3), options);
        return new Result(r.o(), r::visiblePairs);
      }
    },
    /// Codewords instead of the keys of earlier blocks.
    CODEBOOK_CAUSAL(Mask.causal()) {
      @Override
      Result attend(List<Tensor> in, AttentionOptions options) {
        var r = CodebookAttention.causal(in.get(0), in.get(1), in.get(2), in.get(3), 128, options);
        return new Result(r.o(), r::visiblePairs);
      }
    },
    /// Near blocks, and far ones by chance.
    RANDOM_BLOCKS(Mask.causal()) {
      @Override
      Result attend(List<Tensor> in, AttentionOptions options) {
        RandomBlocks blocks = new RandomBlocks(4, 12, 1);
        return Result.of(blocks.of(in.get(0), in.get(1), in.get(2), options));
      }
    },
    /// Half the tokens as context of eight candidates.
    CANDIDATES(Mask.none()) {
      @Override
      Result attend(List<Tensor> in, AttentionOptions options) {
        List<Long> candidates = Collections.nCopies(8, LENGTH / 16);
        var r =
            CandidateAttention.of(in.get(0), in.get(1), in.get(2), LENGTH / 2, candidates, options);
        return new Result(r.o(), r::visiblePairs);
      }
    };

    private final Mask mask;

    Form(Mask mask) {
      this.mask = mask;
    }

    boolean isCausal() {
      return !mask.isNone();
    }

    /// @param in queries, keys, values and centroids
    abstract Result attend(List<Tensor> in, AttentionOptions options);
  }

  /// What a form gives.
  record Result(Tensor o, Pairs pairs) {
    static Result of(BlockSparse r) {
      return new Result(r.o(), r::visiblePairs);
    }
  }

  /// How many pairs were computed: some forms must count.
  @FunctionalInterface
  interface Pairs {
    long count();
  }

  /// A constant of [Form].
  @Param({
    "TOP_BLOCKS",
    "ROUTED",
    "REGIONS",
    "CODEBOOK",
    "CODEBOOK_CAUSAL",
    "RANDOM_BLOCKS",
    "CANDIDATES"
  })
  public Form form = Form.TOP_BLOCKS;

  /// Worker threads.
  @Param({"1", "2"})
  public int threads = 1;

  private CpuDevice device;
  private dev.gatun.tensor.Scope scope;
  private AttentionOptions options;
  private List<Tensor> in;
  private double share;
  private Duel duel;

  /// Makes the operands and counts pairs.
  @Setup
  public void open(Blackhole hole) {
    device = CpuDevice.open(CpuDevice.Options.standard().withThreads(threads));
    scope = device.scope("inputs");
    options = AttentionOptions.of(form.mask);
    Shape shape = Shape.of(1, 1, LENGTH, WIDTH);
    Tensor q = Numbers.tensor(scope, DType.F32, shape, 1);
    Tensor k = Numbers.tensor(scope, DType.F32, shape, 2);
    Tensor v = Numbers.tensor(scope, DType.F32, shape, 3);
    in = List.of(q, k, v, KMeans.fit(k, CENTROIDS, 3));
    check();
    duel = new Duel(threads, List.of(this::ours, this::dense));
    duel.settle(hole);
  }

  /// Weights add up to 1: the mean of ones is 1. That each form is dense attention under the mask
  /// of its choice is for the engine's tests.
  private void check() {
    try (dev.gatun.tensor.Scope step = device.scope("check")) {
      Tensor ones = step.full(DType.F32, in.get(2).shape(), 1);
      Result r = form.attend(List.of(in.get(0), in.get(1), ones, in.get(3)), options);
      double[] got = r.o().toDoubleArray();
      double[] want = new double[got.length];
      Arrays.fill(want, 1);
      Numbers.requireClose("SparseBenchmark " + form, got, want, 1e-5);
      double all = form.mask.isNone() ? LENGTH * LENGTH : LENGTH * (LENGTH + 1) / 2;
      share = r.pairs().count() / all;
    }
  }

  /// Frees them.
  @TearDown
  public void close() {
    scope.close();
    device.close();
  }

  /// The form, as a user calls it.
  @Benchmark
  public Object ours() {
    try (dev.gatun.tensor.Scope step = device.scope("step")) {
      return form.attend(in.stream().map(step::borrow).toList(), options);
    }
  }

  /// Attention to all keys that the mask leaves.
  @Benchmark
  public Object dense() {
    try (dev.gatun.tensor.Scope step = device.scope("step")) {
      return Attention.of(
          step.borrow(in.get(0)), step.borrow(in.get(1)), step.borrow(in.get(2)), options);
    }
  }

  /// Both in turn.
  @Benchmark
  @BenchmarkMode(Mode.SingleShotTime)
  public void duel(Nanos nanos, Blackhole hole) {
    double[] best = duel.round(hole);
    nanos.ours = best[0];
    nanos.dense = best[1];
    nanos.share = share;
  }
}
