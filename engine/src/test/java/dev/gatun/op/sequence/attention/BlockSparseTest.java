package dev.gatun.op.sequence.attention;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class BlockSparseTest {
  private static final List<Mask> MASKS =
      List.of(Mask.none(), Mask.causal(), Mask.window(100, 20), Mask.window(70, 0).withSinks(3));
  private final DenseTruth truth = new DenseTruth();

  @AfterEach
  void close() {
    truth.close();
  }

  /// Block form = dense form under the pairs that mask and blocks leave.
  private void same(
      Tensor q, Tensor k, Tensor v, Mask mask, java.util.function.Supplier<BlockSparse> form) {
    BlockSparse chosen = form.get();
    int heads = (int) chosen.blocks().dim(1);
    int rows = (int) chosen.blocks().dim(2);
    int columns = (int) chosen.blocks().dim(3);
    double[] on = chosen.blocks().toDoubleArray();
    Tensor visible =
        truth.visible(
            q,
            k,
            (b, h, i, j) -> {
              int batch = chosen.blocks().dim(0) == 1 ? 0 : b;
              return on[((batch * heads + (heads == 1 ? 0 : h)) * rows + i / 64) * columns + j / 64]
                  != 0;
            });
    truth.same(
        () -> truth.dense(q, k, v, AttentionOptions.of(mask).with(Operand.VISIBLE, visible)),
        () -> {
          BlockSparse s = form.get();
          return new DenseTruth.Pair(s.o(), s.lse());
        },
        q,
        k,
        v);
    assertEquals(DenseTruth.pairs(visible), chosen.visiblePairs());
  }

  @Test
  void topBlocksEqualDenseAttentionUnderTheirMask() {
    Tensor q = truth.leaf(1, 2, 2, 150, 4);
    Tensor k = truth.leaf(2, 2, 1, 260, 4);
    Tensor v = truth.leaf(3, 2, 1, 260, 3);
    for (Mask mask : MASKS) {
      same(q, k, v, mask, () -> TopBlocks.of(q, k, v, 2, AttentionOptions.of(mask)));
    }
  }

  @Test
  void topBlocksTakesTheBestByTheProductsOfMeans() {
    Tensor q = truth.leaf(1, 1, 2, 5 * 64, 6);
    Tensor k = truth.leaf(2, 1, 1, 5 * 64, 6);
    Tensor v = truth.leaf(3, 1, 1, 5 * 64, 5);
    Tensor qm = q.detach().reshape(2, 5, 64, 6).mean(2);
    Tensor km = k.detach().reshape(1, 5, 64, 6).mean(2);
    double[] estimate = qm.matmul(km.transpose()).toDoubleArray();
    for (double scale : new double[] {0.3, -0.3}) {
      AttentionOptions options = AttentionOptions.of(Mask.causal()).withScale(scale);
      double[] on = TopBlocks.of(q, k, v, 3, options).blocks().toDoubleArray();
      for (int row = 0; row < 10; row++) {
        int r = row % 5;
        double kept = 0;
        for (int c = 0; c < 5; c++) {
          kept += on[row * 5 + c];
          if (c > r) {
            assertEquals(0, on[row * 5 + c]);
          }
          for (int other = 0; other < r && c < r; other++) {
            boolean better = scale * (estimate[row * 5 + c] - estimate[row * 5 + other]) > 0;
            assertTrue(!better || on[row * 5 + c] >= on[row * 5 + other]);
          }
        }
        assertEquals(1, on[row * 5 + r], "diagonal");
        assertEquals(Math.min(3, r + 1), kept);
      }
    }
  }

  @Test
  void enoughBlocksAreAllBlocks() {
    Tensor q = truth.leaf(1, 1, 2, 130, 6);
    Tensor v = truth.leaf(3, 1, 2, 130, 5);
    Attention.Result all = Attention.of(q, q, v, AttentionOptions.of(Mask.causal()));
    BlockSparse top = TopBlocks.of(q, q, v, 99, AttentionOptions.of(Mask.causal()));
    DenseTruth.near("o", all.o(), top.o());
    BlockSparse near = new RandomBlocks(3, 1, 5).of(q, q, v, AttentionOptions.of(Mask.causal()));
    DenseTruth.near("o", all.o(), near.o());
  }

  @Test
  void randomBlocksEqualDenseAttentionUnderTheirMask() {
    Tensor q = truth.leaf(1, 2, 2, 150, 4);
    Tensor k = truth.leaf(2, 2, 1, 260, 4);
    Tensor v = truth.leaf(3, 2, 1, 260, 3);
    for (Mask mask : MASKS) {
      RandomBlocks blocks = new RandomBlocks(0, 1.5, 7);
      same(q, k, v, mask, () -> blocks.of(q, k, v, AttentionOptions.of(mask)));
    }
  }

  @Test
  void farBlocksAreKeptByTheirProbability() {
    long n = 40 * 64;
    Tensor q = truth.scope.normal(DType.F32, Shape.of(1, 40, n, 1), 1);
    RandomBlocks blocks = new RandomBlocks(1, 4, 11);
    BlockGrid grid = new BlockGrid(Mask.none(), n, n);
    // The kernel is not what is tested: only blocks are looked at.
    Tensor on = blocks.choose(q, grid);
    double[] kept = on.toDoubleArray();
    double[] count = new double[40];
    double[] sum = new double[40];
    for (int i = 0; i < kept.length; i++) {
      int d = Math.abs(i / 40 % 40 - i % 40);
      count[d]++;
      sum[d] += kept[i];
    }
    for (int d = 0; d < 40; d++) {
      double p = blocks.probability(d);
      double spread = Math.sqrt(p * (1 - p) * count[d]);
      assertEquals(p * count[d], sum[d], 4.5 * spread, "distance " + d);
    }
    assertArrayEquals(kept, blocks.choose(q, grid).toDoubleArray());
    double[] other = new RandomBlocks(1, 4, 12).choose(q, grid).toDoubleArray();
    assertFalse(java.util.Arrays.equals(kept, other));
  }

  @Test
  void wrongArgumentsAreNamed() {
    Tensor q = truth.leaf(1, 1, 2, 10, 6);
    AttentionOptions plain = AttentionOptions.of(Mask.none());
    assertTrue(message(() -> TopBlocks.of(q, q, q, 0, plain)).contains("kept must be at least 1"));
    assertTrue(
        message(() -> TopBlocks.of(q, q.slice(2, 0, 3), q, 1, plain))
            .contains("batches must agree"));
    AttentionOptions blocks =
        plain.with(Operand.BLOCKS, truth.scope.full(DType.BOOL, Shape.of(1, 1, 1, 1), 1));
    assertTrue(
        message(() -> TopBlocks.of(q, q, q, 1, blocks)).contains("no lengths, runs or blocks"));
    assertTrue(message(() -> new RandomBlocks(-1, 1, 0)).contains("near must be at least 0"));
    assertTrue(message(() -> new RandomBlocks(1, 0, 0)).contains("reach positive"));
  }

  private static String message(org.junit.jupiter.api.function.Executable e) {
    String message = assertThrows(IllegalArgumentException.class, e).getMessage();
    return message == null ? "" : message;
  }
}
