package dev.gatun.op.sequence.attention;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class RingAttentionTest {
  private static final List<Mask> MASKS =
      List.of(
          Mask.none(),
          Mask.causal(),
          Mask.causalTopLeft(),
          Mask.window(9, 4),
          Mask.window(5, 0).withSinks(3),
          Mask.causal().withChunks(13));
  private final DenseTruth truth = new DenseTruth();

  @AfterEach
  void close() {
    truth.close();
  }

  private void same(Tensor q, Tensor k, Tensor v, Mask mask, int parts) {
    AttentionOptions options = AttentionOptions.of(mask).withSoftcap(5);
    truth.same(
        () -> truth.dense(q, k, v, options),
        () -> {
          RingAttention.Result r = RingAttention.of(q, k, v, parts, options);
          return new DenseTruth.Pair(r.o(), r.lse());
        },
        q,
        k,
        v);
  }

  @Test
  void equalsAttentionInAnyNumberOfParts() {
    Tensor q = truth.leaf(1, 2, 4, 50, 6);
    Tensor k = truth.leaf(2, 2, 2, 50, 6);
    Tensor v = truth.leaf(3, 2, 2, 50, 5);
    for (Mask mask : MASKS) {
      for (int parts : new int[] {1, 2, 5, 7}) {
        same(q, k, v, mask, parts);
      }
    }
  }

  @Test
  void lengthsMayDifferAndPartsBeMoreThanPositions() {
    Tensor q = truth.leaf(1, 1, 2, 20, 6);
    Tensor k = truth.leaf(2, 1, 2, 33, 6);
    Tensor v = truth.leaf(3, 1, 2, 33, 5);
    for (Mask mask : MASKS) {
      same(q, k, v, mask, 4);
      same(q, k, v, mask, 40);
      // The first queries see nothing, causally.
      same(k, q, DenseTruth.leaf(v.slice(2, 0, 20)), mask, 3);
    }
  }

  @Test
  void oneResultIsEnoughForAGradient() {
    Tensor q = truth.leaf(1, 1, 2, 20, 6);
    AttentionOptions options = AttentionOptions.of(Mask.causal());
    Tensor want = Attention.of(q, q, q, options).lse().sum().backward().of(q);
    Tensor got = RingAttention.of(q, q, q, 3, options).lse().sum().backward().of(q);
    DenseTruth.near("through lse", want, got);
    Tensor first = Attention.of(q, q, q, options).o().sum().backward().of(q);
    DenseTruth.near(
        "through o", first, RingAttention.of(q, q, q, 3, options).o().sum().backward().of(q));
  }

  @Test
  void wrongArgumentsAreNamed() {
    Tensor q = truth.leaf(1, 1, 2, 10, 6);
    AttentionOptions plain = AttentionOptions.of(Mask.none());
    assertTrue(message(() -> RingAttention.of(q, q, q, 0, plain)).contains("parts at least 1"));
    assertTrue(
        message(() -> RingAttention.of(q, q, q, 2, plain.withDropout(0.5, 1)))
            .contains("no more than a scale"));
  }

  private static String message(org.junit.jupiter.api.function.Executable e) {
    String message = assertThrows(IllegalArgumentException.class, e).getMessage();
    return message == null ? "" : message;
  }
}
