package dev.gatun.decode.cache;

import dev.gatun.op.sequence.attention.Attention;
import dev.gatun.op.sequence.attention.AttentionOptions;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/// All tokens are kept, and few are read: the first `sinks`, the last `window` or some more, and of
/// what lies between the `top` blocks whose keys suit the queries best (Xiao et al., InfLLM, arXiv
/// 2402.04617).
///
/// Block `i` is tokens `[sinks + i block, sinks + (i + 1) block)`; it may be left out once all of
/// it is at least `window` tokens older than the first query of the call, so that a query sees
/// between `window` and `window + block - 1` last tokens without a choice. A block stands for its
/// mean key (the paper takes several keys of a block; one is a product of a matrix with a vector,
/// and needs no queries to choose by). Its score is the sum over the queries of the call and their
/// heads of their products with it, so that each sequence chooses for all its heads; of equal
/// scores the older block wins. What was chosen is attended to exactly: the result is that of dense
/// attention under the mask of [#chosen].
///
/// Keys and queries come as they are, turned or not. Memory: `capacity` tokens and a key a block.
/// Cost of a step: one product with the mean keys, one copy of `sinks + top block + window` tokens,
/// and attention over these.
public final class BlockMemoryCache implements KeyValueCache {
  private static final String NAME = "BlockMemoryCache";

  private final CacheSpec spec;
  private final Options options;
  private final TokenRows tokens;
  private final Rows means;
  private final long blocks;
  private long length;

  /// What is kept and read.
  ///
  /// @param sinks first tokens
  /// @param window last tokens
  /// @param block tokens of a block
  /// @param top blocks that are read
  /// @param capacity tokens of a sequence
  public record Options(long sinks, long window, long block, int top, long capacity) {
    /// @throws IllegalArgumentException unless `window`, `block` and `capacity` are positive, and
    ///   `sinks` and `top` not negative
    public Options {
      CacheRules.require(
          sinks >= 0 && window > 0 && block > 0 && top >= 0 && capacity > 0,
          NAME,
          "window, block and capacity must be positive, sinks and top at least 0; got %d, %d, %d,"
              + " %d, %d",
          window,
          block,
          capacity,
          sinks,
          top);
    }
  }

  private BlockMemoryCache(Scope home, CacheSpec spec, Options options) {
    this.spec = spec;
    this.options = options;
    blocks = Math.max(1, (options.capacity() - options.sinks()) / options.block());
    tokens = new TokenRows(home, spec, options.capacity());
    means = new Rows(home, spec.dtype(), spec.batch(), spec.heads(), blocks, spec.keyDim());
  }

  /// An empty cache in memory of `home`.
  public static BlockMemoryCache of(Scope home, CacheSpec spec, Options options) {
    return new BlockMemoryCache(home, spec, options);
  }

  @Override
  public void append(Tensor k, Tensor v) {
    long n = CacheRules.tokens(NAME, spec, k, v);
    if (n > options.capacity() - length) {
      throw new IllegalStateException(
          "%s: %d of %d tokens are held; got %d more"
              .formatted(NAME, length, options.capacity(), n));
    }
    long from = length;
    tokens.write(k, v, t -> from + t);
    length += n;
    mean(complete(from), complete(length));
  }

  /// Blocks of which all tokens are among the first `n`.
  private long complete(long n) {
    return Math.max(0, n - options.sinks()) / options.block();
  }

  /// Works out the mean keys of blocks `[from, to)`.
  private void mean(long from, long to) {
    if (from == to) {
      return;
    }
    try (Scope step = tokens.keys().device().scope("means")) {
      long n = (to - from) * options.block();
      long first = options.sinks() + from * options.block();
      long[] places = TokenRows.places(spec.batch(), n, options.capacity(), t -> first + t);
      Tensor k = tokens.keys().read(step.tensor(Shape.of(spec.batch(), n), places), 1);
      Tensor mean =
          k.reshape(spec.batch(), spec.heads(), to - from, options.block(), spec.keyDim()).mean(3);
      means.write(mean, TokenRows.places(spec.batch(), to - from, blocks, t -> from + t));
    }
  }

  /// Blocks that queries from token `first` on need not read.
  private long old(long first) {
    return complete(Math.max(0, first - options.window() + 1));
  }

  /// The blocks that these queries read, ascending, a row a sequence.
  ///
  /// @throws IllegalArgumentException if `q` does not fit
  public long[][] chosen(Tensor q) {
    long n = CacheRules.newest(NAME, spec, q, length, length);
    int old = Math.toIntExact(old(length - n));
    int batch = Math.toIntExact(spec.batch());
    long[][] chosen = new long[batch][];
    if (old <= options.top()) {
      Arrays.setAll(chosen, b -> LongStream.range(0, old).toArray());
      return chosen;
    }
    double[] scores;
    try (Scope step = q.device().scope("choice")) {
      long queries = q.dim(1) / spec.heads() * n;
      Tensor sum =
          step.borrow(q.detach()).reshape(batch, spec.heads(), queries, spec.keyDim()).sumKeep(2);
      scores = sum.matmul(means.in(step).transpose()).sum(1, 2).toDoubleArray();
    }
    for (int b = 0; b < batch; b++) {
      int row = b * Math.toIntExact(blocks);
      Comparator<Integer> better = Comparator.comparingDouble(i -> -scores[row + i]);
      chosen[b] =
          IntStream.range(0, old)
              .boxed()
              .sorted(better)
              .limit(options.top())
              .mapToLong(i -> i)
              .sorted()
              .toArray();
    }
    return chosen;
  }

  @Override
  public Attention.Result attend(Tensor q, AttentionOptions o) {
    CacheRules.plain(NAME, o);
    long[][] chosen = chosen(q);
    long first = length - q.dim(2);
    // What precedes the last tokens: all of it while it is no more than the sinks.
    long sinks = Math.min(options.sinks(), length);
    long last = Math.max(sinks, options.sinks() + old(first) * options.block());
    last = Math.min(last, length);
    long read = sinks + chosen[0].length * options.block() + length - last;
    long[] places = new long[Math.toIntExact(spec.batch() * read)];
    int at = 0;
    for (int b = 0; b < chosen.length; b++) {
      long base = b * options.capacity();
      at = fill(places, at, base, base + sinks);
      for (long i : chosen[b]) {
        long begin = base + options.sinks() + i * options.block();
        at = fill(places, at, begin, begin + options.block());
      }
      at = fill(places, at, base + last, base + length);
    }
    Tensor table = q.scope().tensor(Shape.of(spec.batch(), read), places);
    return Attention.of(q, tokens.keys().read(table, 1), tokens.values().read(table, 1), o);
  }

  private static int fill(long[] places, int at, long from, long to) {
    for (long i = from; i < to; i++) {
      places[at++] = i;
    }
    return at;
  }

  @Override
  public long length() {
    return length;
  }

  /// `Hk (D + Dv)` numbers; a block takes `Hk D` more.
  @Override
  public long bytesPerToken() {
    return spec.tokenBytes();
  }

  @Override
  public long bytes() {
    return tokens.bytes() + means.bytes();
  }
}
