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
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class RopeTest {
  private static double greatest(double[] x) {
    return Arrays.stream(x).map(Math::abs).max().orElse(0);
  }

  /// Against angles of 40 digits, reduced exactly.
  @Test
  void floatsAtPosition100000AreRight() {
    MathContext digits = new MathContext(40);
    BigDecimal pi2 = new BigDecimal("6.283185307179586476925286766559005768394");
    try (CpuDevice cpu = CpuDevice.open();
        Scope scope = cpu.scope()) {
      for (boolean pairs : new boolean[] {false, true}) {
        Rotary rotary = Rotary.of(64).withBase(500_000).withInterleaved(pairs);
        Tensor x = scope.normal(DType.F32, Shape.of(2, 33, 64), 5);
        double[] xs = x.toDoubleArray();
        double[] got = Rope.of(x, rotary, 100_000).toDoubleArray();
        double[] want = new double[xs.length];
        for (int row = 0; row < 66; row++) {
          for (int i = 0; i < 32; i++) {
            double f = 1 / Math.pow(500_000, i / 32.0);
            BigDecimal angle =
                new BigDecimal(100_000 + row % 33).multiply(new BigDecimal(f), digits);
            double t = angle.remainder(pi2, digits).doubleValue();
            int a = row * 64 + (pairs ? 2 * i : i);
            int b = a + (pairs ? 1 : 32);
            want[a] = xs[a] * Math.cos(t) - xs[b] * Math.sin(t);
            want[b] = xs[b] * Math.cos(t) + xs[a] * Math.sin(t);
          }
        }
        assertArrayEquals(want, got, 2e-7 * greatest(want));
      }
    }
  }

  @Test
  void productsDependOnDistancesAlone() {
    try (CpuDevice cpu = CpuDevice.open();
        Scope scope = cpu.scope()) {
      Rotary plain = Rotary.of(6).withBase(100);
      for (Rotary r : new Rotary[] {plain, plain.withXPos(new Rotary.XPos(64, 40))}) {
        Tensor q = scope.normal(DType.F64, Shape.of(1, 8), 1);
        Tensor k = scope.normal(DType.F64, Shape.of(1, 8), 2);
        double near = product(r, q, k, 9, 4);
        assertEquals(near, product(r, q, k, 77, 72), 1e-12);
        assertTrue(Math.abs(near - product(r, q, k, 77, 71)) > 1e-3);
      }
    }
  }

  private static double product(Rotary r, Tensor q, Tensor k, long i, long j) {
    Rotary.Tables queries = r.tables(q.scope(), q.dtype(), i, 1);
    Rotary.Tables keys = r.keyTables(k.scope(), k.dtype(), j, 1);
    return Rope.of(q, r, queries).mul(Rope.of(k, r, keys)).sum().item();
  }

  @Test
  void theInverseTurnsBackAndTheGradientIsTheTranspose() {
    try (CpuDevice cpu = CpuDevice.open();
        Scope scope = cpu.scope()) {
      Rotary r = Rotary.of(4).withXPos(new Rotary.XPos(32, 3)).withInterleaved(true);
      Tensor x = scope.normal(DType.F64, Shape.of(2, 7, 5), 1).requiresGrad();
      Tensor g = scope.normal(DType.F64, Shape.of(2, 7, 5), 2);
      Tensor y = Rope.of(x, r, 11);
      double forward = y.mul(g).sum().item();
      double backward = y.backward(g).of(x).mul(x.detach()).sum().item();
      assertEquals(forward, backward, 1e-12);
      Rotary plain = Rotary.of(4);
      Rotary.Tables t = plain.tables(scope, DType.F64, 11, 7);
      Tensor back = new Rope(false, true).of(Rope.of(x.detach(), plain, t), t.cos(), t.sin());
      assertArrayEquals(x.toDoubleArray(), back.toDoubleArray(), 1e-14);
    }
  }

  @Test
  void positionsMayBeGivenForEachBatch() {
    try (CpuDevice cpu = CpuDevice.open();
        Scope scope = cpu.scope()) {
      Rotary r = Rotary.of(6);
      Tensor x = scope.normal(DType.F32, Shape.of(2, 3, 4, 6), 1);
      Tensor at = scope.tensor(Shape.of(2, 1, 4), 5L, 6, 7, 8, 100_003, 100_000, 100_001, 100_002);
      Tensor y = Rope.of(x, r, r.tables(DType.F32, at));
      Tensor first = Rope.of(x.slice(0, 0, 1), r, 5);
      assertArrayEquals(first.toFloatArray(), y.slice(0, 0, 1).toFloatArray());
      Tensor second = Rope.of(x.slice(0, 1, 2).slice(2, 1, 4), r, 100_000);
      assertArrayEquals(second.toFloatArray(), y.slice(0, 1, 2).slice(2, 1, 4).toFloatArray());
    }
  }

  @Test
  void scalingsChangeFrequenciesAsPublished() {
    Rotary plain = Rotary.of(64);
    Rotary linear = plain.withScaling(new Rotary.Scaling.Linear(8));
    Rotary ntk = plain.withScaling(new Rotary.Scaling.NtkAware(8));
    Rotary yarn = plain.withScaling(Rotary.Scaling.Yarn.of(8, 4096));
    for (int i = 0; i < 32; i++) {
      assertEquals(plain.frequency(i) / 8, linear.frequency(i), 1e-18);
    }
    assertEquals(1, ntk.frequency(0));
    assertEquals(plain.frequency(31) / 8, ntk.frequency(31), 1e-18);
    // 4096 positions are 32 turns at pair 10.6 and one at 22.5.
    assertEquals(plain.frequency(10), yarn.frequency(10));
    assertEquals(plain.frequency(23) / 8, yarn.frequency(23), 1e-18);
    double half = plain.frequency(16) * (6 / 13.0 / 8 + 7 / 13.0);
    assertEquals(half, yarn.frequency(16), 1e-15);
    assertEquals(0.1 * Math.log(8) + 1, yarn.scaling().magnitude());
  }

  @Test
  void anglesBeyondAMillionAreReducedExactly() {
    try (CpuDevice cpu = CpuDevice.open();
        Scope scope = cpu.scope()) {
      Rotary.Tables t = Rotary.of(2).tables(scope, DType.F64, 999_990, 20);
      double[] cos = t.cos().toDoubleArray();
      for (int i = 0; i < 20; i++) {
        assertEquals(StrictMath.cos(999_990 + i), cos[i], 1e-15);
      }
    }
  }

  @Test
  void oddSizesAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> Rotary.of(7));
    assertThrows(IllegalArgumentException.class, () -> Rotary.of(0));
    assertThrows(IllegalArgumentException.class, () -> Rotary.of(4).withBase(-1));
  }
}
