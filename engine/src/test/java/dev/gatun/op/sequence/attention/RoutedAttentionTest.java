package dev.gatun.op.sequence.attention;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class RoutedAttentionTest {
  private final DenseTruth truth = new DenseTruth();

  @AfterEach
  void close() {
    truth.close();
  }

  private void same(Tensor q, Tensor k, Tensor v, Tensor centroids, Mask mask) {
    AttentionOptions options = AttentionOptions.of(mask).withSoftcap(3);
    RoutedAttention.Result r = RoutedAttention.of(q, k, v, centroids, options);
    long[] qc = r.queries().toLongArray();
    long[] kc = r.keys().toLongArray();
    int heads = (int) q.dim(1);
    int group = heads / (int) k.dim(1);
    int sq = (int) q.dim(2);
    int sk = (int) k.dim(2);
    Tensor visible =
        truth.visible(
            q,
            k,
            (b, h, i, j) ->
                qc[(b * heads + h) * sq + i] == kc[(b * heads + h) / group * sk + j]
                    && (mask.isNone() || j <= i + sk - sq));
    truth.same(
        () -> truth.dense(q, k, v, options.withMask(Mask.none()).with(Operand.VISIBLE, visible)),
        () -> {
          RoutedAttention.Result x = RoutedAttention.of(q, k, v, centroids, options);
          return new DenseTruth.Pair(x.o(), x.lse());
        },
        q,
        k,
        v);
    assertEquals(DenseTruth.pairs(visible), r.visiblePairs());
  }

  @Test
  void equalsDenseAttentionWithinClusters() {
    for (Mask mask : List.of(Mask.none(), Mask.causal())) {
      Tensor q = truth.leaf(1, 2, 4, 90, 6);
      Tensor k = truth.leaf(2, 2, 2, 131, 6);
      Tensor v = truth.leaf(3, 2, 2, 131, 5);
      same(q, k, v, KMeans.fit(KMeans.unit(k), 7, 2), mask);
      // More queries than keys: the first see nothing, causally.
      Tensor fewer = DenseTruth.leaf(q.slice(1, 0, 2));
      same(k, fewer, DenseTruth.leaf(v.slice(2, 0, 90)), truth.leaf(4, 1, 5, 6), mask);
    }
  }

  @Test
  void emptyClustersAndClustersWithoutKeysAreFine() {
    Tensor q = truth.leaf(1, 1, 1, 20, 2);
    Tensor k = truth.leaf(2, 1, 1, 20, 2).abs();
    Tensor v = truth.leaf(3, 1, 1, 20, 5);
    Tensor centroids = truth.scope.tensor(Shape.of(1, 3, 2), 5.0, 5, -5, -5, 90, -90);
    RoutedAttention.Result r =
        RoutedAttention.of(q, k, v, centroids, AttentionOptions.of(Mask.none()));
    double[] lse = r.lse().toDoubleArray();
    long[] clusters = r.queries().toLongArray();
    long lost = 0;
    for (int i = 0; i < 20; i++) {
      assertEquals(clusters[i] == 0, lse[i] != Double.NEGATIVE_INFINITY);
      lost += clusters[i] == 0 ? 0 : 1;
    }
    assertTrue(lost > 0);
    assertEquals((20 - lost) * 20, r.visiblePairs());
  }

  @Test
  void assignmentIsTheNearestAndStepsAreLloyds() {
    Tensor x = truth.leaf(1, 2, 3, 40, 4);
    Tensor c = KMeans.start(x, 5);
    // Rows 0, 16, 32 of batch 0 and 8, 24 of batch 1.
    double[] first = c.slice(0, 1, 2).slice(1, 3, 4).reshape(4).toDoubleArray();
    Tensor row = x.slice(0, 1, 2).slice(1, 1, 2).slice(2, 8, 9);
    assertArrayEquals(row.reshape(4).toDoubleArray(), first);
    double before = Double.POSITIVE_INFINITY;
    for (int i = 0; i < 6; i++) {
      long[] got = KMeans.assign(x, c).toLongArray();
      double loss = distances(x, c, got);
      assertTrue(loss <= before + 1e-9, "Lloyd's steps never raise the loss");
      before = loss;
      c = KMeans.step(x, c, 0);
    }
    DenseTruth.near("fit", c, KMeans.fit(x, 5, 6));
    Tensor slow = KMeans.step(x, c, 0.9);
    DenseTruth.near("average", c.mul(0.9).add(KMeans.step(x, c, 0).mul(0.1)), slow);
    Tensor far = truth.scope.full(DType.F64, Shape.of(3, 1, 4), 99);
    Tensor both = KMeans.step(x, c.concat(1, far), 0);
    DenseTruth.near("an empty cluster stays", far, both.slice(1, 5, 6));
    double[] norms = KMeans.unit(x).square().sum(3).toDoubleArray();
    for (double n : norms) {
      assertEquals(1, n, 1e-14);
    }
  }

  /// Sum of squared distances; checks that no other centroid is nearer.
  private static double distances(Tensor x, Tensor c, long[] got) {
    double[] rows = x.toDoubleArray();
    double[] centroids = c.toDoubleArray();
    double sum = 0;
    for (int r = 0; r < got.length; r++) {
      double[] d = new double[5];
      for (int k = 0; k < 5; k++) {
        for (int e = 0; e < 4; e++) {
          double diff = rows[r * 4 + e] - centroids[(r / 40 % 3 * 5 + k) * 4 + e];
          d[k] += diff * diff;
        }
      }
      sum += d[(int) got[r]];
      for (double other : d) {
        assertTrue(d[(int) got[r]] <= other + 1e-12);
      }
    }
    return sum;
  }

  @Test
  void wrongArgumentsAreNamed() {
    Tensor q = truth.leaf(1, 1, 2, 10, 6);
    Tensor c = truth.leaf(2, 2, 3, 6);
    AttentionOptions plain = AttentionOptions.of(Mask.none());
    assertTrue(
        message(() -> RoutedAttention.of(q, q, q, c.slice(2, 0, 5), plain))
            .contains("centroids [H or 1, C, D]"));
    assertTrue(
        message(() -> RoutedAttention.of(q, q, q, c, plain.withMask(Mask.window(1, 1))))
            .contains("one of the masks"));
    assertTrue(message(() -> KMeans.start(q, 11)).contains("a row for each of 11"));
    assertTrue(message(() -> KMeans.step(q, c, 2)).contains("decay must lie in [0, 1]"));
    Tensor wrong = KMeans.assign(q, c).slice(2, 0, 4);
    assertTrue(
        message(() -> RoutedAttention.of(q, q, q, wrong, wrong, 3, plain))
            .contains("clusters must be I64"));
  }

  private static String message(org.junit.jupiter.api.function.Executable e) {
    String message = assertThrows(IllegalArgumentException.class, e).getMessage();
    return message == null ? "" : message;
  }
}
