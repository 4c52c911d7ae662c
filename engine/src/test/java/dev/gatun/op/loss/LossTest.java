package dev.gatun.op.loss;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.cpu.CpuDevice;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/// Losses against the same composed of other ops, and numbers worked out by hand.
class LossTest {
  private static final OptionalLong NONE = OptionalLong.empty();

  private static void same(Tensor want, Tensor got, Tensor x) {
    assertEquals(want.item(), got.item(), 1e-12 * Math.max(1, Math.abs(want.item())));
    assertArrayEquals(
        want.backward().of(x).toDoubleArray(), got.backward().of(x).toDoubleArray(), 1e-12);
  }

  @Test
  void smoothingIsAMixtureOfTargets() {
    try (CpuDevice cpu = CpuDevice.open();
        Scope scope = cpu.scope()) {
      Tensor x = scope.normal(DType.F64, Shape.of(7, 5), 1).requiresGrad();
      Tensor t = scope.tensor(Shape.of(7), 0, 4, 2, 1, 3, 3, 0);
      Tensor log = x.logSoftmax(1);
      Tensor want = log.nll(t).mul(0.7).sub(log.mean().mul(0.3));
      same(want, new CrossEntropy(Reduction.MEAN, 0.3, NONE, false).of(x, t), x);
    }
  }

  @Test
  void weightsAreThoseOfTheTarget() {
    try (CpuDevice cpu = CpuDevice.open();
        Scope scope = cpu.scope()) {
      Tensor x = scope.normal(DType.F64, Shape.of(4, 3), 1).requiresGrad();
      Tensor t = scope.tensor(Shape.of(4), 0, 2, -100, 2);
      Tensor w = scope.tensor(Shape.of(3), 0.5, 9.0, 2.0);
      // Rows 0, 1 and 3 with weights 1/2, 2 and 2.
      Tensor rows = scope.tensor(Shape.of(4, 1), 0.5 / 4.5, 2 / 4.5, 0.0, 2 / 4.5);
      Tensor picks = scope.tensor(Shape.of(4, 3), -1.0, 0, 0, 0, 0, -1, 0, 0, 0, 0, 0, -1);
      Tensor log = x.logSoftmax(1);
      Tensor want = log.mul(picks).mul(rows).sum();
      OptionalLong ignored = OptionalLong.of(-100);
      same(want, new CrossEntropy(Reduction.MEAN, 0, ignored, true).of(x, t, w), x);
      same(want, new Nll(Reduction.MEAN, ignored, true).of(log, t, w), x);
      Tensor none = scope.tensor(Shape.of(4), -100, -100, -100, -100);
      assertTrue(
          Double.isNaN(new CrossEntropy(Reduction.MEAN, 0, ignored, true).of(x, none, w).item()));
      Tensor learnt = w.requiresGrad();
      Tensor loss = new CrossEntropy(Reduction.SUM, 0, ignored, true).of(x, t, learnt);
      assertThrows(IllegalStateException.class, loss::backward);
    }
  }

  @Test
  void elementsByHand() {
    try (CpuDevice cpu = CpuDevice.open();
        Scope scope = cpu.scope()) {
      Tensor x = scope.tensor(Shape.of(3), 1.0, -2.0, 0.25);
      Tensor t = scope.tensor(Shape.of(3), 0.0, 1.0, 0.0);
      assertEquals((1 + 9 + 0.0625) / 3, x.mse(t).item(), 1e-15);
      assertEquals(4.25 / 3, x.meanAbsolute(t).item(), 1e-15);
      assertEquals((0.375 + 1.375 + 0.03125) / 3, x.huber(t, 0.5).item(), 1e-15);
      assertEquals((0.75 + 2.75 + 0.0625) / 3, x.smoothL1(t, 0.5).item(), 1e-15);
      double yes = -Math.log(1 / (1 + Math.exp(2)));
      double no = -Math.log(1 - 1 / (1 + Math.exp(-1)));
      double last = -Math.log(1 - 1 / (1 + Math.exp(-0.25)));
      assertEquals((no + yes + last) / 3, x.binaryCrossEntropy(t).item(), 1e-14);
      Tensor three = scope.tensor(Shape.of(), 3.0);
      Tensor positive = new BinaryCrossEntropy(false, true, Reduction.SUM).of(x, t, three);
      assertEquals(no + 3 * yes + last, positive.item(), 1e-14);
      Tensor huge = scope.tensor(Shape.of(2), 1e30f, -1e30f);
      Tensor right = scope.tensor(Shape.of(2), 1f, 0f);
      assertEquals(0, huge.binaryCrossEntropy(right).item());
      Tensor p = scope.tensor(Shape.of(3), 0.5, 0.0, 0.5);
      Tensor log = scope.tensor(Shape.of(3), Math.log(0.25), Double.NEGATIVE_INFINITY, -0.5);
      assertEquals(0.5 * (Math.log(2) + Math.log(0.5) + 0.5), log.klDivergence(p).item(), 1e-15);
      assertTrue(
          Double.isNaN(
              scope.zeros(DType.F32, Shape.of(0)).mse(scope.zeros(DType.F32, Shape.of(0))).item()));
    }
  }

  @Test
  void cosinesOfRows() {
    try (CpuDevice cpu = CpuDevice.open();
        Scope scope = cpu.scope()) {
      Tensor x = scope.tensor(Shape.of(4, 2), 3.0, 4, 1, 0, 0, 0, 1, 1).requiresGrad();
      Tensor y = scope.tensor(Shape.of(4, 2), 4.0, 3, 0, 2, 1, 1, -2, -2);
      Tensor c = x.cosineSimilarity(y);
      assertArrayEquals(new double[] {0.96, 0, 0, -1}, c.toDoubleArray(), 1e-15);
      Tensor same = scope.tensor(Shape.of(4), 1.0, 0, 1, 0);
      Tensor loss = CosineSimilarity.loss(x, y, same, -0.5, Reduction.NONE);
      assertArrayEquals(new double[] {0.04, 0.5, 1, 0}, loss.toDoubleArray(), 1e-15);
      assertEquals(8, loss.backward().of(x).toDoubleArray().length);
      Tensor mean = CosineSimilarity.loss(x, y, same, -0.5, Reduction.MEAN);
      assertEquals(1.54 / 4, mean.item(), 1e-15);
    }
  }

  @Test
  void contrastivePairs() {
    try (CpuDevice cpu = CpuDevice.open();
        Scope scope = cpu.scope()) {
      Tensor q = scope.normal(DType.F64, Shape.of(6, 4), 1).requiresGrad();
      Tensor k = scope.normal(DType.F64, Shape.of(6, 4), 2);
      Tensor own = scope.tensor(Shape.of(6), 0, 1, 2, 3, 4, 5);
      Tensor logits = q.matmul(k.transpose()).div(0.5);
      same(logits.crossEntropy(own), new InfoNce(0.5, false, false).of(q, k), q);
      Tensor both = logits.crossEntropy(own).add(logits.transpose().crossEntropy(own)).div(2);
      same(both, new InfoNce(0.5, false, true).of(q, k), q);
      double[] unit = new double[36];
      double[] qs = q.toDoubleArray();
      double[] ks = k.toDoubleArray();
      for (int i = 0; i < 36; i++) {
        double[] s = new double[3];
        for (int d = 0; d < 4; d++) {
          s[0] += qs[i / 6 * 4 + d] * ks[i % 6 * 4 + d];
          s[1] += qs[i / 6 * 4 + d] * qs[i / 6 * 4 + d];
          s[2] += ks[i % 6 * 4 + d] * ks[i % 6 * 4 + d];
        }
        unit[i] = s[0] / Math.sqrt(s[1] * s[2]) / 0.1;
      }
      double want = scope.tensor(Shape.of(6, 6), unit).crossEntropy(own).item();
      assertEquals(want, new InfoNce(0.1, true, false).of(q, k).item(), 1e-12);
      assertThrows(IllegalArgumentException.class, () -> new InfoNce(0.1, true, false).of(q, own));
    }
  }
}
