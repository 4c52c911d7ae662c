package dev.gatun.cpu.simd;

import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.EQ;
import static jdk.incubator.vector.VectorOperators.FMA;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.LT;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorMask;

/// Logarithms of the lanes of a vector: `log(x)`, `log(1 + x)`, `log2(x)`.
///
/// `log(x) = e ln 2 + log(1 + f)` with `1 + f` between `sqrt(1/2)` and `sqrt(2)`, so that nothing
/// cancels near 1. F32: `f - f^2/2 + f^3 P(f)`, 8 terms, relative error 2^-27. F64: with `s = f /
/// (2 + f)` the odd series of `log((1 + s) / (1 - s))`, 7 terms, 2^-59, arranged so that `f` itself
/// is added last (the method of Tang, ACM TOMS 16(4), 1990). Minimax fits made for this class.
///
/// Error: 0.9 ulp in F32, 0.9 ulp in F64, subnormal arguments included. `log(+-0) = -inf`,
/// `log(inf) = inf`, negative and NaN lanes give NaN. `log(1 + x)` and `log2(x)` 1.5 ulp in F32 and
/// F64; `log2` is exact at powers of 2.
public final class LogLanes {

  private static final int SQRT_HALF_F = 0x3f3504f3;
  private static final long SQRT_HALF = 0x3fe6a09e667f3bcdL;

  private static final float LOG2E_F = 0x1.715476p0f;
  private static final double LOG2E = 0x1.71547652b82fep0;

  private LogLanes() {}

  /// `log(x)` of positive normal numbers.
  public static FloatVector normalF32(FloatVector x) {
    IntVector bits = x.reinterpretAsInts();
    IntVector k = bits.sub(SQRT_HALF_F);
    FloatVector f = bits.sub(k.and(0xff800000)).reinterpretAsFloats().sub(1f);
    return log1p(f, (FloatVector) k.lanewise(ASHR, 23).convert(I2F, 0));
  }

  /// `log(x)`
  public static FloatVector f32(FloatVector x) {
    VectorMask<Float> tiny = x.compare(LT, Float.MIN_NORMAL);
    IntVector bits = x.blend(x.mul(0x1p23f), tiny).reinterpretAsInts();
    IntVector k = bits.sub(SQRT_HALF_F);
    FloatVector f = bits.sub(k.and(0xff800000)).reinterpretAsFloats().sub(1f);
    FloatVector e = (FloatVector) k.lanewise(ASHR, 23).convert(I2F, 0);
    FloatVector y = log1p(f, e.blend(e.sub(23f), tiny));
    y = y.blend(x, x.compare(EQ, Float.POSITIVE_INFINITY));
    y = FloatVector.broadcast(Lanes.F32, Float.NaN).blend(y, x.compare(GT, 0f));
    return y.blend(Float.NEGATIVE_INFINITY, x.compare(EQ, 0f));
  }

  /// `log(1 + f) + e ln 2`, in chains that are short rather than few: the loop waits for them. What
  /// `ln 2` lacks in one float is 0.06 ulp of the least result that it enters.
  private static FloatVector log1p(FloatVector f, FloatVector e) {
    FloatVector y = f.add(rest(f));
    return e.fma(FloatVector.broadcast(Lanes.F32, 0x1.62e43p-1f), y);
  }

  /// `log(1 + x)`: of `1 + x` rounded, with what rounding took put back into `f`, where below 0.4
  /// that gives `x` again.
  public static FloatVector log1pF32(FloatVector x) {
    FloatVector u = x.add(1f);
    FloatVector one = u.sub(x);
    FloatVector lost = x.sub(u.sub(one)).add(one.neg().add(1f));
    IntVector bits = u.reinterpretAsInts();
    IntVector k = bits.sub(SQRT_HALF_F);
    IntVector power = k.and(0xff800000);
    FloatVector f = bits.sub(power).reinterpretAsFloats().sub(1f);
    FloatVector down = power.neg().add(0x3f800000).reinterpretAsFloats();
    // Of a large x nothing is lost, and the greatest power has no float for its reciprocal.
    f = lost.fma(down, f).blend(f, x.compare(GT, 0x1p60f));
    FloatVector y = log1p(f, (FloatVector) k.lanewise(ASHR, 23).convert(I2F, 0));
    y = y.blend(x, x.compare(EQ, Float.POSITIVE_INFINITY));
    y = FloatVector.broadcast(Lanes.F32, Float.NaN).blend(y, x.compare(GT, -1f));
    return y.blend(Float.NEGATIVE_INFINITY, x.compare(EQ, -1f));
  }

  /// `log2(x)` of positive normal numbers.
  public static FloatVector normalLog2F32(FloatVector x) {
    IntVector bits = x.reinterpretAsInts();
    IntVector k = bits.sub(SQRT_HALF_F);
    FloatVector f = bits.sub(k.and(0xff800000)).reinterpretAsFloats().sub(1f);
    return log2(f, (FloatVector) k.lanewise(ASHR, 23).convert(I2F, 0));
  }

  /// `log2(x)`
  public static FloatVector log2F32(FloatVector x) {
    VectorMask<Float> tiny = x.compare(LT, Float.MIN_NORMAL);
    IntVector bits = x.blend(x.mul(0x1p23f), tiny).reinterpretAsInts();
    IntVector k = bits.sub(SQRT_HALF_F);
    FloatVector f = bits.sub(k.and(0xff800000)).reinterpretAsFloats().sub(1f);
    FloatVector e = (FloatVector) k.lanewise(ASHR, 23).convert(I2F, 0);
    FloatVector y = log2(f, e.blend(e.sub(23f), tiny));
    y = y.blend(x, x.compare(EQ, Float.POSITIVE_INFINITY));
    y = FloatVector.broadcast(Lanes.F32, Float.NaN).blend(y, x.compare(GT, 0f));
    return y.blend(Float.NEGATIVE_INFINITY, x.compare(EQ, 0f));
  }

  /// `log2(1 + f) + e`; `1 / ln 2` is two numbers where it multiplies `f`.
  private static FloatVector log2(FloatVector f, FloatVector e) {
    FloatVector rest = rest(f);
    FloatVector low = rest.lanewise(FMA, LOG2E_F, f.mul(0x1.4ae0cp-26f));
    FloatVector y = f.lanewise(FMA, LOG2E_F, e);
    low = f.lanewise(FMA, LOG2E_F, e.sub(y)).add(low);
    return y.add(low);
  }

  /// `log(1 + f) - f`
  private static FloatVector rest(FloatVector f) {
    FloatVector f2 = f.mul(f);
    FloatVector p0 = f.lanewise(FMA, -0x1.000226p-2f, 0x1.555554p-2f);
    FloatVector p2 = f.lanewise(FMA, -0x1.547244p-3f, 0x1.99a008p-3f);
    FloatVector p4 = f.lanewise(FMA, -0x1.0d8542p-3f, 0x1.22da1cp-3f);
    FloatVector p6 = f.lanewise(FMA, -0x1.38b582p-4f, 0x1.055b6cp-3f);
    FloatVector p = p6.fma(f2, p4).fma(f2.mul(f2), p2.fma(f2, p0));
    return p.fma(f.mul(f2), f2.mul(-0.5f));
  }

  /// `log(x)`
  public static DoubleVector f64(DoubleVector x) {
    VectorMask<Double> tiny = x.compare(LT, Double.MIN_NORMAL);
    LongVector bits = x.blend(x.mul(0x1p54), tiny).reinterpretAsLongs();
    LongVector k = bits.sub(SQRT_HALF);
    DoubleVector f = bits.sub(k.and(0xfff0000000000000L)).reinterpretAsDoubles().sub(1.0);
    DoubleVector e = exponent(k);
    DoubleVector y = log1p(f, e.blend(e.sub(54.0), tiny));
    y = y.blend(x, x.compare(EQ, Double.POSITIVE_INFINITY));
    y = DoubleVector.broadcast(Lanes.F64, Double.NaN).blend(y, x.compare(GT, 0.0));
    return y.blend(Double.NEGATIVE_INFINITY, x.compare(EQ, 0.0));
  }

  /// `log(x)` of positive normal numbers, by the steps of [#f64].
  public static DoubleVector normalF64(DoubleVector x) {
    LongVector bits = x.reinterpretAsLongs();
    LongVector k = bits.sub(SQRT_HALF);
    DoubleVector f = bits.sub(k.and(0xfff0000000000000L)).reinterpretAsDoubles().sub(1.0);
    return log1p(f, exponent(k));
  }

  /// `log(1 + x)`
  public static DoubleVector log1pF64(DoubleVector x) {
    DoubleVector u = x.add(1.0);
    DoubleVector one = u.sub(x);
    DoubleVector lost = x.sub(u.sub(one)).add(one.neg().add(1.0));
    LongVector bits = u.reinterpretAsLongs();
    LongVector k = bits.sub(SQRT_HALF);
    LongVector power = k.and(0xfff0000000000000L);
    DoubleVector f = bits.sub(power).reinterpretAsDoubles().sub(1.0);
    DoubleVector down = power.neg().add(0x3ff0000000000000L).reinterpretAsDoubles();
    f = lost.fma(down, f).blend(f, x.compare(GT, 0x1p60));
    DoubleVector y = log1p(f, exponent(k));
    y = y.blend(x, x.compare(EQ, Double.POSITIVE_INFINITY));
    y = DoubleVector.broadcast(Lanes.F64, Double.NaN).blend(y, x.compare(GT, -1.0));
    return y.blend(Double.NEGATIVE_INFINITY, x.compare(EQ, -1.0));
  }

  /// `log2(x)`
  public static DoubleVector log2F64(DoubleVector x) {
    VectorMask<Double> tiny = x.compare(LT, Double.MIN_NORMAL);
    LongVector bits = x.blend(x.mul(0x1p54), tiny).reinterpretAsLongs();
    LongVector k = bits.sub(SQRT_HALF);
    DoubleVector f = bits.sub(k.and(0xfff0000000000000L)).reinterpretAsDoubles().sub(1.0);
    DoubleVector e = exponent(k);
    e = e.blend(e.sub(54.0), tiny);
    DoubleVector s = f.div(f.add(2.0));
    DoubleVector z = s.mul(s);
    DoubleVector half = f.mul(f).mul(0.5);
    DoubleVector r = s.mul(half.add(z.mul(series(z)))).sub(half);
    DoubleVector low = r.lanewise(FMA, LOG2E, f.mul(0x1.777d0ffda0d24p-56));
    DoubleVector y = f.lanewise(FMA, LOG2E, e);
    y = y.add(f.lanewise(FMA, LOG2E, e.sub(y)).add(low));
    y = y.blend(x, x.compare(EQ, Double.POSITIVE_INFINITY));
    y = DoubleVector.broadcast(Lanes.F64, Double.NaN).blend(y, x.compare(GT, 0.0));
    return y.blend(Double.NEGATIVE_INFINITY, x.compare(EQ, 0.0));
  }

  /// The exponent as a number, from the bits of an argument less those of the square root of 1/2.
  /// AVX2 converts no longs: the biased exponent becomes the low bits of a double from 2^52 on.
  private static DoubleVector exponent(LongVector k) {
    return k.add(0x3ff0000000000000L)
        .lanewise(LSHR, 52)
        .or(0x4330000000000000L)
        .reinterpretAsDoubles()
        .sub(0x1p52 + 1023);
  }

  /// `log(1 + f) + e ln 2`
  private static DoubleVector log1p(DoubleVector f, DoubleVector e) {
    DoubleVector s = f.div(f.add(2.0));
    DoubleVector z = s.mul(s);
    DoubleVector half = f.mul(f).mul(0.5);
    DoubleVector r = s.mul(half.add(z.mul(series(z))));
    r = e.fma(DoubleVector.broadcast(Lanes.F64, 0x1.abc9e3b39803fp-56), r);
    r = f.sub(half.sub(r));
    return e.fma(DoubleVector.broadcast(Lanes.F64, 0x1.62e42fefa39efp-1), r);
  }

  private static DoubleVector series(DoubleVector z) {
    DoubleVector w = z.mul(z);
    DoubleVector even =
        DoubleVector.broadcast(Lanes.F64, 0x1.2f0640110c1ecp-3)
            .lanewise(FMA, w, 0x1.74663fae04587p-3)
            .lanewise(FMA, w, 0x1.24924941f5465p-2)
            .lanewise(FMA, w, 0x1.5555555555592p-1);
    DoubleVector odd =
        DoubleVector.broadcast(Lanes.F64, 0x1.39a1a5cc620aap-3)
            .lanewise(FMA, w, 0x1.c71c5205cc7e7p-3)
            .lanewise(FMA, w, 0x1.999999997fd72p-2);
    return odd.fma(z, even);
  }
}
