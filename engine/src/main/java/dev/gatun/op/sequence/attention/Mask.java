package dev.gatun.op.sequence.attention;

/// Which keys a query may see, by position alone. Every such mask leaves a query at most two runs
/// of keys, which is what kernels work with: blocks outside them are never computed.
///
/// Query `i` of `sq` stands at `p = i + sk - sq` among `sk` keys, so that the last query and the
/// last key are neighbours (bottom right), or at `p = i` (top left). It sees key `j` if `p - left
/// <= j <= p + right`, or if `j < sinks` and `j <= p + right`; and with chunks only if `floor(j /
/// chunk) = floor(p / chunk)`. Causal is `right = 0`. Where lengths are given, `sq` and `sk` are
/// those of the sequence. Sources: Dao, FlashAttention-2, arXiv 2307.08691 (alignment, windows);
/// Xiao et al., StreamingLLM, arXiv 2309.17453 (sinks).
///
/// @param left keys before the query's position that it sees, or [#UNLIMITED]
/// @param right keys after it, or [#UNLIMITED]
/// @param sinks first keys that every query sees whatever `left` is
/// @param chunk length of chunks that do not see each other, or 0
/// @param topLeft whether query 0 stands at key 0, rather than the last query at the last key
public record Mask(long left, long right, long sinks, long chunk, boolean topLeft) {
  /// No limit on this side.
  public static final long UNLIMITED = -1;

  private static final Mask NONE = new Mask(UNLIMITED, UNLIMITED, 0, 0, false);

  /// @throws IllegalArgumentException if `left` or `right` is below -1, or `sinks` or `chunk`
  ///   negative
  public Mask {
    if (left < UNLIMITED || right < UNLIMITED || sinks < 0 || chunk < 0) {
      throw new IllegalArgumentException(
          "Mask: left and right must be at least -1, sinks and chunk at least 0; got left %d, right %d, sinks %d, chunk %d"
              .formatted(left, right, sinks, chunk));
    }
  }

  /// Every query sees every key.
  public static Mask none() {
    return NONE;
  }

  /// No query sees a later key; aligned at the bottom right.
  public static Mask causal() {
    return window(UNLIMITED, 0);
  }

  /// No query sees a later key; aligned at the top left, as in PyTorch's `is_causal`.
  public static Mask causalTopLeft() {
    return new Mask(UNLIMITED, 0, 0, 0, true);
  }

  /// `left` keys before the query's own and `right` after it.
  public static Mask window(long left, long right) {
    return new Mask(left, right, 0, 0, false);
  }

  /// The same with the first `count` keys seen from anywhere to their right.
  public Mask withSinks(long count) {
    return new Mask(left, right, count, chunk, topLeft);
  }

  /// The same within chunks of `length` positions.
  public Mask withChunks(long length) {
    return new Mask(left, right, sinks, length, topLeft);
  }

  /// Whether every query sees every key.
  public boolean isNone() {
    return left == UNLIMITED && right == UNLIMITED && chunk == 0;
  }

  /// Position of query `i` of `sq` among `sk` keys.
  long position(long i, long sq, long sk) {
    return topLeft ? i : i + sk - sq;
  }

  // The two runs of keys of query `i`, [sinkBegin, sinkEnd) and [begin, end): the second starts
  // no earlier than the first ends, and either may be empty.

  private long chunkBegin(long p) {
    return chunk == 0 ? 0 : Math.max(0, p - Math.floorMod(p, chunk));
  }

  private long limit(long p, long sk) {
    long end = right == UNLIMITED ? sk : Math.min(sk, p + right + 1);
    return chunk == 0 ? end : Math.min(end, p - Math.floorMod(p, chunk) + chunk);
  }

  /// Where the sinks that query `i` sees begin.
  long sinkBegin(long i, long sq, long sk) {
    return chunkBegin(position(i, sq, sk));
  }

  /// Where they end.
  long sinkEnd(long i, long sq, long sk) {
    return left == UNLIMITED ? 0 : Math.min(sinks, limit(position(i, sq, sk), sk));
  }

  /// Where the other keys that it sees begin.
  long begin(long i, long sq, long sk) {
    long p = position(i, sq, sk);
    long from = left == UNLIMITED ? 0 : Math.max(0, p - left);
    return Math.max(Math.max(from, chunkBegin(p)), sinkEnd(i, sq, sk));
  }

  /// Where they end.
  long end(long i, long sq, long sk) {
    return limit(position(i, sq, sk), sk);
  }
}
