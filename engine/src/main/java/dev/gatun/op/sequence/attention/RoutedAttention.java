package dev.gatun.op.sequence.attention;

import dev.gatun.tensor.DType;
import dev.gatun.tensor.Tensor;
import java.util.List;

/// Attention within clusters: a query sees the keys whose nearest centroid is its own nearest one,
/// and, causally, no later ones.
///
/// Queries and keys are sorted by cluster, by position within one, so that the keys that a query
/// sees lie in one run; attention goes over these runs ([Operand#RUNS]), and its results back to
/// the queries' places. Clusters may have any size: nothing is dropped, and a query whose cluster
/// has no key that it may see has `o = 0` and a log-sum-exp of -inf.
///
/// Equal to dense attention in which a query sees the keys of its cluster; gradients of `q`, `k`
/// and `v` as there, none through the routing: centroids learn by [KMeans#step]. Cost besides the
/// pairs, which are `1 / C` of all in even clusters: `2 C D` flops a query and a key for the
/// assignment, two counting sorts ([Routing]), a copy of `q`, `k`, `v` and `o`. Source: Roy et al.,
/// Routing Transformer, arXiv 2003.05997, section 4.1 (there with layer normalisation before the
/// assignment, for which [KMeans#unit] stands, and clusters cut to equal size).
public final class RoutedAttention {
  private static final String NAME = "RoutedAttention";

  private RoutedAttention() {}

  /// What it gives, and who went where.
  ///
  /// @param o weighted means of the values, `[B, H, Sq, Dv]`
  /// @param lse logarithm of the softmax's sum, `[B, H, Sq]`
  /// @param queries the cluster of each query, I64 `[B, H, Sq]`
  /// @param keys the cluster of each key, I64 `[B, Hk, Sk]`
  /// @param runs the sorted keys that each sorted query sees, I64 `[B, H, Sq, 4]`
  public record Result(Tensor o, Tensor lse, Tensor queries, Tensor keys, Tensor runs) {
    /// Pairs of queries and keys that see each other, of all heads.
    public long visiblePairs() {
      return one(runs.slice(3, 1, 2).sum()) - one(runs.slice(3, 0, 1).sum());
    }
  }

  private static long one(Tensor number) {
    return number.toLongArray()[0];
  }

  /// Attention routed by `centroids`, `[Hk, C, D]` or `[1, C, D]`.
  ///
  /// @param options scale, cap and a mask, [Mask#none] or [Mask#causal]
  /// @throws IllegalArgumentException if shapes, types or options do not fit
  public static Result of(
      Tensor q, Tensor k, Tensor v, Tensor centroids, AttentionOptions options) {
    Inputs.qkv(q, k, v);
    long[] grouped = {k.dim(0), k.dim(1), q.dim(1) / k.dim(1) * q.dim(2), q.dim(3)};
    Tensor queries =
        KMeans.assign(q.detach().reshape(grouped), centroids).reshape(q.dim(0), q.dim(1), q.dim(2));
    return of(q, k, v, queries, KMeans.assign(k, centroids), centroids.dim(1), options);
  }

  /// Attention of queries and keys whose clusters are known.
  ///
  /// @param queries cluster of each query, I64 `[B, H, Sq]`, less than `clusters`
  /// @param keys cluster of each key, I64 `[B, Hk, Sk]`
  /// @param options scale, cap and a mask, [Mask#none] or [Mask#causal]
  /// @throws IllegalArgumentException if shapes, types or options do not fit
  public static Result of(
      Tensor q,
      Tensor k,
      Tensor v,
      Tensor queries,
      Tensor keys,
      long clusters,
      AttentionOptions options) {
    Inputs.qkv(q, k, v);
    Inputs.plain(NAME, options, Mask.none(), Mask.causal());
    boolean fits =
        queries.dtype() == DType.I64
            && keys.dtype() == DType.I64
            && queries.shape().equals(q.shape().without(3))
            && keys.shape().equals(k.shape().without(3));
    Inputs.require(
        fits, NAME, "clusters must be I64 [B, H, Sq] and [B, Hk, Sk]", q, k, queries, keys);
    List<Tensor> plan =
        new Routing(clusters, !options.mask().isNone()).apply(queries.detach(), keys.detach());
    Attention.Result r =
        Attention.of(
            Rows.select(q, plan.get(0)),
            Rows.select(k, plan.get(1)),
            Rows.select(v, plan.get(1)),
            options.withMask(Mask.none()).with(Operand.RUNS, plan.get(3)));
    return new Result(
        Rows.select(r.o(), plan.get(2)),
        r.lse().gather(2, plan.get(2)),
        queries,
        keys,
        plan.get(3));
  }
}
