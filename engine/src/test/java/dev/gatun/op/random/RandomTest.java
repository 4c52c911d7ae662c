package dev.gatun.op.random;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.cpu.CpuDevice;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.Arrays;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class RandomTest {
  /// The known answers of the generator's authors (Random123, kat_vectors) for a zero counter and
  /// key.
  @Test
  void philoxGivesThePublishedWords() {
    assertEquals(0x6627e8d5, (int) Philox.words(0, 0, 0));
    assertEquals(0xe169c58d, (int) (Philox.words(0, 0, 0) >>> 32));
    assertEquals(0xbc57ac4c, (int) Philox.words(0, 0, 1));
    assertEquals(0x9b00dbd8, (int) (Philox.words(0, 0, 1) >>> 32));
  }

  @Test
  void anElementDependsOnItsNumberAlone() {
    try (CpuDevice cpu = CpuDevice.open();
        Scope s = cpu.scope()) {
      for (DType t : new DType[] {DType.F32, DType.F64}) {
        double[] all = s.normal(t, Shape.of(40_001), 5).toDoubleArray();
        for (int n : new int[] {0, 1, 2, 3, 16_384, 16_385, 40_000}) {
          double[] some = s.normal(t, Shape.of(n), 5).toDoubleArray();
          assertArrayEquals(Arrays.copyOf(all, n), some);
        }
      }
    }
  }

  @Test
  void manyNumbersHaveTheBitsOfFew() {
    int few = Random.FEW - 1;
    try (CpuDevice cpu = CpuDevice.open();
        Scope s = cpu.scope()) {
      for (DType t : new DType[] {DType.F32, DType.F64}) {
        assertPrefix(s.uniform(t, Shape.of(few), 9), s.uniform(t, Shape.of(few + 38), 9));
        assertPrefix(s.normal(t, Shape.of(few), 9), s.normal(t, Shape.of(few + 38), 9));
      }
      for (double low : new double[] {-2, 0.2, 3}) {
        assertPrefix(
            s.truncatedNormal(DType.F64, Shape.of(few), 0.1, 1.5, low, 4, 9),
            s.truncatedNormal(DType.F64, Shape.of(few + 38), 0.1, 1.5, low, 4, 9));
      }
      for (DType t : new DType[] {DType.I32, DType.I64}) {
        assertPrefix(
            s.randomInt(t, Shape.of(few), -5, 77, 9),
            s.randomInt(t, Shape.of(few + 38), -5, 77, 9));
      }
    }
  }

  private static void assertPrefix(Tensor few, Tensor many) {
    double[] prefix = Arrays.copyOf(many.toDoubleArray(), (int) few.shape().elems());
    assertArrayEquals(few.toDoubleArray(), prefix);
  }

  @Test
  void functionsAreWithinTheirBound() {
    for (int i = 0; i < 100_000; i++) {
      double u = Uniform.f64(Philox.words(3, i, 0));
      double log = StrictMath.log(1 - u);
      assertEquals(log, Elementary.log(1 - u), 2 * Math.ulp(log));
      double exp = StrictMath.exp(40 * log);
      assertEquals(exp, Elementary.exp(40 * log), 2 * Math.ulp(exp));
      // Rounding 2 pi u costs as much as the functions do.
      assertEquals(StrictMath.cos(2 * Math.PI * u), Elementary.cosine(u), 0x1p-50);
      assertEquals(StrictMath.sin(2 * Math.PI * u), Elementary.sine(u), 0x1p-50);
    }
    assertEquals(0, Elementary.exp(Double.NEGATIVE_INFINITY));
    assertEquals(1, Elementary.exp(0));
  }

  @Test
  void momentsAreThoseOfTheDistributions() {
    int n = 1_000_000;
    try (CpuDevice cpu = CpuDevice.open();
        Scope s = cpu.scope()) {
      double[] u = s.uniform(DType.F32, Shape.of(n), -3).toDoubleArray();
      assertTrue(Arrays.stream(u).allMatch(v -> v >= 0 && v < 1));
      // Five standard errors.
      assertEquals(0.5, moment(u, 1), 5 * 0.2887 / 1000);
      assertEquals(1.0 / 3, moment(u, 2), 5 * 0.2981 / 1000);
      double[] z = s.normal(DType.F64, Shape.of(n), 11).toDoubleArray();
      assertEquals(0, moment(z, 1), 5 * 1.0 / 1000);
      assertEquals(1, moment(z, 2), 5 * 1.4142 / 1000);
      assertEquals(0, moment(z, 3), 5 * 3.873 / 1000);
      assertEquals(3, moment(z, 4), 5 * 9.798 / 1000);
      double pairs = 0;
      for (int i = 0; i < n; i += 2) {
        pairs += z[i] * z[i + 1];
      }
      assertEquals(0, pairs / n * 2, 5 * 1.4142 / 1000);
    }
  }

  private static double moment(double[] v, int k) {
    return Arrays.stream(v).map(x -> Math.pow(x, k)).sum() / v.length;
  }

  @Test
  void wordsOfGroupsAreThoseOfTheirBlocks() {
    for (int e : new int[] {0, 1, 15, 16, 37, 63, 64, 200}) {
      long block = e / 64 * 16L + e % 16;
      int j = e % 64 / 16;
      long words = Philox.words(-9, block, j / 2);
      assertEquals((int) (j % 2 == 0 ? words : words >>> 32), Philox.word(-9, e));
    }
  }

  @Test
  void chancesAreThoseAskedFor() {
    int n = 1_000_000;
    try (CpuDevice cpu = CpuDevice.open();
        Scope s = cpu.scope()) {
      double[] b = s.bernoulli(DType.F32, Shape.of(n), 0.3, 5).toDoubleArray();
      assertEquals(0.3, moment(b, 1), 5 * 0.4583 / 1000);
      assertEquals(0, moment(s.bernoulli(DType.F32, Shape.of(99), 0, 5).toDoubleArray(), 1));
      assertEquals(1, moment(s.bernoulli(DType.F64, Shape.of(99), 1, 5).toDoubleArray(), 1));
      double[] i = s.randomInt(DType.I32, Shape.of(n), -2, 4, 5).toDoubleArray();
      assertTrue(Arrays.stream(i).allMatch(v -> v >= -2 && v < 4));
      assertEquals(0.5, moment(i, 1), 5 * 1.7078 / 1000);
      long[] p = s.permutation(n, 5).toLongArray();
      assertArrayEquals(LongStream.range(0, n).toArray(), Arrays.stream(p).sorted().toArray());
      long stay = IntStream.range(0, n).filter(k -> p[k] == k).count();
      assertTrue(stay < 8, () -> stay + " numbers stay where 1 is expected");
      Tensor w = s.tensor(Shape.of(4), 1f, 0f, 2f, 5f).broadcastTo(Shape.of(n, 4));
      double[] c = new Categorical(true, 5).of(w).toDoubleArray();
      for (int k = 0; k < 4; k++) {
        int at = k;
        double share = Arrays.stream(c).filter(v -> v == at).count() / (double) n;
        assertEquals(new double[] {0.125, 0, 0.25, 0.625}[k], share, 5 * 0.484 / 1000);
      }
      double[] l = new Categorical(false, 5).of(w.log()).toDoubleArray();
      assertTrue(IntStream.range(0, n).filter(k -> l[k] != c[k]).count() < 5);
    }
  }

  /// Mean and mean square against the distribution's, by Simpson's rule.
  @Test
  void truncatedNormalNumbersHaveTheirMoments() {
    int n = 400_000;
    double[][] limits = {{-2, 2}, {-0.1, 0.2}, {0.5, 9}, {-30, -4}, {3, 3.2}, {-1, 40}};
    try (CpuDevice cpu = CpuDevice.open();
        Scope s = cpu.scope()) {
      for (double[] ab : limits) {
        double[] z =
            s.truncatedNormal(DType.F64, Shape.of(n), 0, 1, ab[0], ab[1], 5).toDoubleArray();
        assertTrue(Arrays.stream(z).allMatch(v -> v >= ab[0] && v <= ab[1]));
        double one = integral(ab[0], ab[1], 1) / integral(ab[0], ab[1], 0);
        double two = integral(ab[0], ab[1], 2) / integral(ab[0], ab[1], 0);
        double deviation = Math.sqrt(two - one * one);
        assertEquals(one, moment(z, 1), 5 * deviation / Math.sqrt(n), Arrays.toString(ab));
        assertEquals(two, moment(z, 2), 15 * deviation * Math.sqrt(two / n), Arrays.toString(ab));
      }
    }
  }

  private static double integral(double a, double b, int power) {
    int steps = 20_000;
    double sum = 0;
    for (int i = 0; i <= steps; i++) {
      double z = a + (b - a) * i / steps;
      int weight = i == 0 || i == steps ? 1 : i % 2 == 0 ? 2 : 4;
      // Relative to the density near the limits: further out it would vanish.
      sum += weight * Math.pow(z, power) * Math.exp(-z * z / 2 + nearest(a, b));
    }
    return sum * (b - a) / steps / 3;
  }

  private static double nearest(double a, double b) {
    double z = a > 0 ? a : b < 0 ? b : 0;
    return z * z / 2;
  }

  @Test
  void dropoutMakesItsMaskAgain() {
    try (CpuDevice cpu = CpuDevice.open();
        Scope s = cpu.scope()) {
      Tensor x = s.full(DType.F32, Shape.of(5, 20_001), 3).requiresGrad();
      Tensor y = new Dropout(0.25, 5).of(x);
      double[] got = y.toDoubleArray();
      assertEquals(3, moment(got, 1), 5 * 3 * 0.58 / 316);
      double[] gone = s.bernoulli(DType.F64, x.shape(), 0.25, 5).toDoubleArray();
      double[] dx = y.backward().of(x).toDoubleArray();
      for (int i = 0; i < got.length; i++) {
        assertEquals(gone[i] == 1 ? 0 : 4, got[i], 1e-6);
        assertEquals(got[i] / 3, dx[i], 1e-6);
      }
      assertEquals(0, moment(new Dropout(1, 5).of(x).toDoubleArray(), 2));
      assertEquals(9, moment(new Dropout(0, 5).of(x).toDoubleArray(), 2));
      Tensor sum = new DropoutAdd(0.25, 5).of(x, x);
      assertArrayEquals(y.add(x).toDoubleArray(), sum.toDoubleArray(), 1e-6);
    }
  }
}
