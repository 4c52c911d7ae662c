package dev.gatun.op.sequence.attention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class RegionAttentionTest {
  private final DenseTruth truth = new DenseTruth();

  @AfterEach
  void close() {
    truth.close();
  }

  /// Against dense attention over keys and, once, summaries, written out in other ops.
  private void same(long n, long size, Mask mask) {
    Tensor q = truth.leaf(1, 2, 4, n, 6);
    Tensor k = truth.leaf(2, 2, 2, n, 6);
    Tensor v = truth.leaf(3, 2, 2, n, 5);
    long regions = (n + size - 1) / size;
    boolean causal = !mask.isNone();
    double[] pool = new double[(int) (regions * n)];
    double[] logs = new double[(int) (n + regions)];
    for (int r = 0; r < regions; r++) {
      long length = Math.min(size, n - r * size);
      logs[(int) n + r] = Math.log((double) length);
      for (long j = r * size; j < r * size + length; j++) {
        pool[(int) (r * n + j)] = 1.0 / length;
      }
    }
    Tensor means = truth.scope.tensor(dev.gatun.tensor.Shape.of(regions, n), pool);
    Tensor bias = truth.scope.tensor(dev.gatun.tensor.Shape.of(n + regions), logs);
    Tensor visible =
        truth.visible(
            q,
            k.concat(2, means.matmul(k)),
            (b, h, i, j) ->
                j < n
                    ? j / size == i / size && (!causal || j <= i)
                    : causal ? j - n < i / size : j - n != i / size);
    AttentionOptions dense =
        AttentionOptions.of(Mask.none())
            .withScale(0.7)
            .with(Operand.VISIBLE, visible)
            .with(Operand.BIAS, bias);
    AttentionOptions options = AttentionOptions.of(mask).withScale(0.7);
    truth.same(
        () -> truth.dense(q, k.concat(2, means.matmul(k)), v.concat(2, means.matmul(v)), dense),
        () -> {
          RegionAttention.Result r = RegionAttention.of(q, k, v, size, options);
          return new DenseTruth.Pair(r.o(), r.lse());
        },
        q,
        k,
        v);
    RegionAttention.Result r = RegionAttention.of(q, k, v, size, options);
    assertEquals(DenseTruth.pairs(visible), r.visiblePairs());
    AttentionOptions runs =
        AttentionOptions.of(Mask.none())
            .withScale(0.7)
            .with(Operand.RUNS, r.runs())
            .with(Operand.BIAS, r.bias());
    DenseTruth.near("chosen", truth.dense(q, r.keys(), r.values(), runs).o(), r.o());
  }

  @Test
  void equalsDenseAttentionOverKeysAndSummaries() {
    for (Mask mask : List.of(Mask.none(), Mask.causal())) {
      same(60, 12, mask);
      same(61, 12, mask);
      same(7, 12, mask);
      same(5, 1, mask);
    }
  }

  @Test
  void regionsOfOnePositionAreDenseAttention() {
    Tensor q = truth.leaf(1, 1, 2, 20, 4);
    for (Mask mask : List.of(Mask.none(), Mask.causal())) {
      AttentionOptions options = AttentionOptions.of(mask);
      Tensor o = RegionAttention.of(q, q, q, 1, options).o();
      DenseTruth.near("o", Attention.of(q, q, q, options).o(), o);
    }
  }

  @Test
  void wrongArgumentsAreNamed() {
    Tensor q = truth.leaf(1, 1, 2, 10, 6);
    AttentionOptions plain = AttentionOptions.of(Mask.none());
    Tensor less = q.slice(2, 0, 4);
    assertTrue(message(() -> RegionAttention.of(q, q, q, 0, plain)).contains("size must be"));
    assertTrue(
        message(() -> RegionAttention.of(q, less, less, 2, plain)).contains("a key for each"));
    assertTrue(
        message(() -> RegionAttention.of(q, q, q, 2, plain.withDropout(0.1, 3)))
            .contains("no more than a scale"));
  }

  private static String message(org.junit.jupiter.api.function.Executable e) {
    String message = assertThrows(IllegalArgumentException.class, e).getMessage();
    return message == null ? "" : message;
  }
}
