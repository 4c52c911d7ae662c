package dev.gatun.op.sequence.attention;

import dev.gatun.op.shape.Scatter;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Tensor;
import java.util.List;

/// Attention over the blocks of keys that an estimate of the attention finds best.
///
/// Queries and keys are averaged over blocks of [Attention#BLOCK]; the products of the averages,
/// times the sign of the scale, rank for each block of queries the blocks of keys under the mask,
/// and the best `kept` are computed, exactly. Blocks on the diagonal, in which queries meet their
/// own positions, are always among them. The estimate is that of each head; what operands add to
/// scores is not part of it. Ties go to the earlier block.
///
/// The result is [Attention] under the blocks, as are the gradients of `q`, `k`, `v` and the
/// operands; the choice has none. Cost of the choice: one read of `q` and `k`, `2 D` flops and a
/// place in a sort for each pair of blocks, 4,096 times fewer than pairs. Source: after Lee, Kim,
/// Willette, Hwang, SEA, arXiv 2310.01777, which estimates a compressed attention matrix and keeps
/// its top k; here pooling takes the place of its learnt estimator.
public final class TopBlocks {
  private TopBlocks() {}

  /// Attention over the best `kept` blocks of keys for each block of queries.
  ///
  /// @param options scale, cap, mask and operands but lengths, runs and blocks
  /// @throws IllegalArgumentException if `kept` is less than 1 or shapes, types or options do not
  ///   fit
  public static BlockSparse of(Tensor q, Tensor k, Tensor v, long kept, AttentionOptions options) {
    Inputs.qkv(q, k, v);
    Inputs.free("TopBlocks", options);
    double sign = Math.signum(options.scale().orElse(1));
    return BlockSparse.of(q, k, v, options, choose(q, k, kept, options.mask(), sign));
  }

  private static Tensor choose(Tensor q, Tensor k, long kept, Mask mask, double sign) {
    Inputs.require(kept >= 1, "TopBlocks", "kept must be at least 1, not " + kept, q, k);
    BlockGrid grid = new BlockGrid(mask, q.dim(2), k.dim(2));
    try (Scope work = q.device().scope("blocks")) {
      Tensor estimate = estimate(work.borrow(q.detach()), work.borrow(k.detach())).mul(sign);
      boolean[] seen = grid.allowed();
      Tensor allowed = grid.tensor(work, seen);
      Tensor diagonal = grid.tensor(work, grid.diagonal(seen));
      Tensor ranked =
          estimate
              .maskedFill(allowed.not(), Double.NEGATIVE_INFINITY)
              .maskedFill(diagonal, Double.POSITIVE_INFINITY);
      Tensor best = ranked.topK(3, Math.min(kept, grid.columns())).get(1);
      Tensor none = work.zeros(DType.BOOL, ranked.shape());
      Tensor chosen =
          none.scatter(3, best, work.full(DType.BOOL, best.shape(), 1), Scatter.Mode.SET);
      // A row with fewer allowed blocks than `kept` has taken others, and one that stands between
      // two blocks has two on the diagonal.
      return chosen.and(allowed).or(diagonal).in(Scope.youngest(List.of(q, k)));
    }
  }

  /// Products of block means, `[B, H, rows, columns]`.
  private static Tensor estimate(Tensor q, Tensor k) {
    Tensor qm = Rows.means(q, Attention.BLOCK);
    Tensor km = Rows.means(k, Attention.BLOCK);
    return qm.reshape(k.dim(0), k.dim(1), -1, q.dim(3))
        .matmul(km.transpose())
        .reshape(q.dim(0), q.dim(1), qm.dim(2), km.dim(2));
  }
}
