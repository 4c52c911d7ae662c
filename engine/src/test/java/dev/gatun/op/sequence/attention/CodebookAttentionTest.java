package dev.gatun.op.sequence.attention;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class CodebookAttentionTest {
  private final DenseTruth truth = new DenseTruth();

  @AfterEach
  void close() {
    truth.close();
  }

  /// `codebook[codes]` as one product.
  private Tensor rounded(Tensor codebook, Tensor codes, Tensor k) {
    int count = (int) codebook.dim(1);
    long[] c = codes.toLongArray();
    double[] hot = new double[c.length * count];
    for (int i = 0; i < c.length; i++) {
      hot[i * count + (int) c[i]] = 1;
    }
    Tensor one = truth.scope.tensor(Shape.of(k.dim(0), k.dim(1), k.dim(2), count), hot);
    return one.matmul(codebook.unsqueeze(0));
  }

  private void same(long n, long block, long shared, AttentionOptions options) {
    Tensor q = truth.leaf(1, 2, 4, n, 6);
    Tensor k = truth.leaf(2, 2, 2, n, 6).detach();
    Tensor v = truth.leaf(3, 2, 2, n, 5);
    Tensor codebook = truth.leaf(4, shared, 9, 6);
    Tensor codes = KMeans.assign(k, codebook);
    truth.same(
        () -> truth.dense(q, rounded(codebook, codes, k), v, options),
        () -> {
          CodebookAttention.Result r = of(q, k, v, codebook, block, options);
          return new DenseTruth.Pair(r.o(), r.lse());
        },
        q,
        v,
        codebook);
    assertArrayEquals(
        codes.toLongArray(), of(q, k, v, codebook, block, options).codes().toLongArray());
  }

  private static CodebookAttention.Result of(
      Tensor q, Tensor k, Tensor v, Tensor codebook, long block, AttentionOptions options) {
    return options.mask().isNone()
        ? CodebookAttention.of(q, k, v, codebook, options)
        : CodebookAttention.causal(q, k, v, codebook, block, options);
  }

  @Test
  void equalsDenseAttentionWithRoundedKeys() {
    AttentionOptions options = AttentionOptions.of(Mask.none()).withScale(0.6);
    same(70, 0, 2, options);
    same(3, 0, 1, options);
  }

  @Test
  void causalBlocksEqualDenseAttentionWithRoundedKeys() {
    AttentionOptions options = AttentionOptions.of(Mask.causal()).withSoftcap(4);
    same(64, 16, 2, options);
    same(71, 16, 1, options);
    same(5, 16, 2, options);
    same(12, 1, 2, options);
  }

  @Test
  void codewordsThatAreMeansPassTheirGradientToTheKeys() {
    Tensor q = truth.leaf(1, 1, 2, 30, 6);
    Tensor k = truth.leaf(2, 1, 2, 30, 6);
    Tensor codes = KMeans.assign(k, KMeans.fit(k, 4, 5));
    Tensor codebook = KMeans.means(k, codes, 4).squeeze(0);
    AttentionOptions options = AttentionOptions.of(Mask.none());
    Tensor dk = CodebookAttention.of(q, k, q, codebook, options).o().sum().backward().of(k);
    assertEquals(k.spec(), dk.spec());
    assertTrue(dk.abs().sum().item() > 0);
  }

  @Test
  void pairsAreLinearInTheKeys() {
    Tensor q = truth.leaf(1, 1, 2, 50, 6);
    Tensor codebook = truth.leaf(4, 1, 9, 6);
    AttentionOptions options = AttentionOptions.of(Mask.none());
    assertEquals(2 * 50 * 9, CodebookAttention.of(q, q, q, codebook, options).visiblePairs());
    long causal =
        CodebookAttention.causal(q, q, q, codebook, 20, options.withMask(Mask.causal()))
            .visiblePairs();
    assertEquals(2 * (30 * 9 + 2 * 210 + 55), causal);
  }

  @Test
  void wrongArgumentsAreNamed() {
    Tensor q = truth.leaf(1, 1, 2, 10, 6);
    Tensor c = truth.leaf(2, 3, 3, 6);
    Tensor less = q.slice(2, 0, 4);
    AttentionOptions plain = AttentionOptions.of(Mask.none());
    AttentionOptions causal = AttentionOptions.of(Mask.causal());
    assertTrue(message(() -> CodebookAttention.of(q, q, q, c, plain)).contains("[H or 1, C, D]"));
    Tensor good = c.slice(0, 0, 2);
    assertTrue(
        message(() -> CodebookAttention.of(q, q, q, good, causal)).contains("one of the masks"));
    assertTrue(
        message(() -> CodebookAttention.causal(q, q, q, good, 0, causal)).contains("block must"));
    assertTrue(
        message(() -> CodebookAttention.causal(q, less, less, good, 4, causal))
            .contains("a key for each"));
  }

  private static String message(org.junit.jupiter.api.function.Executable e) {
    String message = assertThrows(IllegalArgumentException.class, e).getMessage();
    return message == null ? "" : message;
  }
}
