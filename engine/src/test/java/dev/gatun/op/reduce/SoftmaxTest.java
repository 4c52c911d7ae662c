package dev.gatun.op.reduce;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.cpu.CpuDevice;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class SoftmaxTest {
  private static final float INF = Float.POSITIVE_INFINITY;

  @Test
  void anyAxisEqualsTheLastOneOfTheTransposed() {
    try (CpuDevice cpu = CpuDevice.open();
        Scope scope = cpu.scope()) {
      Tensor x = scope.normal(DType.F64, Shape.of(4, 9, 301), 2).requiresGrad();
      Tensor dy = scope.normal(DType.F64, Shape.of(4, 9, 301), 3);
      for (int axis = 0; axis < 2; axis++) {
        Tensor want = x.transpose(axis, 2).softmax(2).transpose(axis, 2);
        Tensor log = x.transpose(axis, 2).logSoftmax(2).transpose(axis, 2);
        near(want, x.softmax(axis));
        near(log, x.logSoftmax(axis));
        near(want.backward(dy).of(x), x.softmax(axis).backward(dy).of(x));
        near(log.backward(dy).of(x), x.logSoftmax(axis).backward(dy).of(x));
      }
    }
  }

  private static void near(Tensor want, Tensor got) {
    assertArrayEquals(want.toDoubleArray(), got.toDoubleArray(), 1e-14);
  }

  @Test
  void largeNumbersNeitherOverflowNorVanish() {
    try (CpuDevice cpu = CpuDevice.open();
        Scope scope = cpu.scope()) {
      Tensor x = scope.tensor(Shape.of(1, 3), 3e38f, 3e38f, -3e38f);
      assertArrayEquals(new float[] {0.5f, 0.5f, 0}, x.softmax(1).toFloatArray());
      assertArrayEquals(new float[] {0.5f, 0.5f, 0}, x.transpose().softmax(0).toFloatArray());
      float half = (float) -Math.log(2);
      assertArrayEquals(new float[] {half, half, -INF}, x.logSoftmax(1).toFloatArray(), 1e-7f);
    }
  }

  @Test
  void masksAreExactZerosAndRowsOfMasksAreNan() {
    try (CpuDevice cpu = CpuDevice.open();
        Scope scope = cpu.scope()) {
      Tensor x = scope.tensor(Shape.of(2, 3), -INF, 1f, -INF, -INF, -INF, -INF);
      float nan = Float.NaN;
      float[] want = {0, 1, 0, nan, nan, nan};
      assertArrayEquals(want, x.softmax(1).toFloatArray());
      assertArrayEquals(want, x.transpose().copy().softmax(0).transpose().toFloatArray());
    }
  }

  @Test
  void longRowsSumToOne() {
    try (CpuDevice cpu = CpuDevice.open();
        Scope scope = cpu.scope()) {
      Tensor x = scope.normal(DType.F32, Shape.of(3, 100_000), 4);
      for (Tensor y : new Tensor[] {x.softmax(1), x.transpose().softmax(0).transpose()}) {
        double[] sums = new double[3];
        double[] values = y.toDoubleArray();
        for (int i = 0; i < values.length; i++) {
          sums[i / 100_000] += values[i];
        }
        Arrays.stream(sums).forEach(s -> assertEquals(1, s, 2e-6));
        assertTrue(Arrays.stream(values).allMatch(v -> v > 0));
      }
    }
  }
}
