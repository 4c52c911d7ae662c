package dev.gatun.cpu.simd;

import static jdk.incubator.vector.VectorOperators.FMA;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LT;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/// Gaussian error linear unit `x Phi(x)` of the lanes of a vector, `Phi` the normal distribution
/// function: the exact form, by `erf`, not the approximation by `tanh`.
///
/// With `a = |x|` and the upper tail `Q(a) = 1 - Phi(a)`: `gelu(x) = max(x, 0) - a Q(a)`, which
/// keeps its relative accuracy in the left tail, where `1 + erf` cancels. `Q(a) = exp(-a^2 / 2) t
/// P(t - 1/2)` with `t = 1 / (1 + c a)` (the form of Abramowitz and Stegun 7.1.26; 10 terms,
/// relative error 2^-28, or 23 terms, 2^-58, fitted for this class). The rounding error of `a^2` is
/// found by FMA and put back, or it would cost 50 ulp in the tail.
///
/// C2 stops inlining methods of ours at 18,000 nodes, about 27 vector operations into a loop, and
/// boxes at the call (ten times slower). So calls come early here and the rest is straight.
///
/// Error: 6 ulp in F32, 5 ulp in F64, the left tail included. `gelu(-inf) = 0`, `gelu(inf) = inf`,
/// NaN stays NaN. The derivative `Phi(x) + x phi(x)` is within 2e-7 or 4.5e-16 of the true value
/// (absolute: it crosses 0 near -0.75); it tends to 0 and 1.
public final class GeluLanes {

  /// `1 / sqrt(2 pi)`
  private static final double DENSITY = 0.3989422804014327;

  private static final float SCALE = 0.3f;

  /// `P` by powers.
  private static final float P0 = 0.22197062f;

  private static final float P1 = 0.32915896f;
  private static final float P2 = 0.34619883f;
  private static final float P3 = 0.22208269f;
  private static final float P4 = 0.02905652f;
  private static final float P5 = -0.07755165f;
  private static final float P6 = -0.036460657f;
  private static final float P7 = 0.035916764f;
  private static final float P8 = 0.019634081f;
  private static final float P9 = -0.02062707f;

  private GeluLanes() {}

  /// `gelu(x)`
  public static FloatVector f32(FloatVector x) {
    FloatVector a = x.reinterpretAsInts().and(0x7fffffff).reinterpretAsFloats();
    FloatVector w = tail(a, a, 0f).blend(0f, a.compare(GT, 14.6f));
    return x.blend(0f, x.compare(LT, 0f)).sub(w);
  }

  /// `d gelu(x) / dx`
  public static FloatVector derivative(FloatVector x) {
    FloatVector a = x.reinterpretAsInts().and(0x7fffffff).reinterpretAsFloats();
    FloatVector one = FloatVector.broadcast(Lanes.F32, 1);
    FloatVector w = tail(a, one, -(float) DENSITY).blend(0f, a.compare(GT, 14.6f));
    return one.sub(w).blend(w, x.compare(LT, 0f));
  }

  /// `Q(a) s + c a exp(-a^2 / 2)`; half of `P` is a call, before the exponential's.
  private static FloatVector tail(FloatVector a, FloatVector s, float c) {
    FloatVector ca = a.mul(SCALE);
    FloatVector one = FloatVector.broadcast(Lanes.F32, 1);
    FloatVector t = one.div(ca.add(one));
    // t - 1/2, but exact where t is near 1 and P steep in it.
    FloatVector v = ca.neg().lanewise(FMA, t, 0.5f);
    FloatVector u = v.mul(v);
    FloatVector odd = odd(u);
    FloatVector h = a.mul(a);
    FloatVector e = ExpLanes.nonPositiveF32(h.mul(-0.5f));
    FloatVector lost = a.fma(a, h.neg());
    e = lost.mul(-0.5f).fma(e, e);
    FloatVector p =
        FloatVector.broadcast(Lanes.F32, P8)
            .lanewise(FMA, u, P6)
            .lanewise(FMA, u, P4)
            .lanewise(FMA, u, P2)
            .lanewise(FMA, u, P0);
    p = odd.fma(v, p).mul(t);
    return p.fma(s, a.mul(c)).mul(e);
  }

  private static FloatVector odd(FloatVector u) {
    return FloatVector.broadcast(Lanes.F32, P9)
        .lanewise(FMA, u, P7)
        .lanewise(FMA, u, P5)
        .lanewise(FMA, u, P3)
        .lanewise(FMA, u, P1);
  }

  /// [#f32(FloatVector)] of `n` elements in place, bit for bit, without vectors: for what runs
  /// before they are compiled. A [Loop.Unary] of one array.
  public static void scalar(MemorySegment x, long xAt, int n) {
    for (long i = xAt; i < xAt + n; i++) {
      float v = x.getAtIndex(ValueLayout.JAVA_FLOAT, i);
      x.setAtIndex(ValueLayout.JAVA_FLOAT, i, scalar(v));
    }
  }

  private static float scalar(float x) {
    float a = Math.abs(x);
    float ca = a * SCALE;
    float t = 1 / (ca + 1);
    float v = Math.fma(-ca, t, 0.5f);
    float u = v * v;
    float odd = Math.fma(Math.fma(Math.fma(Math.fma(P9, u, P7), u, P5), u, P3), u, P1);
    float h = a * a;
    float e = ExpLanes.scalarNonPositive(h * -0.5f);
    e = Math.fma(Math.fma(a, a, -h) * -0.5f, e, e);
    float p = Math.fma(Math.fma(Math.fma(Math.fma(P8, u, P6), u, P4), u, P2), u, P0);
    p = Math.fma(odd, v, p) * t;
    float w = a > 14.6f ? 0 : Math.fma(p, a, a * 0f) * e;
    return (x < 0 ? 0 : x) - w;
  }

  /// `gelu(x)`
  public static DoubleVector f64(DoubleVector x) {
    DoubleVector a = x.reinterpretAsLongs().and(Long.MAX_VALUE).reinterpretAsDoubles();
    DoubleVector w = tail(a, a, 0.0).blend(0.0, a.compare(GT, 38.8));
    return x.blend(0.0, x.compare(LT, 0.0)).sub(w);
  }

  /// `d gelu(x) / dx`
  public static DoubleVector derivative(DoubleVector x) {
    DoubleVector a = x.reinterpretAsLongs().and(Long.MAX_VALUE).reinterpretAsDoubles();
    DoubleVector one = DoubleVector.broadcast(Lanes.F64, 1);
    DoubleVector w = tail(a, one, -DENSITY).blend(0.0, a.compare(GT, 38.8));
    return one.sub(w).blend(w, x.compare(LT, 0.0));
  }

  /// `Q(a) s + c a exp(-a^2 / 2)`; half of `P` is a call, before the exponential's.
  static DoubleVector tail(DoubleVector a, DoubleVector s, double c) {
    DoubleVector ca = a.mul(0.175);
    DoubleVector one = DoubleVector.broadcast(Lanes.F64, 1);
    DoubleVector t = one.div(ca.add(one));
    // t - 1/2, but exact where t is near 1 and P steep in it.
    DoubleVector v = ca.neg().lanewise(FMA, t, 0.5);
    DoubleVector u = v.mul(v);
    DoubleVector odd = odd(u);
    DoubleVector h = a.mul(a);
    DoubleVector e = ExpLanes.nonPositiveF64(h.mul(-0.5));
    DoubleVector lost = a.fma(a, h.neg());
    e = lost.mul(-0.5).fma(e, e);
    DoubleVector p =
        DoubleVector.broadcast(Lanes.F64, 0.0006916252432408427)
            .lanewise(FMA, u, -0.0020808985684298226)
            .lanewise(FMA, u, 0.004171467737935154)
            .lanewise(FMA, u, -0.007713887012222804)
            .lanewise(FMA, u, 0.012405524676296449)
            .lanewise(FMA, u, -0.008302223014728573)
            .lanewise(FMA, u, -0.05379083578791059)
            .lanewise(FMA, u, 0.22949063517849375)
            .lanewise(FMA, u, 0.6429055614739405)
            .lanewise(FMA, u, 0.6713168060439099)
            .lanewise(FMA, u, 0.38546258983482873)
            .lanewise(FMA, u, 0.135696557967247);
    p = odd.fma(v, p).mul(t);
    return p.fma(s, a.mul(c)).mul(e);
  }

  private static DoubleVector odd(DoubleVector u) {
    return DoubleVector.broadcast(Lanes.F64, -0.0003326592695333314)
        .lanewise(FMA, u, 0.0007439233328076148)
        .lanewise(FMA, u, -0.00018700327039279307)
        .lanewise(FMA, u, -0.0038457044910348423)
        .lanewise(FMA, u, 0.018168807550691897)
        .lanewise(FMA, u, -0.051113125468463416)
        .lanewise(FMA, u, 0.03856311704313394)
        .lanewise(FMA, u, 0.45973604856388667)
        .lanewise(FMA, u, 0.7166409118544194)
        .lanewise(FMA, u, 0.5430821306492569)
        .lanewise(FMA, u, 0.24233621281710654);
  }
}
