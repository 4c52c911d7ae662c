package dev.gatun.op.sequence.attention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class CandidateAttentionTest {
  private static final List<Long> CANDIDATES = List.of(7L, 0L, 12L, 1L);
  private static final int[] OWNER = new int[50];

  static {
    // The context is 0, candidates follow.
    for (int i = 30; i < 50; i++) {
      OWNER[i] = i < 37 ? 1 : i < 49 ? 3 : 4;
    }
  }

  private final DenseTruth truth = new DenseTruth();

  @AfterEach
  void close() {
    truth.close();
  }

  @Test
  void equalsDenseAttentionUnderItsMask() {
    Tensor q = truth.leaf(1, 2, 4, 50, 6);
    Tensor k = truth.leaf(2, 2, 2, 50, 6);
    Tensor v = truth.leaf(3, 2, 2, 50, 5);
    for (Mask mask : List.of(Mask.none(), Mask.causal())) {
      AttentionOptions options = AttentionOptions.of(mask);
      Tensor visible =
          truth.visible(
              q,
              k,
              (b, h, i, j) -> (OWNER[j] == 0 || OWNER[j] == OWNER[i]) && (mask.isNone() || j <= i));
      truth.same(
          () ->
              truth.dense(q, k, v, AttentionOptions.of(Mask.none()).with(Operand.VISIBLE, visible)),
          () -> {
            CandidateAttention.Result r = CandidateAttention.of(q, k, v, 30, CANDIDATES, options);
            return new DenseTruth.Pair(r.o(), r.lse());
          },
          q,
          k,
          v);
      assertEquals(
          DenseTruth.pairs(visible),
          CandidateAttention.of(q, k, v, 30, CANDIDATES, options).visiblePairs());
    }
  }

  @Test
  void eachCandidateIsAsAloneBehindTheContext() {
    Tensor q = truth.leaf(1, 1, 2, 50, 6);
    AttentionOptions options = AttentionOptions.of(Mask.none());
    Tensor all = CandidateAttention.of(q, q, q, 30, CANDIDATES, options).o();
    Tensor context = q.slice(2, 0, 30);
    DenseTruth.near(
        "context", Attention.of(context, context, context, options).o(), all.slice(2, 0, 30));
    Tensor candidate = q.slice(2, 37, 49);
    Tensor both = context.concat(2, candidate);
    DenseTruth.near(
        "candidate", Attention.of(candidate, both, both, options).o(), all.slice(2, 37, 49));
  }

  @Test
  void lengthsThatDoNotAddUpAreRefused() {
    Tensor q = truth.leaf(1, 1, 2, 10, 6);
    AttentionOptions options = AttentionOptions.of(Mask.none());
    String message =
        assertThrows(
                IllegalArgumentException.class,
                () -> CandidateAttention.of(q, q, q, 4, List.of(3L, 2L), options))
            .getMessage();
    assertTrue(message != null && message.contains("candidates [3, 2] must make up the queries"));
  }
}
