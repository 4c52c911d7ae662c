package dev.gatun.op.math;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.autograd.Gradients;
import dev.gatun.cpu.CpuDevice;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.Arrays;
import java.util.Random;
import java.util.function.BinaryOperator;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Zeros, infinities and NaN bit by bit, ties, and exact quotients.
class ElementwiseTest {
  private static final double INF = Double.POSITIVE_INFINITY;
  private static final double NAN = Double.NaN;
  private static final double[] EDGES = {
    0,
    -0.0,
    0.5,
    -0.5,
    1.5,
    -1.5,
    2.5,
    -2.5,
    0.3,
    -0.3,
    1,
    -1,
    7,
    -7,
    1e-30,
    -1e-30,
    0x1.8p22,
    0x1.000001p23,
    -0x1p23,
    0x1p31,
    -1e30,
    INF,
    -INF,
    NAN
  };

  private CpuDevice cpu;
  private Scope s;

  @BeforeEach
  void open() {
    cpu = CpuDevice.open();
    s = cpu.scope();
  }

  @AfterEach
  void close() {
    s.close();
    cpu.close();
  }

  private Tensor of(DType t, double... v) {
    return s.tensor(t, Shape.of(v.length), v);
  }

  @Test
  void unaryEdges() {
    unary(Tensor::floor, Math::floor);
    unary(Tensor::ceil, Math::ceil);
    unary(Tensor::round, Math::rint);
    unary(Tensor::truncate, x -> x < 0 ? Math.ceil(x) : Math.floor(x));
    unary(Tensor::abs, Math::abs);
    unary(Tensor::sign, Math::signum);
    unary(x -> x.clamp(-0.5, 2), x -> Math.min(Math.max(x, -0.5), 2));
    unary(x -> x.isNan().to(x.dtype()), x -> Double.isNaN(x) ? 1 : 0);
    unary(x -> x.isInfinite().to(x.dtype()), x -> Double.isInfinite(x) ? 1 : 0);
    unary(x -> x.isFinite().to(x.dtype()), x -> Double.isFinite(x) ? 1 : 0);
  }

  private void unary(UnaryOperator<Tensor> op, DoubleUnaryOperator java) {
    for (DType t : new DType[] {DType.F32, DType.F64}) {
      Tensor x = of(t, EDGES);
      double[] want = Arrays.stream(x.toDoubleArray()).map(java).toArray();
      same(want, op.apply(x).toDoubleArray());
    }
  }

  /// Signs of zeros count.
  private static void same(double[] want, double[] got) {
    assertEquals(want.length, got.length);
    for (int i = 0; i < want.length; i++) {
      assertEquals(want[i], got[i], "element " + i);
      assertEquals(0, Double.compare(want[i], got[i]), "element " + i + ": " + got[i]);
    }
  }

  @Test
  void binaryEdges() {
    binary(Tensor::maximum, Math::max);
    binary(Tensor::minimum, Math::min);
    binary(Tensor::fmod, (x, y) -> x % y);
    binary(Tensor::remainder, ElementwiseTest::floored);
    binary((x, y) -> x.less(y).to(x.dtype()), (x, y) -> x < y ? 1 : 0);
    binary((x, y) -> x.lessEqual(y).to(x.dtype()), (x, y) -> x <= y ? 1 : 0);
    binary((x, y) -> x.greater(y).to(x.dtype()), (x, y) -> x > y ? 1 : 0);
    binary((x, y) -> x.greaterEqual(y).to(x.dtype()), (x, y) -> x >= y ? 1 : 0);
    binary((x, y) -> x.equal(y).to(x.dtype()), (x, y) -> x == y ? 1 : 0);
    binary((x, y) -> x.notEqual(y).to(x.dtype()), (x, y) -> x != y ? 1 : 0);
  }

  private static double floored(double x, double y) {
    double r = x % y;
    return r == 0 ? Math.copySign(0, y) : r < 0 == y < 0 ? r : r + y;
  }

  /// Every edge with every edge.
  private void binary(BinaryOperator<Tensor> op, DoubleBinaryOperator java) {
    int n = EDGES.length;
    for (DType t : new DType[] {DType.F32, DType.F64}) {
      Tensor x = of(t, EDGES).reshape(n, 1);
      Tensor y = of(t, EDGES);
      double[] v = y.toDoubleArray();
      double[] want = new double[n * n];
      for (int i = 0; i < want.length; i++) {
        double z = java.applyAsDouble(v[i / n], v[i % n]);
        want[i] = t == DType.F32 ? (float) z : z;
      }
      same(want, op.apply(x, y).toDoubleArray());
    }
  }

  /// The table of Python's `//` and NumPy's `floor_divide`.
  @Test
  void floorDivideRoundsTheExactQuotientDown() {
    double[][] table = {
      {7, 2, 3},
      {-7, 2, -4},
      {7, -2, -4},
      {-7, -2, 3},
      {1, 0.1, 9}, // 0.1 in F64 is above a tenth
      {6, 2, 3},
      {-6, 2, -3},
      {0, 3, 0},
      {-0.0, 3, -0.0},
      {0, -3, -0.0},
      {1, INF, 0},
      {-1, INF, -1},
      {1, 0, INF},
      {-1, 0, -INF},
      {0, 0, NAN},
      {INF, 2, NAN},
      {1e30, 7, Math.rint(1e30 / 7)},
      {-1, 0x1p60, -1}
    };
    double[] x = Arrays.stream(table).mapToDouble(r -> r[0]).toArray();
    double[] y = Arrays.stream(table).mapToDouble(r -> r[1]).toArray();
    double[] z = Arrays.stream(table).mapToDouble(r -> r[2]).toArray();
    same(z, of(DType.F64, x).floorDivide(of(DType.F64, y)).toDoubleArray());
  }

  @Test
  void quotientAndRemainderBelongTogether() {
    Random random = new Random(3);
    for (DType t : new DType[] {DType.F32, DType.F64}) {
      double[] v = random.doubles(5000, -4000, 4000).toArray();
      double[] w = random.doubles(5000, -4, 4).toArray();
      Tensor x = of(t, v);
      Tensor y = of(t, w);
      double[] q = x.floorDivide(y).toDoubleArray();
      double[] a = x.toDoubleArray();
      double[] b = y.toDoubleArray();
      for (int i = 0; i < a.length; i++) {
        double exact =
            Math.floor(
                new java.math.BigDecimal(a[i])
                    .divide(new java.math.BigDecimal(b[i]), 40, java.math.RoundingMode.FLOOR)
                    .setScale(0, java.math.RoundingMode.FLOOR)
                    .doubleValue());
        assertEquals(t == DType.F32 ? (float) exact : exact, q[i], a[i] + " / " + b[i]);
      }
      double[] r = x.remainder(y).toDoubleArray();
      double[] f = x.fmod(y).toDoubleArray();
      for (int i = 0; i < a.length; i++) {
        assertEquals(a[i] % b[i], f[i]);
        double want = floored(a[i], b[i]);
        assertEquals(t == DType.F32 ? (float) want : want, r[i]);
      }
    }
  }

  @Test
  void tiesShareTheGradient() {
    Tensor x = of(DType.F64, 1, 2, 3, NAN).requiresGrad();
    Tensor y = of(DType.F64, 1, 3, 2, 0).requiresGrad();
    Gradients max = x.maximum(y).sum().backward();
    assertArrayEquals(new double[] {0.5, 0, 1, 0}, max.of(x).toDoubleArray());
    assertArrayEquals(new double[] {0.5, 1, 0, 0}, max.of(y).toDoubleArray());
    Gradients min = x.minimum(y).sum().backward();
    assertArrayEquals(new double[] {0.5, 1, 0, 0}, min.of(x).toDoubleArray());
    assertArrayEquals(new double[] {0.5, 0, 1, 0}, min.of(y).toDoubleArray());
  }

  @Test
  void clampPassesTheGradientAtItsBounds() {
    Tensor x = of(DType.F32, -1, 0, 0.5, 1, 2, NAN).requiresGrad();
    float[] dx = x.clamp(0, 1).sum().backward().of(x).toFloatArray();
    assertArrayEquals(new float[] {0, 1, 1, 1, 0, 0}, dx);
  }

  @Test
  void clampRefusesCrossedBounds() {
    Tensor x = of(DType.F32, 1);
    IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> x.clamp(2, 1));
    String text = String.valueOf(e.getMessage());
    assertTrue(text.contains("lo must be at most hi"), text);
    assertThrows(IllegalArgumentException.class, () -> x.clamp(NAN, 1));
  }

  @Test
  void whereKeepsWhatWasNotChosenOut() {
    Tensor x = of(DType.F32, -1, 4, 0, 9).requiresGrad();
    Tensor y = x.greater(0).where(x.square(), x.reciprocal()).sum();
    float[] dx = y.backward().of(x).toFloatArray();
    assertArrayEquals(new float[] {-1, 8, Float.NEGATIVE_INFINITY, 18}, dx);
    // The branch with NaN is not chosen.
    Tensor z = s.full(DType.F32, Shape.of(), NAN);
    assertArrayEquals(
        new float[] {0, 4, 0, 9},
        x.greater(0).where(x, s.full(DType.F32, Shape.of(), 0)).toFloatArray());
    assertArrayEquals(new float[] {-1, 4, 0, 9}, x.isNan().where(z, x).toFloatArray());
  }

  @Test
  void whereBroadcastsManyAxes() {
    Tensor c = s.tensor(DType.BOOL, Shape.of(2, 1, 2, 1, 2, 1, 2), flags(16));
    Tensor x = s.normal(DType.F64, Shape.of(1, 3, 1, 3, 1, 3, 1), 1);
    Tensor y = s.normal(DType.F64, Shape.of(2, 3, 1, 1, 2, 3, 2), 2);
    Shape z = Shape.of(2, 3, 2, 3, 2, 3, 2);
    double[] want =
        c.broadcastTo(z)
            .copy()
            .where(x.broadcastTo(z).copy(), y.broadcastTo(z).copy())
            .toDoubleArray();
    assertArrayEquals(want, c.where(x, y).toDoubleArray());
  }

  private static double[] flags(int n) {
    double[] v = new double[n];
    Arrays.setAll(v, i -> i % 3 == 0 ? 1 : 0);
    return v;
  }

  @Test
  void whereOfLongRowsWithEveryRepeat() {
    int n = 40_007;
    Tensor c = s.uniform(DType.F32, Shape.of(n), 1).less(0.5);
    Tensor x = s.normal(DType.F32, Shape.of(n), 2);
    Tensor one = s.full(DType.F32, Shape.of(), 1);
    boolean[] first = new boolean[n];
    long[] flags = c.toLongArray();
    float[] v = x.toFloatArray();
    float[] a = c.where(x, one).toFloatArray();
    float[] b = c.where(one, x).toFloatArray();
    float[] both = c.where(one, one.neg()).toFloatArray();
    for (int i = 0; i < n; i++) {
      first[i] = flags[i] != 0;
      assertEquals(first[i] ? v[i] : 1, a[i]);
      assertEquals(first[i] ? 1 : v[i], b[i]);
      assertEquals(first[i] ? 1 : -1, both[i]);
    }
  }
}
