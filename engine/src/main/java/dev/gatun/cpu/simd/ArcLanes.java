package dev.gatun.cpu.simd;

import static jdk.incubator.vector.VectorOperators.EQ;
import static jdk.incubator.vector.VectorOperators.FMA;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LT;
import static jdk.incubator.vector.VectorOperators.SQRT;
import static jdk.incubator.vector.VectorOperators.XOR;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorMask;

/// Inverse trigonometric functions of the lanes of a vector.
///
/// Beyond 1/2, `asin(x) = pi/2 - 2 asin(sqrt((1 - x) / 2))`; beyond 1, `atan(x) = pi/2 - atan(1 /
/// x)`. `pi/2` is two numbers, so that only the last subtraction rounds. Minimax polynomials fitted
/// for this class.
///
/// Error: asin, acos, atan 1.5 ulp in F32 and F64, atan2 1.5 in F32 and 2 in F64. Beyond 1, asin
/// and acos are NaN. Signed zeros and infinities as in `Math.atan2`.
public final class ArcLanes {

  private static final float HALF_PI_F32 = 0x1.921fb6p0f;

  /// What half of pi lacks in [#HALF_PI_F32].
  private static final float LOW_F32 = -0x1.777a5cp-25f;

  private static final double HALF_PI_F64 = 0x1.921fb54442d18p0;

  /// What half of pi lacks in [#HALF_PI_F64].
  private static final double LOW_F64 = 0x1.1a62633145c07p-54;

  /// `asin(x)`
  public static FloatVector asin(FloatVector x) {
    IntVector bits = x.reinterpretAsInts();
    FloatVector a = bits.and(0x7fffffff).reinterpretAsFloats();
    VectorMask<Float> far = a.compare(GT, 0.5f);
    FloatVector u = a.mul(a).blend(a.lanewise(FMA, -0.5f, 0.5f), far);
    FloatVector series = asinSeries(u);
    FloatVector s = a.blend(u.lanewise(SQRT), far);
    FloatVector rest = series.mul(u).mul(s);
    FloatVector high = s.lanewise(FMA, -2f, HALF_PI_F32);
    FloatVector low = s.lanewise(FMA, -2f, high.neg().add(HALF_PI_F32)).add(LOW_F32);
    FloatVector turned = high.add(rest.lanewise(FMA, -2f, low));
    return s.add(rest)
        .blend(turned, far)
        .reinterpretAsInts()
        .or(bits.and(0x80000000))
        .reinterpretAsFloats();
  }

  /// `acos(x)`: `base - v` with `base` 0, `pi / 2` or `pi`.
  public static FloatVector acos(FloatVector x) {
    IntVector bits = x.reinterpretAsInts();
    FloatVector a = bits.and(0x7fffffff).reinterpretAsFloats();
    VectorMask<Float> far = a.compare(GT, 0.5f);
    FloatVector u = a.mul(a).blend(a.lanewise(FMA, -0.5f, 0.5f), far);
    FloatVector series = asinSeries(u);
    FloatVector s = a.blend(u.lanewise(SQRT), far);
    FloatVector p = s.fma(series.mul(u), s);
    p =
        p.blend(p.mul(-2f), far)
            .reinterpretAsInts()
            .lanewise(XOR, bits.and(0x80000000))
            .reinterpretAsFloats();
    FloatVector base = FloatVector.zero(Lanes.F32).blend(2 * HALF_PI_F32, x.compare(LT, 0f));
    base = FloatVector.broadcast(Lanes.F32, HALF_PI_F32).blend(base, far);
    return base.sub(p.sub(base.mul(LOW_F32 / HALF_PI_F32)));
  }

  /// `atan(x)`
  public static FloatVector atan(FloatVector x) {
    IntVector bits = x.reinterpretAsInts();
    FloatVector a = bits.and(0x7fffffff).reinterpretAsFloats();
    VectorMask<Float> far = a.compare(GT, 1f);
    FloatVector q = a.blend(FloatVector.broadcast(Lanes.F32, 1f).div(a), far);
    FloatVector u = q.mul(q);
    FloatVector series = atanSeries(u);
    FloatVector rest = series.mul(u).mul(q);
    FloatVector turned = q.neg().add(HALF_PI_F32).sub(rest.sub(LOW_F32));
    FloatVector p = q.add(rest).blend(turned, far);
    return p.reinterpretAsInts().or(bits.and(0x80000000)).reinterpretAsFloats();
  }

  /// The angle of the point `(x, y)`.
  public static FloatVector atan2(FloatVector y, FloatVector x) {
    FloatVector above = y.reinterpretAsInts().and(0x7fffffff).reinterpretAsFloats();
    FloatVector aside = x.reinterpretAsInts().and(0x7fffffff).reinterpretAsFloats();
    VectorMask<Float> steep = above.compare(GT, aside);
    FloatVector low = above.blend(aside, steep);
    FloatVector high = aside.blend(above, steep);
    // Both infinite count as equal; 0 / 0 as 0, NaN / 0 as NaN.
    FloatVector q = low.div(high).blend(1f, low.compare(EQ, high)).blend(low, high.compare(EQ, 0f));
    FloatVector u = q.mul(q);
    FloatVector series = atanSeries(u);
    FloatVector rest = series.mul(u).mul(q);
    FloatVector turned = q.neg().add(HALF_PI_F32).sub(rest.sub(LOW_F32));
    FloatVector p = q.add(rest).blend(turned, steep);
    FloatVector back = p.sub(2 * LOW_F32).neg().add(2 * HALF_PI_F32);
    p = p.blend(back, x.reinterpretAsInts().compare(LT, 0).cast(Lanes.F32));
    return p.reinterpretAsInts().or(y.reinterpretAsInts().and(0x80000000)).reinterpretAsFloats();
  }

  /// `asin(x)`
  public static DoubleVector asin(DoubleVector x) {
    LongVector bits = x.reinterpretAsLongs();
    DoubleVector a = bits.and(Long.MAX_VALUE).reinterpretAsDoubles();
    VectorMask<Double> far = a.compare(GT, 0.5);
    DoubleVector u = a.mul(a).blend(a.lanewise(FMA, -0.5, 0.5), far);
    DoubleVector series = asinSeries(u);
    DoubleVector s = a.blend(u.lanewise(SQRT), far);
    DoubleVector rest = series.mul(u).mul(s);
    DoubleVector high = s.lanewise(FMA, -2, HALF_PI_F64);
    DoubleVector low = s.lanewise(FMA, -2, high.neg().add(HALF_PI_F64)).add(LOW_F64);
    DoubleVector turned = high.add(rest.lanewise(FMA, -2, low));
    return s.add(rest)
        .blend(turned, far)
        .reinterpretAsLongs()
        .or(bits.and(Long.MIN_VALUE))
        .reinterpretAsDoubles();
  }

  /// `acos(x)`: `base - v` with `base` 0, `pi / 2` or `pi`.
  public static DoubleVector acos(DoubleVector x) {
    LongVector bits = x.reinterpretAsLongs();
    DoubleVector a = bits.and(Long.MAX_VALUE).reinterpretAsDoubles();
    VectorMask<Double> far = a.compare(GT, 0.5);
    DoubleVector u = a.mul(a).blend(a.lanewise(FMA, -0.5, 0.5), far);
    DoubleVector series = asinSeries(u);
    DoubleVector s = a.blend(u.lanewise(SQRT), far);
    DoubleVector p = s.fma(series.mul(u), s);
    p =
        p.blend(p.mul(-2), far)
            .reinterpretAsLongs()
            .lanewise(XOR, bits.and(Long.MIN_VALUE))
            .reinterpretAsDoubles();
    DoubleVector base = DoubleVector.zero(Lanes.F64).blend(2 * HALF_PI_F64, x.compare(LT, 0));
    base = DoubleVector.broadcast(Lanes.F64, HALF_PI_F64).blend(base, far);
    return base.sub(p.sub(base.mul(LOW_F64 / HALF_PI_F64)));
  }

  /// `atan(x)`
  public static DoubleVector atan(DoubleVector x) {
    LongVector bits = x.reinterpretAsLongs();
    DoubleVector a = bits.and(Long.MAX_VALUE).reinterpretAsDoubles();
    VectorMask<Double> far = a.compare(GT, 1);
    DoubleVector q = a.blend(DoubleVector.broadcast(Lanes.F64, 1).div(a), far);
    DoubleVector u = q.mul(q);
    DoubleVector series = atanSeries(u);
    DoubleVector rest = series.mul(u).mul(q);
    DoubleVector turned = q.neg().add(HALF_PI_F64).sub(rest.sub(LOW_F64));
    DoubleVector p = q.add(rest).blend(turned, far);
    return p.reinterpretAsLongs().or(bits.and(Long.MIN_VALUE)).reinterpretAsDoubles();
  }

  /// The angle of the point `(x, y)`.
  public static DoubleVector atan2(DoubleVector y, DoubleVector x) {
    DoubleVector above = y.reinterpretAsLongs().and(Long.MAX_VALUE).reinterpretAsDoubles();
    DoubleVector aside = x.reinterpretAsLongs().and(Long.MAX_VALUE).reinterpretAsDoubles();
    VectorMask<Double> steep = above.compare(GT, aside);
    DoubleVector low = above.blend(aside, steep);
    DoubleVector high = aside.blend(above, steep);
    // Both infinite count as equal; 0 / 0 as 0, NaN / 0 as NaN.
    DoubleVector q = low.div(high).blend(1, low.compare(EQ, high)).blend(low, high.compare(EQ, 0));
    DoubleVector u = q.mul(q);
    DoubleVector series = atanSeries(u);
    DoubleVector rest = series.mul(u).mul(q);
    DoubleVector turned = q.neg().add(HALF_PI_F64).sub(rest.sub(LOW_F64));
    DoubleVector p = q.add(rest).blend(turned, steep);
    DoubleVector back = p.sub(2 * LOW_F64).neg().add(2 * HALF_PI_F64);
    p = p.blend(back, x.reinterpretAsLongs().compare(LT, 0).cast(Lanes.F64));
    return p.reinterpretAsLongs()
        .or(y.reinterpretAsLongs().and(Long.MIN_VALUE))
        .reinterpretAsDoubles();
  }

  /// `(asin(s) / s - 1) / u` with `u = s^2 <= 1/4`
  static FloatVector asinSeries(FloatVector u) {
    FloatVector w = u.mul(u);
    FloatVector even =
        FloatVector.broadcast(Lanes.F32, 0x1.59f90ep-5f)
            .lanewise(FMA, w, 0x1.748cbap-5f)
            .lanewise(FMA, w, 0x1.5555cap-3f);
    FloatVector odd =
        FloatVector.broadcast(Lanes.F32, 0x1.8b8e38p-6f).lanewise(FMA, w, 0x1.33015ep-4f);
    return odd.fma(u, even);
  }

  /// `(atan(q) / q - 1) / u` with `u = q^2 <= 1`, in one chain: even and odd terms would cancel.
  private static FloatVector atanSeries(FloatVector u) {
    return FloatVector.broadcast(Lanes.F32, -0x1.d3569cp-10f)
        .lanewise(FMA, u, 0x1.64240ep-7f)
        .lanewise(FMA, u, -0x1.fd7e0ep-6f)
        .lanewise(FMA, u, 0x1.da2a34p-5f)
        .lanewise(FMA, u, -0x1.580928p-4f)
        .lanewise(FMA, u, 0x1.c08c5p-4f)
        .lanewise(FMA, u, -0x1.242086p-3f)
        .lanewise(FMA, u, 0x1.9991e4p-3f)
        .lanewise(FMA, u, -0x1.55553ep-2f);
  }

  /// `(asin(s) / s - 1) / u` with `u = s^2 <= 1/4`
  static DoubleVector asinSeries(DoubleVector u) {
    DoubleVector w = u.mul(u);
    DoubleVector even =
        DoubleVector.broadcast(Lanes.F64, -0x1.0c7d267d78395p-6)
            .lanewise(FMA, w, 0x1.a96ae5d04496p-8)
            .lanewise(FMA, w, 0x1.c6f36b563dfa1p-7)
            .lanewise(FMA, w, 0x1.6e89ebcfacfc8p-6)
            .lanewise(FMA, w, 0x1.6db6db417488p-5)
            .lanewise(FMA, w, 0x1.5555555555384p-3);
    DoubleVector odd =
        DoubleVector.broadcast(Lanes.F64, 0x1.065b1456241bcp-5)
            .lanewise(FMA, w, 0x1.419faa6b63f3fp-6)
            .lanewise(FMA, w, 0x1.8f085f1560cadp-7)
            .lanewise(FMA, w, 0x1.1c6c6466e06ecp-6)
            .lanewise(FMA, w, 0x1.f1c72c905cdaep-6)
            .lanewise(FMA, w, 0x1.3333333370062p-4);
    return odd.fma(u, even);
  }

  /// `(atan(q) / q - 1) / u` with `u = q^2 <= 1`, in one chain: even and odd terms would cancel.
  private static DoubleVector atanSeries(DoubleVector u) {
    return DoubleVector.broadcast(Lanes.F64, 0x1.bbc342f3ccfefp-17)
        .lanewise(FMA, u, -0x1.3f1b0c6b708a3p-13)
        .lanewise(FMA, u, 0x1.b3da4b2889d4bp-11)
        .lanewise(FMA, u, -0x1.7a21c48c72d04p-9)
        .lanewise(FMA, u, 0x1.d7a118ccb603fp-8)
        .lanewise(FMA, u, -0x1.c77e16aac02bfp-7)
        .lanewise(FMA, u, 0x1.6832f1fea89cep-6)
        .lanewise(FMA, u, -0x1.e9f1a1caf8efep-6)
        .lanewise(FMA, u, 0x1.2c2b8e7c8ba9cp-5)
        .lanewise(FMA, u, -0x1.59a28888d7a8cp-5)
        .lanewise(FMA, u, 0x1.82da3ec5a6003p-5)
        .lanewise(FMA, u, -0x1.ae5e423db7606p-5)
        .lanewise(FMA, u, 0x1.e1bb9a92154edp-5)
        .lanewise(FMA, u, -0x1.110e500e841e1p-4)
        .lanewise(FMA, u, 0x1.3b136673e22fap-4)
        .lanewise(FMA, u, -0x1.745d11aabc5f9p-4)
        .lanewise(FMA, u, 0x1.c71c717f90ff4p-4)
        .lanewise(FMA, u, -0x1.249249237e129p-3)
        .lanewise(FMA, u, 0x1.9999999995543p-3)
        .lanewise(FMA, u, -0x1.5555555555526p-2);
  }

  private ArcLanes() {}
}
