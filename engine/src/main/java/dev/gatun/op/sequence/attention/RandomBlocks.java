package dev.gatun.op.sequence.attention;

import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;

/// Attention over blocks of keys that chance keeps, the less often the farther they are.
///
/// A block of [Attention#BLOCK] keys that lies `d` blocks from where a block of queries stands is
/// computed with probability `e^-((d - near) / reach)`, and always if `d <= near`: so the diagonal
/// always is, and a row has about `near + reach` blocks on either side whatever the length. Block
/// `(h, r, c)` goes with element `(h rows + r) columns + c` of [dev.gatun.op.random.Uniform] under
/// the seed: heads differ, batches do not, and the same seed gives the same blocks anywhere. What
/// is kept is not scaled up: a softmax over fewer keys.
///
/// The result is [Attention] under the blocks, as are the gradients. Cost of the choice: one random
/// number for each pair of blocks. Source: the probabilistic skipping of far blocks known as
/// PrFlashAttention; the law of decay is ours.
///
/// @param near distance in blocks up to which all are kept
/// @param reach distance in blocks over which the probability falls by e
/// @param seed of the choice
public record RandomBlocks(long near, double reach, long seed) {
  /// @throws IllegalArgumentException if `near` is negative or `reach` not positive
  public RandomBlocks {
    if (near < 0 || !(reach > 0)) {
      throw new IllegalArgumentException(
          "RandomBlocks: near must be at least 0 and reach positive; got near %d, reach %s"
              .formatted(near, reach));
    }
  }

  /// Probability of a block at distance `d`.
  public double probability(long d) {
    return d <= near ? 1 : Math.exp(-(d - near) / reach);
  }

  /// Attention over the blocks that this keeps.
  ///
  /// @param options scale, cap, mask and operands but lengths, runs and blocks
  /// @throws IllegalArgumentException if shapes, types or options do not fit
  public BlockSparse of(Tensor q, Tensor k, Tensor v, AttentionOptions options) {
    Inputs.qkv(q, k, v);
    Inputs.free("RandomBlocks", options);
    BlockGrid grid = new BlockGrid(options.mask(), q.dim(2), k.dim(2));
    Tensor blocks = choose(q, grid);
    return BlockSparse.of(q, k, v, options, blocks);
  }

  /// The blocks that are kept, `[1, H, rows, columns]`.
  Tensor choose(Tensor q, BlockGrid grid) {
    boolean[] allowed = grid.allowed();
    double[] keep = new double[allowed.length];
    for (int i = 0; i < keep.length; i++) {
      keep[i] = allowed[i] ? probability(grid.distance(i / grid.columns(), i % grid.columns())) : 0;
    }
    try (Scope work = q.device().scope("blocks")) {
      Shape shape = Shape.of(1, q.dim(1), grid.rows(), grid.columns());
      Tensor p = work.tensor(DType.F64, shape.with(1, 1), keep);
      return work.uniform(DType.F64, shape, seed).less(p).in(q.scope());
    }
  }
}
