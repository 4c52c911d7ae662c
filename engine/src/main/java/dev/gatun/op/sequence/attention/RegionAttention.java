package dev.gatun.op.sequence.attention;

import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;

/// Attention to one's own region and to summaries of the others: full support at the cost of `T (R
/// + T / R)` pairs, least where a region has `R = sqrt(T)` positions.
///
/// A query gives key `j` of its own region the weight `e^(s q k_j)`, and region `r` as a whole the
/// weight `n_r e^(s q mean(k_r))`, shared evenly among its `n_r` positions, so that what it takes
/// from there is the mean of the values: `p(j) = p(r) / n_r` for `j` in a region `r` that is not
/// its own. By the inequality of the means that weight is at most what the keys of `r` have
/// together. Causal: own positions up to one's own, summaries of earlier regions. The last region
/// may be shorter.
///
/// Equal to dense attention over the keys followed by the summaries, with a bias of `log n_r` on
/// these, under [Operand#RUNS]; where a query sees regions on both sides of its own, summaries
/// stand there twice, so that all but one are neighbours. Gradients go through the means. Cost
/// besides the pairs: a read of `k` and `v`, a copy with the summaries. Source: Ren et al.,
/// Combiner, arXiv 2107.05768, sections 3 and 4 (direct and local expectations, fixed partition);
/// its max pooling is a mean here.
public final class RegionAttention {
  private static final String NAME = "RegionAttention";

  private RegionAttention() {}

  /// What it gives, and what it looked at.
  ///
  /// @param o weighted means of the values
  /// @param lse logarithm of the softmax's sum
  /// @param keys the keys, then the summaries of the regions, once if causal, else twice
  /// @param values the same for the values
  /// @param bias what is added to the scores of those keys, `[1, 1, 1, Sk + summaries]`
  /// @param runs which of them each query sees, I32 `[Sq, 4]`
  /// @param visiblePairs pairs of queries and keys or summaries, of all heads
  public record Result(
      Tensor o,
      Tensor lse,
      Tensor keys,
      Tensor values,
      Tensor bias,
      Tensor runs,
      long visiblePairs) {}

  /// Attention of a sequence to itself in regions of `size` positions.
  ///
  /// @param options scale, cap and a mask, [Mask#none] or [Mask#causal]
  /// @throws IllegalArgumentException if `size` is less than 1 or shapes, types or options do not
  ///   fit
  public static Result of(Tensor q, Tensor k, Tensor v, long size, AttentionOptions options) {
    Inputs.qkv(q, k, v);
    Inputs.plain(NAME, options, Mask.none(), Mask.causal());
    Inputs.require(size >= 1, NAME, "size must be at least 1, not " + size, q, k);
    Inputs.require(
        q.dim(2) == k.dim(2) && k.dim(2) > 0, NAME, "there must be a key for each query", q, k);
    boolean causal = !options.mask().isNone();
    long n = k.dim(2);
    long regions = (n + size - 1) / size;
    Scope scope = Inputs.scope(q, k, v);
    Tensor keys = withSummaries(k, size, causal);
    Tensor values = withSummaries(v, size, causal);
    Runs runs = new Runs(n);
    for (long i = 0; i < n; i++) {
      long r = i / size;
      long end = causal ? i + 1 : Math.min(n, (r + 1) * size);
      long first = causal ? n : n + r + 1;
      runs.set(i, r * size, end, first, causal ? n + r : n + r + regions);
    }
    double[] logs = new double[Math.toIntExact(keys.dim(2))];
    for (int s = 0; s < logs.length - n; s++) {
      logs[(int) n + s] = Math.log((double) Math.min(size, n - s % regions * size));
    }
    Tensor bias = scope.tensor(q.dtype(), Shape.of(1, 1, 1, logs.length), logs);
    Tensor all = runs.in(scope);
    Attention.Result a =
        Attention.of(
            q,
            keys,
            values,
            options.withMask(Mask.none()).with(Operand.RUNS, all).with(Operand.BIAS, bias));
    long pairs = runs.pairs(Mask.none(), logs.length) * q.dim(0) * q.dim(1);
    return new Result(a.o(), a.lse(), keys, values, bias, all, pairs);
  }

  private static Tensor withSummaries(Tensor x, long size, boolean causal) {
    Tensor means = Rows.means(x, size);
    return causal ? x.concat(2, means) : x.concat(2, means, means);
  }
}
