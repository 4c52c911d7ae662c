package dev.gatun.cpu.simd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Powers of F64 numbers against 60 digits, and against `Math.pow` where no digits are in question.
final class PowTest {
  private static final int N = 515;

  private final Loop.Binary loop = new PowF64Loop();

  @ParameterizedTest
  @CsvSource({
    "0.5, 2, 1000",
    "0.001, 1000, 100",
    "0.999999, 1.000001, 1000",
    "1e-300, 1e300, 1",
    "0.7, 1.42, 2",
  })
  void keepsItsBound(double from, double to, double most) {
    SplittableRandom random = new SplittableRandom(23);
    for (int i = 0; i < N; i++) {
      double x = random.nextDouble(from, to);
      double y = random.nextDouble(-most, most);
      double got = power(x, y);
      BigDecimal exact = Exact.pow(x, y);
      BigDecimal off = new BigDecimal(got).subtract(exact).abs();
      double ulp = Math.ulp(exact.doubleValue());
      double error = off.divide(new BigDecimal(ulp), MathContext.DECIMAL32).doubleValue();
      assertTrue(error <= 1, () -> x + "^" + y + " = " + got + ", off " + error + " ulp");
    }
  }

  @Test
  void signsAndSpecialCasesAreThoseOfTheJdk() {
    double[] numbers = {
      0,
      -0.0,
      1,
      -1,
      2,
      -2,
      3,
      -3,
      0.5,
      -0.5,
      1.5,
      1e40,
      -1e40,
      0x1p53,
      0x1p52 + 1,
      Double.MIN_VALUE,
      -Double.MIN_VALUE,
      Double.MIN_NORMAL,
      Double.MAX_VALUE,
      -Double.MAX_VALUE,
      Double.POSITIVE_INFINITY,
      Double.NEGATIVE_INFINITY,
      Double.NaN,
      1021,
      1024,
      -1022,
      -1075
    };
    for (double x : numbers) {
      for (double y : numbers) {
        double want = Math.pow(x, y);
        near(want, power(x, y));
        assertEquals(1 / want < 0, 1 / power(x, y) < 0, "sign of " + x + "^" + y);
      }
    }
  }

  @Test
  void loopsAgree() {
    SplittableRandom random = new SplittableRandom(29);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment x = arena.allocate(N * 8L, 64);
      MemorySegment y = arena.allocate(N * 8L, 64);
      MemorySegment z = arena.allocate(N * 8L, 64);
      for (int i = 0; i < N; i++) {
        x.set(Lanes.DOUBLE, i * 8L, i % 7 == 3 ? -i : random.nextDouble(0, 9));
        y.set(Lanes.DOUBLE, i * 8L, i % 5 == 1 ? i : random.nextDouble(-9, 9));
      }
      loop.run(x, 0, 0, y, 0, 0, z, 0, 1, N);
      for (int i = 0; i < N; i++) {
        near(Math.pow(at(x, i), at(y, i)), at(z, i));
      }
      loop.runLeft(x, 4, 0, y, 0, 0, z, 0, 1, N);
      for (int i = 0; i < N; i++) {
        near(Math.pow(at(x, 4), at(y, i)), at(z, i));
      }
      loop.runRight(x, 0, 0, y, 6, 0, z, 0, 1, N);
      for (int i = 0; i < N; i++) {
        near(Math.pow(at(x, i), at(y, 6)), at(z, i));
      }
    }
  }

  /// In every lane.
  private double power(double x, double y) {
    int lanes = Lanes.F64.length();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bases = arena.allocate(lanes * 8L, 64);
      MemorySegment z = arena.allocate(lanes * 8L, 64);
      for (int i = 0; i < lanes; i++) {
        bases.set(Lanes.DOUBLE, i * 8L, x);
      }
      loop.runScalar(bases, 0, y, z, 0, lanes);
      return at(z, lanes - 1);
    }
  }

  private static double at(MemorySegment x, int i) {
    return x.get(Lanes.DOUBLE, i * 8L);
  }

  private static void near(double want, double got) {
    if (Double.isNaN(want)) {
      assertEquals(want, got);
    } else {
      assertEquals(want, got, 2 * Math.ulp(want));
    }
  }
}
