package dev.gatun.op.sequence.attention;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.cpu.CpuDevice;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import org.junit.jupiter.api.Test;

class AlibiTest {
  @Test
  void headCountsThatAreNoPowersOfTwoTakeEverySecondOfTheNext() {
    double[] want = {0.25, 0.0625, 0.015625, 0.00390625, 0.5, 0.125};
    assertArrayEquals(want, Alibi.slopes(6));
    assertArrayEquals(new double[] {0.00390625}, Alibi.slopes(1));
    assertThrows(IllegalArgumentException.class, () -> Alibi.slopes(0));
  }

  /// Scores of rotated queries and keys less slope times distance, by the definition.
  @Test
  void twoColumnsMakeTheBiasOfRotatedScores() {
    int heads = 3;
    int sq = 5;
    int sk = 9;
    double scale = 0.4;
    try (CpuDevice cpu = CpuDevice.open();
        Scope scope = cpu.scope()) {
      Rotary rotary = Rotary.of(4);
      Tensor q = scope.normal(DType.F64, Shape.of(2, heads, sq, 6), 1);
      Tensor k = scope.normal(DType.F64, Shape.of(2, heads, sk, 6), 2);
      Tensor slopes = Alibi.slopes(scope, DType.F64, heads);
      Alibi.Factored f = Alibi.rotated(q, k, rotary, 100, slopes, scale);
      double[] got = f.q().matmul(f.k().transpose()).mul(scale).toDoubleArray();
      Tensor plain = Rope.of(q, rotary, 104).matmul(Rope.of(k, rotary, 100).transpose());
      double[] want = plain.mul(scale).toDoubleArray();
      for (int at = 0; at < want.length; at++) {
        int distance = at / sk % sq + sk - sq - at % sk;
        want[at] -= Alibi.slopes(heads)[at / (sq * sk) % heads] * distance;
      }
      assertArrayEquals(want, got, 1e-12);
    }
  }

  @Test
  void thePositionsOfLongContextsAreCentered() {
    try (CpuDevice cpu = CpuDevice.open();
        Scope scope = cpu.scope()) {
      Tensor q = scope.zeros(DType.F32, Shape.of(1, 1, 1, 2));
      Tensor k = scope.zeros(DType.F32, Shape.of(1, 1, 100_000, 2));
      Tensor slopes = scope.tensor(Shape.of(1), 0.5f).requiresGrad();
      Alibi.Factored f = Alibi.factored(q, k, slopes, 1);
      Tensor scores = f.q().matmul(f.k().transpose());
      double[] got = scores.toDoubleArray();
      for (int j = 0; j < got.length; j++) {
        assertEquals(-0.5 * (99_999 - j), got[j], 0x1p-24 * 0.5 * 100_000);
      }
      assertEquals(-99_999.0 * 100_000 / 2, scores.sum().backward().of(slopes).item(), 1e5);
    }
  }

  @Test
  void wrongShapesAreRefused() {
    try (CpuDevice cpu = CpuDevice.open();
        Scope scope = cpu.scope()) {
      Tensor x = scope.zeros(DType.F32, Shape.of(2, 2));
      String text =
          String.valueOf(
              assertThrows(IllegalArgumentException.class, () -> Alibi.factored(x, x, x, 1))
                  .getMessage());
      assertTrue(text.contains("q must be [.., H, Sq, D]"), text);
    }
  }
}
