package dev.gatun.op.reduce;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.cpu.CpuDevice;
import dev.gatun.op.reduce.IntegerReduction.Kind;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class StatisticsTest {
  private CpuDevice cpu;
  private Scope scope;

  @BeforeEach
  void open() {
    cpu = CpuDevice.open();
    scope = cpu.scope();
  }

  @AfterEach
  void close() {
    scope.close();
    cpu.close();
  }

  /// Every subset of axes, in one pass or several, against the reference kernels.
  @Test
  void reducesOverAnyAxes() {
    long[] dims = {2, 3, 1, 5, 2, 700};
    List<Function<List<Integer>, Accumulation>> ops =
        List.of(
            a -> new Prod(a, false),
            a -> new Min(a, true),
            a -> new Variance(a, false, 0),
            a -> new Norm(a, false, 2.5),
            a -> new LogSumExp(a, false),
            a -> new CountNonzero(a, false));
    try (CpuDevice plain =
            CpuDevice.open(CpuDevice.Options.standard().withReferenceKernels().withThreads(1));
        Scope other = plain.scope()) {
      double[] values = scope.normal(DType.F64, Shape.of(dims), 1).mul(0.1).add(1).toDoubleArray();
      Tensor x = scope.tensor(Shape.of(dims), values);
      Tensor y = other.tensor(Shape.of(dims), values);
      for (int subset = 0; subset < 1 << dims.length; subset += 3) {
        List<Integer> axes = new ArrayList<>();
        for (int a = 0; a < dims.length; a++) {
          if ((subset >> a & 1) == 1) {
            axes.add(a);
          }
        }
        for (Function<List<Integer>, Accumulation> op : ops) {
          double[] want = op.apply(axes).of(y).toDoubleArray();
          double[] got = op.apply(axes).of(x).toDoubleArray();
          double scale = 1 + Arrays.stream(want).map(Math::abs).max().orElse(0);
          assertArrayEquals(want, got, 1e-10 * scale, () -> op.apply(axes).toString());
        }
      }
    }
  }

  @Test
  void aLargeMeanDoesNotCancelInTheVariance() {
    int n = 1_000_000;
    float[] x = new float[n];
    for (int i = 0; i < n; i++) {
      x[i] = 4096 + (i % 2 == 0 ? 0.25f : -0.25f);
    }
    Tensor t = scope.tensor(Shape.of(n), x);
    assertEquals(1.0 / 16, t.var(0, false).item(), 1e-8);
    assertEquals(0.25, t.reshape(n / 4, 4).std(0, true, 0, 1).item(), 1e-8);
    assertEquals(1.0 / 16 * n / (n - 1), t.var().item(), 1e-8);
    double[] y = new double[n];
    Arrays.setAll(y, i -> 1e9 + i % 2);
    assertEquals(0.25, scope.tensor(Shape.of(2, n / 2), y).var(0, false).item(), 1e-12);
  }

  @Test
  void oneResultHasTheSameBitsOnAnyNumberOfThreads() {
    List<double[]> results = new ArrayList<>();
    for (int threads : new int[] {1, 2, 5}) {
      try (CpuDevice device = CpuDevice.open(CpuDevice.Options.standard().withThreads(threads));
          Scope s = device.scope()) {
        Tensor x = s.normal(DType.F64, Shape.of(1_000_003), 3);
        Tensor rows = x.slice(0, 0, 999_999).reshape(111_111, 9);
        results.add(
            new double[] {
              x.var().item(),
              x.norm(2).item(),
              x.logSumExp().item(),
              rows.std(0).toDoubleArray()[8],
              rows.argMax(0).toDoubleArray()[4],
              rows.cumSum(0).toDoubleArray()[999_990]
            });
      }
    }
    assertArrayEquals(results.get(0), results.get(1));
    assertArrayEquals(results.get(0), results.get(2));
  }

  @Test
  void runningSumsOfColumnsHaveTheSameBitsOnAnyNumberOfThreads() {
    List<float[]> results = new ArrayList<>();
    for (int threads : new int[] {1, 2, 5}) {
      try (CpuDevice device = CpuDevice.open(CpuDevice.Options.standard().withThreads(threads));
          Scope s = device.scope()) {
        // One worker walks whole rows, several walk strips of columns; 61 rows leave five over.
        results.add(s.normal(DType.F32, Shape.of(61, 256), 4).cumSum(0).toFloatArray());
      }
    }
    assertArrayEquals(results.get(0), results.get(1));
    assertArrayEquals(results.get(0), results.get(2));
  }

  @Test
  void normsAndProductsDoNotOverflowInF32() {
    Tensor x = scope.tensor(Shape.of(4), 3e30f, 4e30f, 0f, 0f);
    assertEquals(5e30, x.norm(2).item(), 1e24);
    assertEquals(5e30, x.norm(2.0000001).item(), 1e25);
    Tensor y = scope.tensor(Shape.of(4), 1e30f, 1e30f, 1e-30f, 1e-30f);
    assertEquals(1, y.prod().item(), 1e-6);
  }

  @Test
  void gradientsAtZeros() {
    Tensor x = scope.tensor(Shape.of(2, 3), 2f, 0f, 3f, 0f, 0f, 5f).requiresGrad();
    assertArrayEquals(
        new float[] {0, 6, 0, 0, 0, 0}, x.prod(1).sum().backward().of(x).toFloatArray());
    Tensor one = scope.tensor(Shape.of(4), 2f, 0f, 3f, 4f).requiresGrad();
    assertArrayEquals(
        new float[] {1, 2 + 6 + 24, 0, 0}, one.cumProd(0).sum().backward().of(one).toFloatArray());
    Tensor none = scope.zeros(DType.F32, Shape.of(3)).requiresGrad();
    assertArrayEquals(new float[3], none.norm(2).backward().of(none).toFloatArray());
    assertArrayEquals(new float[3], none.std().backward().of(none).toFloatArray());
  }

  @Test
  void theFirstExtremeWinsAndNanBeforeAll() {
    Tensor x = scope.tensor(Shape.of(2, 5), 1f, 7f, -2f, 7f, -2f, 0f, -0f, Float.NaN, 1, Float.NaN);
    assertArrayEquals(new long[] {1, 2}, x.argMax(1).toLongArray());
    assertArrayEquals(new long[] {2, 2}, x.argMin(-1).toLongArray());
    assertArrayEquals(new long[] {0, 0, 1, 0, 1}, x.argMax(0).toLongArray());
    Tensor zeros = scope.tensor(Shape.of(2), -0f, 0f);
    assertEquals(0, zeros.argMax(0).item());
    float[] values = new float[70_000];
    values[40_000] = 3;
    values[60_000] = 3;
    assertEquals(40_000, scope.tensor(Shape.of(70_000), values).argMax(0).item());
    assertEquals(20_000, scope.tensor(Shape.of(35_000, 2), values).argMax(0).toLongArray()[0]);
  }

  @Test
  void nothingHasIdentitiesButNoExtremes() {
    Tensor x = scope.zeros(DType.F32, Shape.of(2, 0));
    assertArrayEquals(new double[] {1, 1}, x.prod(1).toDoubleArray());
    assertArrayEquals(new double[] {0, 0}, x.norm(2, 1).toDoubleArray());
    assertEquals(Double.NEGATIVE_INFINITY, x.logSumExp().item());
    assertEquals(0, x.any().item());
    assertEquals(1, x.all().item());
    assertTrue(Double.isNaN(x.var().item()));
    for (Function<Tensor, Tensor> op :
        List.<Function<Tensor, Tensor>>of(t -> t.min(1), t -> t.argMin(1), t -> t.argMax(1))) {
      IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> op.apply(x));
      assertTrue(e.toString().contains("must have elements"), e.toString());
    }
  }

  @Test
  void integersAreExact() {
    Tensor x = scope.tensor(Shape.of(3), (1L << 60) + 1, 2, -1);
    assertArrayEquals(new long[] {(1L << 60) + 2}, x.sum().toLongArray());
    assertArrayEquals(new long[] {(1L << 60) + 1}, x.max().toLongArray());
    assertArrayEquals(new long[] {-1}, x.min().toLongArray());
    assertArrayEquals(new long[] {-((1L << 61) + 2)}, x.prod().toLongArray());
    Tensor mask = scope.tensor(DType.BOOL, Shape.of(2, 2), 1, 0, 1, 1);
    assertArrayEquals(new long[] {2, 1}, mask.sum(0).toLongArray());
    assertEquals(Shape.of(2, 1), mask.sumKeep(1).shape());
    assertEquals(DType.BOOL, mask.max(0).dtype());
    assertEquals(DType.I64, new IntegerReduction(Kind.PROD, List.of(0), false).of(mask).dtype());
    assertArrayEquals(new double[] {1, 0}, mask.all(0).toDoubleArray());
  }

  /// One accumulator in F32 is off by some 1e-2 at the end.
  @Test
  void longRunningSumsDoNotDrift() {
    int n = 3_000_000;
    Tensor x = scope.full(DType.F32, Shape.of(n), 0.1);
    double[] rows = x.cumSum(0).toDoubleArray();
    double[] columns = x.reshape(n / 3, 3).cumSum(0, true, false).toDoubleArray();
    for (int i = 0; i < n; i += 997) {
      double want = (i + 1) * (double) 0.1f;
      assertEquals(1, rows[i] / want, 0x1p-24 * 1.01);
      int r = n / 3 - i / 3;
      // Columns of F32 are sums of two floats: the bound that CumSum states.
      assertEquals(1, columns[i] / (r * (double) 0.1f), 0x1p-23 + 7 * 0x1p-24);
    }
  }

  @Test
  void runningMaximaKnowTheirPlaces() {
    Tensor x = scope.tensor(Shape.of(6), 1f, 3f, 3f, 2f, Float.NaN, 9f).requiresGrad();
    List<Tensor> y = x.cumMax(0);
    assertArrayEquals(new float[] {1, 3, 3, 3, Float.NaN, Float.NaN}, y.get(0).toFloatArray());
    assertArrayEquals(new long[] {0, 1, 2, 2, 4, 4}, y.get(1).toLongArray());
    assertArrayEquals(new float[] {1, 1, 2, 0, 2, 0}, y.get(0).backward().of(x).toFloatArray());
  }
}
