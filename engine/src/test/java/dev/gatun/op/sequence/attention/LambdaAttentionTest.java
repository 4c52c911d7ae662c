package dev.gatun.op.sequence.attention;

import dev.gatun.op.math.Where;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class LambdaAttentionTest {
  private static final int N = 20;

  /// Every pair's score, chosen by its distance.
  private static List<Tensor> dense(
      Alike a, Tensor q, Tensor k, Tensor v, long local, long global, OptionalLong limit) {
    Rotary rotary = Rotary.of(8).withBase(100);
    Tensor keys = Rope.of(k, rotary, 0);
    Tensor near = Rope.of(q, rotary, 0).matmul(keys.transpose(2, 3));
    Tensor far = near;
    if (limit.isPresent()) {
      Tensor at = a.scope.full(DType.I64, Shape.of(N), (double) Math.min(limit.getAsLong(), N - 1));
      far = Rope.of(q, rotary, rotary.tables(q.dtype(), at)).matmul(k.transpose(2, 3));
    }
    double[] isFar = new double[N * N];
    double[] bias = new double[N * N];
    for (int i = 0; i < N; i++) {
      for (int j = 0; j < N; j++) {
        isFar[i * N + j] = i - j >= local ? 1 : 0;
        bias[i * N + j] = j <= i && (i - j < local || j < global) ? 0 : Double.NEGATIVE_INFINITY;
      }
    }
    Tensor choice = a.scope.tensor(DType.BOOL, Shape.of(1, 1, N, N), isFar);
    Tensor scores =
        new Where()
            .of(choice.broadcastTo(near.shape()), far, near)
            .mul(1 / Math.sqrt(8))
            .add(a.scope.tensor(Shape.of(1, 1, N, N), bias));
    return List.of(scores.softmax(3).matmul(v), scores.logSumExp(3));
  }

  @Test
  void equalsTheDenseForm() {
    try (Alike a = new Alike(DType.F64)) {
      Tensor q = a.leaf(1, 2, 2, N, 8);
      Tensor k = a.leaf(2, 2, 2, N, 8);
      Tensor v = a.leaf(3, 2, 2, N, 5);
      for (long[] size :
          new long[][] {{8, 3}, {1, 1}, {8, 0}, {19, 4}, {20, 4}, {50, 4}, {3, 40}}) {
        for (long limit : new long[] {-1, 0, 5, 8, 100}) {
          OptionalLong l = limit < 0 ? OptionalLong.empty() : OptionalLong.of(limit);
          LambdaAttention.Result r =
              LambdaAttention.of(q, k, v, size[0], size[1], l, Rotary.of(8).withBase(100));
          a.same(
              size[0] + " and " + size[1] + " within " + limit,
              dense(a, q, k, v, size[0], size[1], l),
              List.of(r.o(), r.lse()),
              q,
              k,
              v);
        }
      }
    }
  }

  @Test
  void saysWhatDoesNotFit() {
    try (Alike a = new Alike(DType.F32)) {
      Tensor x = a.leaf(1, 1, 2, 4, 8);
      OptionalLong no = OptionalLong.empty();
      Rotary r = Rotary.of(8);
      Alike.says("local must be", () -> LambdaAttention.of(x, x, x, 0, 1, no, r));
      Alike.says("not negative", () -> LambdaAttention.of(x, x, x, 1, -1, no, r));
      Alike.says("not negative", () -> LambdaAttention.of(x, x, x, 1, 1, OptionalLong.of(-2), r));
      Alike.says("with one T > 0", () -> LambdaAttention.of(x.select(0, 0), x, x, 1, 1, no, r));
    }
  }
}
