package dev.gatun.op.sequence.attention;

import dev.gatun.tensor.Tensor;
import java.lang.foreign.MemorySegment;

/// Attention over chosen blocks of keys, and the choice: what [Attention] gives for the same mask
/// and [Operand#BLOCKS].
///
/// @param o weighted means of the values, `[B, H, Sq, Dv]`
/// @param lse logarithm of the softmax's sum, `[B, H, Sq]`
/// @param blocks the blocks that are computed, BOOL `[B or 1, H or 1, ceil(Sq / 64), ceil(Sk /
///   64)]`
/// @param keys number of keys
public record BlockSparse(Tensor o, Tensor lse, Tensor blocks, long keys) {
  static BlockSparse of(Tensor q, Tensor k, Tensor v, AttentionOptions options, Tensor blocks) {
    Attention.Result r = Attention.of(q, k, v, options.with(Operand.BLOCKS, blocks));
    return new BlockSparse(r.o(), r.lse(), blocks, k.dim(2));
  }

  /// Pairs of queries and keys in the chosen blocks of all heads; whole blocks count, whatever a
  /// mask hides of them. Reads the blocks.
  public long visiblePairs() {
    byte[] chosen = new byte[Math.toIntExact(blocks.shape().elems())];
    blocks.readInto(MemorySegment.ofArray(chosen));
    long rows = blocks.dim(2);
    long columns = blocks.dim(3);
    long pairs = 0;
    for (int i = 0; i < chosen.length; i++) {
      if (chosen[i] != 0) {
        pairs += length(i / columns % rows, lse.dim(2)) * length(i % columns, keys);
      }
    }
    return pairs * (lse.dim(0) / blocks.dim(0)) * (lse.dim(1) / blocks.dim(1));
  }

  private static long length(long block, long all) {
    return Math.min(Attention.BLOCK, all - block * Attention.BLOCK);
  }
}
