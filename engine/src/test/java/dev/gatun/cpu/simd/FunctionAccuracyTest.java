package dev.gatun.cpu.simd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.SplittableRandom;
import java.util.function.DoubleFunction;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.Stream;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The error bounds the lane functions state, in units of the last place of the true value, and
/// that compiled loops give the bits that interpreted ones gave.
final class FunctionAccuracyTest {
  private static final int N = 1 << 10;

  /// One function in F32, its reference in double, its bound in ulp.
  record F32(String name, Loop.Unary loop, DoubleUnaryOperator exact, double bound) {
    @Override
    public String toString() {
      return name;
    }
  }

  /// One function in F64, its reference, its bound in ulp, and the arguments to try.
  record F64(
      String name,
      Loop.Unary loop,
      DoubleFunction<BigDecimal> exact,
      double bound,
      double from,
      double to) {
    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<F32> f32() {
    return Stream.of(
        new F32("exp", Loop.f32(ExpLanes::f32), StrictMath::exp, 1.01),
        new F32(
            "moderate exp",
            Loop.f32(87f, ExpLanes::moderateF32, ExpLanes::f32),
            StrictMath::exp,
            1.01),
        new F32("log", Loop.f32(LogLanes::f32), StrictMath::log, 0.9),
        new F32(
            "normal log",
            Loop.f32(Float.MIN_NORMAL, Float.MAX_VALUE, LogLanes::normalF32, LogLanes::f32),
            StrictMath::log,
            0.9),
        new F32("tanh", Loop.f32(TanhLanes::f32), StrictMath::tanh, 1.5),
        new F32(
            "moderate tanh",
            Loop.f32(43f, TanhLanes::moderateF32, TanhLanes::f32),
            StrictMath::tanh,
            1.5),
        new F32("short sigmoid", Loop.f32(SigmoidLanes::f32), FunctionAccuracyTest::sigmoid, 1.7),
        new F32("sigmoid", Loop.f32(SigmoidLanes::anyF32), FunctionAccuracyTest::sigmoid, 1.5),
        new F32(
            "moderate sigmoid",
            Loop.f32(87f, SigmoidLanes::moderateF32, SigmoidLanes::anyF32),
            FunctionAccuracyTest::sigmoid,
            1.5),
        new F32("gelu", Loop.f32(GeluLanes::f32), FunctionAccuracyTest::gelu, 6));
  }

  static Stream<F64> f64() {
    return Stream.of(
        new F64("exp", Loop.f64(ExpLanes::f64), Exact::exp, 1.0, -708, 709),
        new F64("exp near 0", Loop.f64(ExpLanes::f64), Exact::exp, 1.0, -1, 1),
        new F64("log", Loop.f64(LogLanes::f64), Exact::log, 0.9, 1e-300, 1e300),
        new F64("log near 1", Loop.f64(LogLanes::f64), Exact::log, 0.9, 0.5, 2),
        new F64("tanh", Loop.f64(TanhLanes::f64), Exact::tanh, 2.0, -2, 2),
        new F64("sigmoid", Loop.f64(SigmoidLanes::f64), Exact::sigmoid, 2.0, -40, 40),
        new F64("gelu", Loop.f64(GeluLanes::f64), Exact::gelu, 5.0, -9, 9));
  }

  @ParameterizedTest
  @MethodSource("f32")
  void f32KeepsItsBound(F32 f) {
    sweep(f, 8009);
  }

  @Tag("long")
  @ParameterizedTest
  @MethodSource("f32")
  void f32KeepsItsBoundDensely(F32 f) {
    sweep(f, 131);
  }

  /// Every `stride`-th bit pattern: all exponents, both signs, infinities and NaN among them.
  private static void sweep(F32 f, int stride) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment x = arena.allocate(N * 4L, 64);
      MemorySegment y = arena.allocate(N * 4L, 64);
      heat(f.loop, x, y);
      for (long at = 0; at < 1L << 32; at += (long) stride * N) {
        for (int i = 0; i < N; i++) {
          x.set(Lanes.FLOAT, i * 4L, Float.intBitsToFloat((int) (at + (long) i * stride)));
        }
        f.loop.run(x, 0, y, 0, N);
        for (int i = 0; i < N; i++) {
          check(f, x.get(Lanes.FLOAT, i * 4L), y.get(Lanes.FLOAT, i * 4L));
        }
      }
    }
  }

  /// The derivative of gelu crosses zero, so its bound is absolute.
  @Test
  void geluDerivativeKeepsItsBound() {
    Loop.Unary f32 = Loop.f32((FloatVector x) -> GeluLanes.derivative(x));
    Loop.Unary f64 = Loop.f64((DoubleVector x) -> GeluLanes.derivative(x));
    SplittableRandom random = new SplittableRandom(12);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment x = arena.allocate(N * 8L, 64);
      MemorySegment y = arena.allocate(N * 8L, 64);
      heat(f32, x, y);
      for (int i = 0; i < N; i++) {
        x.set(Lanes.FLOAT, i * 4L, (float) random.nextDouble(-9, 9));
      }
      f32.run(x, 0, y, 0, N);
      for (int i = 0; i < N; i += 2) {
        double exact = Exact.geluDerivative(x.get(Lanes.FLOAT, i * 4L)).doubleValue();
        assertEquals(exact, y.get(Lanes.FLOAT, i * 4L), 2e-7);
      }
      heat(f64, x, y);
      for (int i = 0; i < N; i++) {
        x.set(Lanes.DOUBLE, i * 8L, random.nextDouble(-9, 9));
      }
      f64.run(x, 0, y, 0, N);
      for (int i = 0; i < N; i += 2) {
        double exact = Exact.geluDerivative(x.get(Lanes.DOUBLE, i * 8L)).doubleValue();
        assertEquals(exact, y.get(Lanes.DOUBLE, i * 8L), 4.5e-16);
      }
    }
  }

  private static void check(F32 f, float x, float y) {
    double exact = f.exact.applyAsDouble(x);
    if (Double.isNaN(exact) || Float.isInfinite((float) exact)) {
      assertEquals((float) exact, y, f.name + "(" + x + ")");
      return;
    }
    double ulp = Math.ulp((float) exact);
    double error = Math.abs(y - exact) / ulp;
    assertTrue(error <= f.bound, () -> f.name + "(" + x + ") = " + y + ", off " + error + " ulp");
  }

  @ParameterizedTest
  @MethodSource("f64")
  void f64KeepsItsBound(F64 f) {
    SplittableRandom random = new SplittableRandom(11);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment x = arena.allocate(N * 8L, 64);
      MemorySegment y = arena.allocate(N * 8L, 64);
      heat(f.loop, x, y);
      for (int i = 0; i < N; i++) {
        x.set(Lanes.DOUBLE, i * 8L, random.nextDouble(f.from, f.to));
      }
      f.loop.run(x, 0, y, 0, N);
      for (int i = 0; i < N; i += 2) {
        double v = x.get(Lanes.DOUBLE, i * 8L);
        BigDecimal exact = f.exact.apply(v);
        BigDecimal off = new BigDecimal(y.get(Lanes.DOUBLE, i * 8L)).subtract(exact).abs();
        BigDecimal ulp = new BigDecimal(Math.ulp(exact.doubleValue()));
        double error = off.divide(ulp, MathContext.DECIMAL32).doubleValue();
        assertTrue(error <= f.bound, () -> f.name + "(" + v + "): off " + error + " ulp");
      }
    }
  }

  /// Runs until the loop is compiled, and holds the results of both against each other.
  private static void heat(Loop.Unary loop, MemorySegment x, MemorySegment y) {
    SplittableRandom random = new SplittableRandom(5);
    for (long i = 0; i < x.byteSize(); i += 4) {
      x.set(Lanes.FLOAT, i, (float) random.nextDouble(-3, 3));
    }
    int n = N - 3;
    loop.run(x, 0, y, 0, n);
    byte[] cold = y.toArray(ValueLayout.JAVA_BYTE);
    for (int i = 0; i < 8000; i++) {
      loop.run(x, 0, y, 0, n);
    }
    assertEquals(-1, y.mismatch(MemorySegment.ofArray(cold)), "compiled and interpreted differ");
  }

  private static double sigmoid(double x) {
    double s = StrictMath.exp(-Math.abs(x));
    return x < 0 ? s / (1 + s) : 1 / (1 + s);
  }

  private static double gelu(double x) {
    return Double.isInfinite(x) ? Math.max(x, 0) : x * phi(x);
  }

  /// The normal distribution function: a series near 0, beyond it a continued fraction.
  private static double phi(double x) {
    if (x > 0) {
      return 1 - phi(-x);
    }
    double density = StrictMath.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
    if (x > -2) {
      double term = x;
      double sum = x;
      for (int i = 3; i < 80; i += 2) {
        term *= x * x / i;
        sum += term;
      }
      return 0.5 + density * sum;
    }
    double f = 0;
    for (int i = 80; i > 0; i--) {
      f = i / (f - x);
    }
    return density / (f - x);
  }
}
