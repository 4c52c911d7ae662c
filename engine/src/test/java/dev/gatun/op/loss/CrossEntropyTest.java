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
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class CrossEntropyTest {
  private static final int ROWS = 257;
  private static final int CLASSES = 103;

  @Test
  void equalsPickingFromLogSoftmax() {
    try (CpuDevice cpu = CpuDevice.open();
        Scope scope = cpu.scope()) {
      Tensor x = scope.normal(DType.F64, Shape.of(ROWS, CLASSES), 1).requiresGrad();
      int[] targets = IntStream.range(0, ROWS).map(i -> i * 31 % CLASSES).toArray();
      double[] picks = new double[ROWS * CLASSES];
      for (int i = 0; i < ROWS; i++) {
        picks[i * CLASSES + targets[i]] = -1;
      }
      Tensor t = scope.tensor(Shape.of(ROWS), targets);
      Tensor each = x.logSoftmax(1).mul(scope.tensor(Shape.of(ROWS, CLASSES), picks)).sum(1);
      Tensor dy = scope.normal(DType.F64, Shape.of(ROWS), 2);
      same(each, new CrossEntropy(Reduction.NONE).of(x, t), dy, x);
      Tensor one = scope.full(DType.F64, Shape.of(), 3);
      same(each.sum(), new CrossEntropy(Reduction.SUM).of(x, t), one, x);
      same(each.mean(), x.crossEntropy(t), one, x);
    }
  }

  private static void same(Tensor want, Tensor got, Tensor dy, Tensor x) {
    assertArrayEquals(want.toDoubleArray(), got.toDoubleArray(), 1e-10);
    assertArrayEquals(
        want.backward(dy).of(x).toDoubleArray(), got.backward(dy).of(x).toDoubleArray(), 1e-12);
  }

  @Test
  void aTargetOutOfRangeIsNamed() {
    for (CpuDevice.Options options :
        new CpuDevice.Options[] {
          CpuDevice.Options.standard(), CpuDevice.Options.standard().withReferenceKernels()
        }) {
      try (CpuDevice cpu = CpuDevice.open(options);
          Scope scope = cpu.scope()) {
        Tensor x = scope.zeros(DType.F32, Shape.of(3, 10));
        for (long wrong : new long[] {-1, 10, 1L << 40}) {
          Tensor t = scope.tensor(Shape.of(3), 1L, wrong, 2L);
          IllegalArgumentException e =
              assertThrows(IllegalArgumentException.class, () -> x.crossEntropy(t));
          assertEquals(
              "CrossEntropy[reduction=MEAN, smoothing=0.0, ignored=OptionalLong.empty,"
                  + " weighted=false]: targets must lie in [0, 10); got "
                  + wrong
                  + " for row 1 of F32 [3,10], targets I64 [3]",
              e.getMessage());
        }
      }
    }
  }

  @Test
  void hugeLogitsStayFinite() {
    try (CpuDevice cpu = CpuDevice.open();
        Scope scope = cpu.scope()) {
      Tensor x = scope.tensor(Shape.of(2, 3), 1e30f, 0f, -1e30f, 5f, 5f, 5f).requiresGrad();
      Tensor loss = new CrossEntropy(Reduction.NONE).of(x, scope.tensor(Shape.of(2), 0, 2));
      assertArrayEquals(new float[] {0, (float) Math.log(3)}, loss.toFloatArray(), 1e-6f);
      float third = 1 / 3f;
      assertArrayEquals(
          new float[] {0, 0, 0, third, third, third - 1},
          loss.backward().of(x).toFloatArray(),
          1e-6f);
    }
  }

  @Test
  void noRowsHaveNoMean() {
    try (CpuDevice cpu = CpuDevice.open();
        Scope scope = cpu.scope()) {
      Tensor x = scope.zeros(DType.F32, Shape.of(0, 4));
      Tensor t = scope.zeros(DType.I32, Shape.of(0));
      assertTrue(Double.isNaN(x.crossEntropy(t).item()));
      assertEquals(0, new CrossEntropy(Reduction.SUM).of(x, t).item());
    }
  }
}
