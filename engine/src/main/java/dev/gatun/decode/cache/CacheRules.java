package dev.gatun.decode.cache;

import dev.gatun.op.sequence.attention.AttentionOptions;
import dev.gatun.op.sequence.attention.Mask;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;

/// The checks that caches share. `cache` is the name that messages begin with.
final class CacheRules {
  private CacheRules() {}

  @SuppressWarnings("AnnotateFormatMethod") // the annotation would be a dependency
  static void require(boolean holds, String cache, String rule, Object... got) {
    if (!holds) {
      throw new IllegalArgumentException(cache + ": " + rule.formatted(got));
    }
  }

  /// Number of tokens in `k` and `v`.
  static long tokens(String cache, CacheSpec s, Tensor k, Tensor v) {
    boolean ranks = k.shape().rank() == 4 && v.shape().rank() == 4;
    long n = ranks ? k.dim(2) : 0;
    require(
        ranks
            && k.dtype() == s.dtype()
            && v.dtype() == s.dtype()
            && k.shape().equals(Shape.of(s.batch(), s.heads(), n, s.keyDim()))
            && v.shape().equals(Shape.of(s.batch(), s.heads(), n, s.valueDim())),
        cache,
        "k must be %s [%d,%d,n,%d] and v [%d,%d,n,%d]; got k %s, v %s",
        s.dtype(),
        s.batch(),
        s.heads(),
        s.keyDim(),
        s.batch(),
        s.heads(),
        s.valueDim(),
        k.spec(),
        v.spec());
    return n;
  }

  /// Number of queries of each head of `q`.
  static long queries(String cache, CacheSpec s, Tensor q) {
    require(
        q.dtype() == s.dtype()
            && q.shape().rank() == 4
            && q.dim(0) == s.batch()
            && q.dim(1) > 0
            && q.dim(1) % s.heads() == 0
            && q.dim(3) == s.keyDim(),
        cache,
        "q must be %s [%d,H,n,%d] with H a multiple of %d; got q %s",
        s.dtype(),
        s.batch(),
        s.keyDim(),
        s.heads(),
        q.spec());
    return q.dim(2);
  }

  /// Checks that queries are the last of `length` tokens.
  static long newest(String cache, CacheSpec s, Tensor q, long length, long most) {
    long n = queries(cache, s, q);
    require(
        n <= Math.min(length, most),
        cache,
        "queries must be among the %d tokens held, and at most %d; got %d",
        length,
        most,
        n);
    return n;
  }

  /// Checks that options name no more than a scale and a softcap, for caches whose masks are their
  /// own and whose parts are combined.
  static void plain(String cache, AttentionOptions o) {
    require(
        o.mask().equals(Mask.causal())
            && o.operands().isEmpty()
            && o.dropout() == 0
            && !o.maxLogits(),
        cache,
        "options must be causal, with no more than a scale and a softcap; got %s, operands %s,"
            + " dropout %s, max %s",
        o.mask(),
        o.operands().keySet(),
        o.dropout(),
        o.maxLogits());
  }
}
