package dev.gatun.op.sequence.attention;

/// The inputs that an [Attention] may have besides queries, keys and values, in their order.
///
/// `B` batches, `H` query heads, `Sq` queries, `Sk` keys. Indices are I32 or I64; numbers have the
/// type of the queries. A gradient exists for [#BIAS], [#SINK], [#DECAY], [#RELATIVE] and
/// [#FACTOR].
public enum Operand {
  /// Queries of each batch, `[B]`: results of later ones are 0, and the mask is aligned to this.
  QUERY_LENGTHS(false),
  /// Keys of each batch, `[B]`: later ones are not seen, and the mask is aligned to this.
  KEY_LENGTHS(false),
  /// The keys that a query may see, as two disjoint runs `[a, b)` and `[c, d)` with `b <= c`: `[Sq,
  /// 4]`, or `[B or 1, H or 1, Sq, 4]`. The mask applies too, and has no sinks then.
  RUNS(false),
  /// Which blocks of [Attention#BLOCK] queries by as many keys are computed, BOOL `[B or 1, H or 1,
  /// ceil(Sq / BLOCK), ceil(Sk / BLOCK)]`.
  BLOCKS(false),
  /// True where a query may see a key, BOOL, repeated to `[B, H, Sq, Sk]`.
  VISIBLE(false),
  /// Added to the scaled scores, repeated to `[B, H, Sq, Sk]`; -inf hides a key.
  BIAS(true),
  /// A score of no key that takes its share of each softmax, `[H]`.
  SINK(true),
  /// ALiBi: `-slope |p - j|` is added, `[H]` or `[B, H]`; `p` is the query's position.
  SLOPES(false),
  /// Sums of log forget gates up to each key, `[B, H, Sk]`: `decay[p] - decay[j]` is added.
  DECAY(true),
  /// Relative-position bias of odd length `n`, `[H or 1, n]`: element `j - p + (n - 1) / 2` is
  /// added, the nearest where that is outside.
  RELATIVE(true),
  /// As [#RELATIVE], but probabilities are multiplied with it after the softmax.
  FACTOR(true);

  private final boolean differentiable;

  Operand(boolean differentiable) {
    this.differentiable = differentiable;
  }

  /// Whether attention has a gradient for it.
  public boolean isDifferentiable() {
    return differentiable;
  }
}
