package dev.gatun.cpu.simd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleFunction;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The error bounds of roots, trigonometric and hyperbolic functions, erf and activations, in units
/// of the last place of the true value.
final class FunctionSweepTest {
  private static final int N = 1 << 10;

  /// One function in F32, its reference in double, its bound in ulp, and the least magnitude whose
  /// ulp counts: products with an exponential that is subnormal are no better than that.
  record F32(String name, Loop.Unary loop, DoubleUnaryOperator exact, double bound, float floor) {
    F32(String name, Loop.Unary loop, DoubleUnaryOperator exact, double bound) {
      this(name, loop, exact, bound, 0);
    }

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
      List<Double> ranges) {
    F64(
        String name,
        Loop.Unary loop,
        DoubleFunction<BigDecimal> exact,
        double bound,
        double... ranges) {
      this(name, loop, exact, bound, DoubleStream.of(ranges).boxed().toList());
    }

    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<F32> f32() {
    float wave = TrigLanes.LIMIT_F32;
    return Stream.of(
        new F32("sqrt", Loop.f32((FloatVector x) -> x.sqrt()), StrictMath::sqrt, 0.5),
        new F32(
            "rsqrt",
            Loop.f32((FloatVector x) -> FloatVector.broadcast(Lanes.F32, 1).div(x.sqrt())),
            x -> 1 / Math.sqrt(x),
            1.5),
        new F32("any expm1", Loop.f32(ExpLanes::expm1F32), StrictMath::expm1, 1.2),
        new F32(
            "expm1",
            Loop.f32(87f, ExpLanes::moderateExpm1F32, ExpLanes::expm1F32),
            StrictMath::expm1,
            1.2),
        new F32("any exp2", Loop.f32(ExpLanes::exp2F32), x -> StrictMath.pow(2, x), 1.1),
        new F32(
            "exp2",
            Loop.f32(126f, ExpLanes::moderateExp2F32, ExpLanes::exp2F32),
            x -> StrictMath.pow(2, x),
            1.1),
        new F32("log1p", Loop.f32(LogLanes::log1pF32), StrictMath::log1p, 1.5),
        new F32("any log2", Loop.f32(LogLanes::log2F32), FunctionSweepTest::log2, 1.3),
        new F32(
            "log2",
            Loop.f32(Float.MIN_NORMAL, Float.MAX_VALUE, LogLanes::normalLog2F32, LogLanes::log2F32),
            FunctionSweepTest::log2,
            1.3),
        new F32(
            "sin",
            Loop.patchedF32(wave, (FloatVector x) -> TrigLanes.sin(x), StrictMath::sin),
            StrictMath::sin,
            1.2),
        new F32(
            "cos",
            Loop.patchedF32(wave, (FloatVector x) -> TrigLanes.cos(x), StrictMath::cos),
            StrictMath::cos,
            1.2),
        new F32(
            "tan",
            Loop.patchedF32(wave, (FloatVector x) -> TrigLanes.tan(x), StrictMath::tan),
            StrictMath::tan,
            1.5),
        new F32("asin", Loop.f32((FloatVector x) -> ArcLanes.asin(x)), StrictMath::asin, 1.5),
        new F32("acos", Loop.f32((FloatVector x) -> ArcLanes.acos(x)), StrictMath::acos, 1.5),
        new F32("atan", Loop.f32((FloatVector x) -> ArcLanes.atan(x)), StrictMath::atan, 1.5),
        new F32(
            "sinh", Loop.f32((FloatVector x) -> HyperbolicLanes.sinh(x)), StrictMath::sinh, 1.5),
        new F32(
            "cosh", Loop.f32((FloatVector x) -> HyperbolicLanes.cosh(x)), StrictMath::cosh, 1.5),
        new F32("erf", Loop.f32(ErfLanes::f32), FunctionSweepTest::erf, 1.3),
        new F32(
            "softplus",
            Loop.f32((FloatVector x) -> SoftplusLanes.softplus(x)),
            x -> Math.max(x, 0) + StrictMath.log1p(StrictMath.exp(-Math.abs(x))),
            2.5),
        new F32(
            "mish",
            Loop.f32((FloatVector x) -> SoftplusLanes.mish(x)),
            FunctionSweepTest::mish,
            4,
            0x1p-119f),
        new F32(
            "silu",
            Loop.f32(
                87f,
                (FloatVector x) -> x.mul(SigmoidLanes.moderateF32(x)),
                (FloatVector x) -> x.mul(SigmoidLanes.anyF32(x))),
            x -> x / (1 + StrictMath.exp(-x)),
            2.2,
            0x1p-119f),
        new F32(
            "any gelu by tanh",
            Loop.f32(GeluTanhLanes::f32),
            FunctionSweepTest::geluTanh,
            3,
            0x1p-119f),
        new F32(
            "gelu by tanh",
            Loop.f32(9.9f, GeluTanhLanes::moderateF32, GeluTanhLanes::f32),
            FunctionSweepTest::geluTanh,
            3,
            0x1p-119f));
  }

  static Stream<F64> wavesF64() {
    double wave = TrigLanes.LIMIT_F64;
    Loop.Unary sin = Loop.patchedF64(wave, (DoubleVector x) -> TrigLanes.sin(x), StrictMath::sin);
    Loop.Unary cos = Loop.patchedF64(wave, (DoubleVector x) -> TrigLanes.cos(x), StrictMath::cos);
    Loop.Unary tan = Loop.patchedF64(wave, (DoubleVector x) -> TrigLanes.tan(x), StrictMath::tan);
    return Stream.of(
        new F64(
            "rsqrt",
            Loop.f64((DoubleVector x) -> DoubleVector.broadcast(Lanes.F64, 1).div(x.sqrt())),
            Exact::rsqrt,
            1.5,
            0.1,
            5,
            1e-300,
            1e300),
        new F64(
            "expm1", Loop.f64(ExpLanes::expm1F64), Exact::expm1, 1.5, -2, 2, -1e-5, 1e-5, -40, 709),
        new F64("exp2", Loop.f64(ExpLanes::exp2F64), Exact::exp2, 1.1, -2, 2, -1022, 1023.9),
        new F64(
            "log1p",
            Loop.f64(LogLanes::log1pF64),
            Exact::log1p,
            1.5,
            -0.999,
            2,
            -1e-5,
            1e-5,
            2,
            1e9),
        new F64(
            "log2",
            Loop.f64(LogLanes::log2F64),
            Exact::log2,
            1.5,
            0.5,
            2,
            0.999,
            1.001,
            1e-300,
            1e300),
        new F64("sin", sin, Exact::sin, 1.5, -4, 4, -1e-3, 1e-3, -9e5, 9e5, -1e12, 1e12),
        new F64("cos", cos, Exact::cos, 1.5, -4, 4, 1.5707, 1.5708, -9e5, 9e5, -1e12, 1e12),
        new F64("tan", tan, Exact::tan, 2, -4, 4, 1.5707, 1.5708, -9e5, 9e5, -1e12, 1e12),
        new F64(
            "asin",
            Loop.f64((DoubleVector x) -> ArcLanes.asin(x)),
            Exact::asin,
            1.5,
            -1,
            1,
            0.5,
            0.7,
            -1e-3,
            1e-3),
        new F64(
            "acos",
            Loop.f64((DoubleVector x) -> ArcLanes.acos(x)),
            Exact::acos,
            1.5,
            -1,
            1,
            0.999,
            1,
            -1e-3,
            1e-3),
        new F64(
            "atan",
            Loop.f64((DoubleVector x) -> ArcLanes.atan(x)),
            Exact::atan,
            1.5,
            -1,
            1,
            -5,
            5,
            -1e9,
            1e9));
  }

  static Stream<F64> curvesF64() {
    return Stream.of(
        new F64(
            "sinh",
            Loop.f64((DoubleVector x) -> HyperbolicLanes.sinh(x)),
            Exact::sinh,
            1.5,
            -1,
            1,
            -4,
            4,
            -710,
            710),
        new F64(
            "cosh",
            Loop.f64((DoubleVector x) -> HyperbolicLanes.cosh(x)),
            Exact::cosh,
            1.5,
            -1,
            1,
            -4,
            4,
            -710,
            710),
        new F64("erf", Loop.f64(ErfLanes::f64), Exact::erf, 2, -1.1, 1.1, -1e-3, 1e-3, -6, 6),
        new F64(
            "softplus",
            Loop.f64((DoubleVector x) -> SoftplusLanes.softplus(x)),
            Exact::softplus,
            2.5,
            -1,
            1,
            -40,
            40,
            -700,
            700),
        new F64(
            "mish",
            Loop.f64((DoubleVector x) -> SoftplusLanes.mish(x)),
            Exact::mish,
            4,
            -1,
            1,
            -40,
            40,
            -600,
            30),
        new F64(
            "silu",
            Loop.f64((DoubleVector x) -> x.mul(SigmoidLanes.f64(x))),
            Exact::silu,
            3,
            -1,
            1,
            -40,
            40,
            -600,
            600),
        new F64(
            "gelu by tanh",
            Loop.f64(GeluTanhLanes::f64),
            Exact::geluTanh,
            4,
            -1,
            1,
            -5,
            5,
            -20,
            20));
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
      for (long at = 0; at < 1L << 32; at += (long) stride * N) {
        for (int i = 0; i < N; i++) {
          x.set(Lanes.FLOAT, i * 4L, Float.intBitsToFloat((int) (at + (long) i * stride)));
        }
        f.loop.run(x, 0, y, 0, N);
        for (int i = 0; i < N; i++) {
          float v = x.get(Lanes.FLOAT, i * 4L);
          double exact = f.exact.applyAsDouble(v);
          check(f.name + "(" + v + ")", exact, y.get(Lanes.FLOAT, i * 4L), f.bound, f.floor);
        }
      }
    }
  }

  private static void check(String what, double exact, float y, double bound, float floor) {
    if (Double.isNaN(exact) || Float.isInfinite((float) exact)) {
      assertEquals((float) exact, y, what);
      return;
    }
    double ulp = Math.ulp(Math.max(Math.abs((float) exact), floor));
    double error = Math.abs(y - exact) / ulp;
    assertTrue(error <= bound, () -> what + " = " + y + ", off " + error + " ulp");
  }

  @ParameterizedTest
  @MethodSource({"wavesF64", "curvesF64"})
  void f64KeepsItsBound(F64 f) {
    SplittableRandom random = new SplittableRandom(11);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment x = arena.allocate(N * 8L, 64);
      MemorySegment y = arena.allocate(N * 8L, 64);
      for (int r = 0; r < f.ranges.size(); r += 2) {
        for (int i = 0; i < N; i++) {
          x.set(Lanes.DOUBLE, i * 8L, random.nextDouble(f.ranges.get(r), f.ranges.get(r + 1)));
        }
        f.loop.run(x, 0, y, 0, N);
        for (int i = 0; i < N; i += 3) {
          double v = x.get(Lanes.DOUBLE, i * 8L);
          double error = error(f.exact.apply(v), y.get(Lanes.DOUBLE, i * 8L));
          assertTrue(error <= f.bound, () -> f.name + "(" + v + "): off " + error + " ulp");
        }
      }
    }
  }

  private static double error(BigDecimal exact, double y) {
    BigDecimal ulp = new BigDecimal(Math.ulp(exact.doubleValue()));
    BigDecimal off = new BigDecimal(y).subtract(exact).abs();
    return off.divide(ulp, MathContext.DECIMAL32).doubleValue();
  }

  @Test
  void atan2KeepsItsBound() {
    Loop.Binary loop = Loop.f32((FloatVector y, FloatVector x) -> ArcLanes.atan2(y, x));
    pairs("atan2", loop, StrictMath::atan2, 1.5);
  }

  @Test
  void powKeepsItsBound() {
    pairs("pow", new PowLoop(), Math::pow, 0.51);
  }

  /// Numbers of all sizes, numbers near 1, whole numbers and special ones against each other.
  private static void pairs(
      String name, Loop.Binary loop, DoubleBinaryOperator exact, double bound) {
    SplittableRandom random = new SplittableRandom(17);
    float[] special = {
      0,
      -0f,
      1,
      -1,
      2,
      -2,
      3,
      -3,
      0.5f,
      -0.5f,
      16777216,
      1e30f,
      -1e30f,
      Float.MIN_VALUE,
      -Float.MIN_VALUE,
      Float.MAX_VALUE,
      Float.POSITIVE_INFINITY,
      Float.NEGATIVE_INFINITY,
      Float.NaN
    };
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment x = arena.allocate(N * 4L, 64);
      MemorySegment y = arena.allocate(N * 4L, 64);
      MemorySegment z = arena.allocate(N * 4L, 64);
      for (int round = 0; round < 300; round++) {
        for (int i = 0; i < N; i++) {
          x.set(Lanes.FLOAT, i * 4L, number(random, special));
          y.set(Lanes.FLOAT, i * 4L, number(random, special));
        }
        loop.run(x, 0, 0, y, 0, 0, z, 0, 1, N);
        for (int i = 0; i < N; i++) {
          float a = x.get(Lanes.FLOAT, i * 4L);
          float b = y.get(Lanes.FLOAT, i * 4L);
          float got = z.get(Lanes.FLOAT, i * 4L);
          double want = exact.applyAsDouble(a, b);
          check(name + "(" + a + ", " + b + ")", want, got, bound, 0);
          if (want == 0) {
            assertEquals((float) want, got, name + "(" + a + ", " + b + ")");
          }
        }
      }
    }
  }

  private static float number(SplittableRandom random, float[] special) {
    return switch (random.nextInt(5)) {
      case 0 -> special[random.nextInt(special.length)];
      case 1 -> Float.intBitsToFloat(random.nextInt());
      case 2 -> (float) random.nextDouble(0.5, 2);
      case 3 -> (float) random.nextInt(-20, 20);
      default -> (float) random.nextDouble(-9, 9);
    };
  }

  @Test
  void atan2InF64KeepsItsBound() {
    Loop.Binary loop = Loop.f64((DoubleVector y, DoubleVector x) -> ArcLanes.atan2(y, x));
    SplittableRandom random = new SplittableRandom(19);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment y = arena.allocate(N * 8L, 64);
      MemorySegment x = arena.allocate(N * 8L, 64);
      MemorySegment z = arena.allocate(N * 8L, 64);
      for (int i = 0; i < N; i++) {
        y.set(Lanes.DOUBLE, i * 8L, random.nextDouble(-2, 2));
        x.set(Lanes.DOUBLE, i * 8L, random.nextDouble(-2, 2));
      }
      loop.run(y, 0, 0, x, 0, 0, z, 0, 1, N);
      for (int i = 0; i < N; i++) {
        double a = y.get(Lanes.DOUBLE, i * 8L);
        double b = x.get(Lanes.DOUBLE, i * 8L);
        double error = error(Exact.atan2(a, b), z.get(Lanes.DOUBLE, i * 8L));
        assertTrue(error <= 2, () -> "atan2(" + a + ", " + b + "): off " + error + " ulp");
      }
    }
  }

  private static double log2(double x) {
    double near = x - 1;
    return (Math.abs(near) < 0.25 ? StrictMath.log1p(near) : StrictMath.log(x)) / StrictMath.log(2);
  }

  /// Below 3 a series whose terms all have one sign, beyond it a continued fraction.
  private static double erf(double x) {
    double a = Math.abs(x);
    double density = 2 / Math.sqrt(Math.PI) * StrictMath.exp(-a * a);
    if (a < 3) {
      double term = a;
      double sum = a;
      for (int i = 1; i < 80; i++) {
        term *= 2 * a * a / (2 * i + 1);
        sum += term;
      }
      return Math.copySign(density * sum, x);
    }
    double f = 0;
    for (int i = 40; i > 0; i--) {
      f = i / 2.0 / (a + f);
    }
    return Double.isNaN(x) ? x : Math.copySign(density == 0 ? 1 : 1 - density / 2 / (a + f), x);
  }

  private static double mish(double x) {
    double w = StrictMath.exp(Math.min(x, 40));
    double n = w * (w + 2);
    return x == Double.NEGATIVE_INFINITY ? 0 : x * (n / (n + 2));
  }

  private static double geluTanh(double x) {
    double v = 2 * Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x);
    return x < -30 ? 0 : x / (1 + StrictMath.exp(-v));
  }
}
