package dev.gatun.op.reduce;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.cpu.CpuDevice;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ReductionTest {
  /// Sums over every subset of axes against sums taken index by index.
  @Test
  void sumsOverAnyAxes() {
    long[] dims = {2, 3, 1, 5, 2, 700};
    try (CpuDevice cpu = CpuDevice.open();
        Scope scope = cpu.scope()) {
      Tensor x = scope.normal(DType.F64, Shape.of(dims), 1);
      double[] values = x.toDoubleArray();
      for (int subset = 0; subset < 1 << dims.length; subset++) {
        List<Integer> axes = new ArrayList<>();
        for (int a = 0; a < dims.length; a++) {
          if ((subset >> a & 1) == 1) {
            axes.add(a);
          }
        }
        double[] got = new Sum(axes, false).of(x).toDoubleArray();
        assertArrayEquals(sums(values, dims, axes), got, 1e-10, "axes " + axes);
        assertEquals(x.shape().reduce(axes, true), new Sum(axes, true).of(x).shape());
      }
    }
  }

  private static double[] sums(double[] x, long[] dims, List<Integer> axes) {
    double[] sums = new double[(int) Shape.of(dims).reduce(axes, false).elems()];
    for (int i = 0; i < x.length; i++) {
      long rest = i;
      int at = 0;
      int stride = 1;
      for (int a = dims.length - 1; a >= 0; a--) {
        if (!axes.contains(a)) {
          at += (int) (rest % dims[a]) * stride;
          stride *= (int) dims[a];
        }
        rest /= dims[a];
      }
      sums[at] += x[i];
    }
    return sums;
  }

  /// One accumulator in F32 is off by some 1e-2 here.
  @Test
  void longF32SumsStayExactToAFewRoundings() {
    int n = 3_000_000;
    try (CpuDevice cpu = CpuDevice.open();
        Scope scope = cpu.scope()) {
      Tensor x = scope.full(DType.F32, Shape.of(n), 0.1);
      double want = n * (double) 0.1f;
      assertEquals(1, x.sum().item() / want, 32 * 0x1p-24);
      assertEquals(1, x.reshape(n / 3, 3).sum(0).toDoubleArray()[1] * 3 / want, 64 * 0x1p-24);
      assertEquals(1, x.reshape(2, n / 4, 2).mean(1).toDoubleArray()[3] / 0.1f, 64 * 0x1p-24);
    }
  }

  @Test
  void oneResultHasTheSameBitsOnAnyNumberOfThreads() {
    List<double[]> results = new ArrayList<>();
    for (int threads : new int[] {1, 2, 5}) {
      try (CpuDevice cpu = CpuDevice.open(CpuDevice.Options.standard().withThreads(threads));
          Scope scope = cpu.scope()) {
        Tensor x = scope.normal(DType.F32, Shape.of(1_000_003), 3);
        Tensor rows = x.slice(0, 0, 999_999).reshape(111_111, 9);
        results.add(new double[] {x.sum().item(), x.mean().item(), rows.sum(0).toDoubleArray()[8]});
      }
    }
    assertArrayEquals(results.get(0), results.get(1));
    assertArrayEquals(results.get(0), results.get(2));
  }

  @Test
  void nothingSumsToZeroAndHasNoMeanOrMaximum() {
    try (CpuDevice cpu = CpuDevice.open();
        Scope scope = cpu.scope()) {
      Tensor x = scope.zeros(DType.F32, Shape.of(2, 0));
      assertArrayEquals(new double[] {0, 0}, x.sum(1).toDoubleArray());
      assertArrayEquals(new double[] {Double.NaN, Double.NaN}, x.mean(1).toDoubleArray());
      assertEquals(0, x.sum(0).shape().elems());
      IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> x.max(1));
      assertTrue(e.toString().contains(": Max[axes=[1], keepDims=false]: "), e.toString());
      assertTrue(e.toString().contains("must have elements"), e.toString());
    }
  }

  @Test
  void maximaMatchALoopOverLongRows() {
    Random random = new Random(5);
    double[] x = random.doubles(4 * 40_001, -9, -1).toArray();
    try (CpuDevice cpu = CpuDevice.open();
        Scope scope = cpu.scope()) {
      Tensor t = scope.tensor(Shape.of(4, 40_001), x);
      double[] want = new double[4];
      java.util.Arrays.fill(want, Double.NEGATIVE_INFINITY);
      for (int i = 0; i < x.length; i++) {
        want[i / 40_001] = Math.max(want[i / 40_001], x[i]);
      }
      assertArrayEquals(want, t.max(1).toDoubleArray());
      assertArrayEquals(want, t.transpose().max(0).toDoubleArray());
    }
  }

  @Test
  void equalMaximaShareTheGradientAndNanWins() {
    try (CpuDevice cpu = CpuDevice.open();
        Scope scope = cpu.scope()) {
      Tensor x = scope.tensor(Shape.of(2, 2, 2), 3f, 1f, 3f, 2f, 5f, 3f, 0f, -1f).requiresGrad();
      Tensor dy = scope.tensor(Shape.of(2), 6f, 8f);
      assertArrayEquals(
          new float[] {0, 0, 0, 0, 6, 8, 0, 0}, x.max(0, 1).backward(dy).of(x).toFloatArray());
      Tensor tied = scope.tensor(Shape.of(4), 0f, 2f, -0f, 2f).requiresGrad();
      assertArrayEquals(
          new float[] {0, 0.5f, 0, 0.5f}, tied.max().backward().of(tied).toFloatArray());
      Tensor nan = scope.tensor(Shape.of(3), 1f, Float.NaN, 2f).requiresGrad();
      assertTrue(Double.isNaN(nan.max().item()));
      assertArrayEquals(new float[] {0, 1, 0}, nan.max().backward().of(nan).toFloatArray());
    }
  }
}
