package dev.gatun.op.sequence.attention;

import dev.gatun.op.shape.Concat;
import dev.gatun.op.shape.IndexSelect;
import dev.gatun.op.shape.Scatter;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
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
/// assignment, two sorts, a copy of `q`, `k`, `v` and `o`. Source: Roy et al., Routing Transformer,
/// arXiv 2003.05997, section 4.1 (there with layer normalisation before the assignment, for which
/// [KMeans#unit] stands, and clusters cut to equal size).
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
    for (Tensor c : List.of(queries, keys)) {
      boolean inside = c.shape().elems() == 0 || one(c.min()) >= 0 && one(c.max()) < clusters;
      Inputs.require(inside, NAME, "clusters must lie in [0, %d)".formatted(clusters), c);
    }
    Plan plan = Plan.of(queries, keys, clusters, !options.mask().isNone());
    Attention.Result r =
        Attention.of(
            Rows.select(q, plan.queries()),
            Rows.select(k, plan.keys()),
            Rows.select(v, plan.keys()),
            options.withMask(Mask.none()).with(Operand.RUNS, plan.runs()));
    return new Result(
        Rows.select(r.o(), plan.back()),
        r.lse().gather(2, plan.back()),
        queries,
        keys,
        plan.runs());
  }

  /// Places in order of clusters: of queries, of keys, of each query among the sorted ones.
  private record Plan(Tensor queries, Tensor keys, Tensor back, Tensor runs) {
    static Plan of(Tensor queries, Tensor keys, long clusters, boolean causal) {
      Scope scope = Scope.youngest(List.of(queries, keys));
      try (Scope work = scope.device().scope("routing")) {
        Tensor qc = work.borrow(queries);
        Tensor kc = work.borrow(keys);
        Tensor places = qc.argSort(2, false);
        Tensor runs = runs(qc.gather(2, places), places, kc, clusters, causal);
        Tensor sorted = kc.argSort(2, false);
        Tensor numbers = Rows.upTo(work, qc.dim(2)).broadcastTo(qc.shape());
        Tensor back = places.scatter(2, places, numbers, Scatter.Mode.SET);
        return new Plan(places.in(scope), sorted.in(scope), back.in(scope), runs.in(scope));
      }
    }

    /// Where the keys of each sorted query's cluster begin and, among those it may see, end.
    private static Tensor runs(
        Tensor sorted, Tensor places, Tensor keys, long clusters, boolean causal) {
      long n = keys.dim(2);
      // A key's number grows with head, cluster and position: one sorted list for all heads.
      Tensor list =
          keys.add(Rows.heads(keys).mul((double) clusters))
              .mul((double) n)
              .add(Rows.upTo(keys.scope(), n));
      list = list.sort(2, false).get(0).reshape(-1);
      long group = sorted.dim(1) / keys.dim(1);
      Tensor head = Rows.heads(keys).repeat(1, group);
      Tensor first = sorted.add(head.mul((double) clusters));
      Tensor bounds =
          list.searchSorted(
              Rows.upTo(keys.scope(), keys.dim(0) * keys.dim(1) * clusters + 1).mul((double) n),
              false);
      Tensor begin = at(bounds, first);
      Tensor end;
      if (causal) {
        Tensor own = places.add((double) (n - sorted.dim(2))).maximum(-1);
        end = list.searchSorted(first.mul((double) n).add(own), true);
      } else {
        end = at(bounds, first.add(1));
      }
      Tensor before = head.mul((double) n);
      Tensor a = begin.sub(before);
      Tensor b = end.sub(before).maximum(a);
      return Concat.stack(-1, a, b, b, b);
    }

    private static Tensor at(Tensor table, Tensor index) {
      return new IndexSelect(0).of(table, index.reshape(-1)).reshape(index.shape().dims());
    }
  }
}
