package dev.gatun.op.linear;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.gatun.cpu.CpuDevice;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import org.junit.jupiter.api.Test;

class EmbeddingTest {
  @Test
  void rowsUsedTwiceCollectBothGradients() {
    try (CpuDevice cpu = CpuDevice.open();
        Scope scope = cpu.scope()) {
      Tensor table = scope.tensor(Shape.of(3, 2), 1f, 2f, 3f, 4f, 5f, 6f).requiresGrad();
      Tensor y = new Embedding().of(table, scope.tensor(Shape.of(2, 2), 2, 0, 2, 2));
      assertArrayEquals(new float[] {5, 6, 1, 2, 5, 6, 5, 6}, y.toFloatArray());
      Tensor dy = scope.tensor(Shape.of(2, 2, 2), 1f, 10f, 2f, 20f, 4f, 40f, 8f, 80f);
      assertArrayEquals(
          new float[] {2, 20, 0, 0, 13, 130}, y.backward(dy).of(table).toFloatArray());
    }
  }

  @Test
  void anIndexOutOfRangeIsNamed() {
    for (CpuDevice.Options options :
        new CpuDevice.Options[] {
          CpuDevice.Options.standard(), CpuDevice.Options.standard().withReferenceKernels()
        }) {
      try (CpuDevice cpu = CpuDevice.open(options);
          Scope scope = cpu.scope()) {
        Tensor table = scope.zeros(DType.F32, Shape.of(3, 2));
        for (long wrong : new long[] {-1, 3, Long.MAX_VALUE}) {
          Tensor indices = scope.tensor(Shape.of(2, 2), 0L, 1L, wrong, 2L);
          assertEquals(
              "Embedding[]: indices must lie in [0, 3); got "
                  + wrong
                  + " as element 2 of indices I64 [2,2]",
              assertThrows(IllegalArgumentException.class, () -> new Embedding().of(table, indices))
                  .getMessage());
        }
      }
    }
  }

  @Test
  void scatteredSumsHaveTheSameBitsOnAnyNumberOfThreads() {
    double[] want = {};
    for (int threads : new int[] {1, 2, 5}) {
      try (CpuDevice cpu = CpuDevice.open(CpuDevice.Options.standard().withThreads(threads));
          Scope scope = cpu.scope()) {
        Tensor dy = scope.normal(DType.F32, Shape.of(4000, 300), 1);
        Tensor indices = scope.uniform(DType.F32, Shape.of(4000), 2).mul(50).to(DType.I32);
        double[] got = new Embedding.Grad(50).of(dy, indices).toDoubleArray();
        want = threads == 1 ? got : want;
        assertArrayEquals(want, got);
      }
    }
  }
}
