package dev.gatun.cpu.simd;

import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LT;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/// Gaussian error linear unit `x Phi(x)` of the lanes of a vector, `Phi` the normal distribution
/// function: the exact form, by `erf`, not the approximation by `tanh`.
///
/// With `a = |x|` and the upper tail `Q(a) = 1 - Phi(a)`: `gelu(x) = max(x, 0) - a Q(a)`, which
/// keeps its relative accuracy in the left tail, where `1 + erf` cancels. `Q(a) = exp(-a^2 / 2) t
/// P(t - 1/2)` with `t = 1 / (1 + c a)` (the form of Abramowitz and Stegun 7.1.26; 10 terms, relative
/// error 2^-28, or 23 terms, 2^-58, fitted for this class). The rounding error of `a^2` is found by
/// FMA and put back, or it would cost 50 ulp in the tail.
///
/// Error: @GELU@. `gelu(-inf) = 0`, `gelu(inf) = inf`, NaN stays NaN. The derivative
/// `Phi(x) + x phi(x)` is within @GRAD@ of the true value; it tends to 0 and 1.
public final class GeluLanes {

  /// `1 / sqrt(2 pi)`
  private static final double DENSITY = 0.3989422804014327;

  private GeluLanes() {}

  /// `gelu(x)`
  public static FloatVector f32(FloatVector x) {
    FloatVector a = x.reinterpretAsInts().and(0x7fffffff).reinterpretAsFloats();
    FloatVector w = gaussian(a).mul(ratio(a).mul(a)).blend(0f, a.compare(GT, 14.6f));
    return x.blend(0f, x.compare(LT, 0f)).sub(w);
  }

  /// `d gelu(x) / dx`
  public static FloatVector derivative(FloatVector x) {
    FloatVector a = x.reinterpretAsInts().and(0x7fffffff).reinterpretAsFloats();
    FloatVector tail = ratio(a).sub(a.mul((float) DENSITY)).mul(gaussian(a));
    tail = tail.blend(0f, a.compare(GT, 14.6f));
    FloatVector one = FloatVector.broadcast(Lanes.F32, 1f);
    return one.sub(tail).blend(tail, x.compare(LT, 0f));
  }

  /// `exp(-a^2 / 2)`
  private static FloatVector gaussian(FloatVector a) {
    FloatVector h = a.mul(a);
    FloatVector lost = a.fma(a, h.neg());
    FloatVector e = ExpLanes.nonPositiveF32(h.mul(-0.5f));
    return e.fma(lost.mul(-0.5f), e);
  }

  /// `Q(a) exp(a^2 / 2)`, Mills' ratio times the density at 0
  private static FloatVector ratio(FloatVector a) {
    FloatVector one = FloatVector.broadcast(Lanes.F32, 1f);
    FloatVector ca = a.mul(0.3f);
    FloatVector t = one.div(ca.add(one));
    // t - 1/2, but exact where t is near 1 and the ratio steep in it.
    FloatVector v = t.fma(ca.neg(), FloatVector.broadcast(Lanes.F32, 0.5f));
    FloatVector p = FloatVector.broadcast(Lanes.F32, -0.02062707f);
    p = Horner.f32(p, v, 0.019634081f);
    p = Horner.f32(p, v, 0.035916764f);
    p = Horner.f32(p, v, -0.036460657f);
    p = Horner.f32(p, v, -0.07755165f);
    p = Horner.f32(p, v, 0.02905652f);
    p = Horner.f32(p, v, 0.22208269f);
    p = Horner.f32(p, v, 0.34619883f);
    p = Horner.f32(p, v, 0.32915896f);
    p = Horner.f32(p, v, 0.22197062f);
    return p.mul(t);
  }

  /// `gelu(x)`
  public static DoubleVector f64(DoubleVector x) {
    DoubleVector a = x.reinterpretAsLongs().and(Long.MAX_VALUE).reinterpretAsDoubles();
    DoubleVector w = gaussian(a).mul(ratio(a).mul(a)).blend(0.0, a.compare(GT, 38.8));
    return x.blend(0.0, x.compare(LT, 0.0)).sub(w);
  }

  /// `d gelu(x) / dx`
  public static DoubleVector derivative(DoubleVector x) {
    DoubleVector a = x.reinterpretAsLongs().and(Long.MAX_VALUE).reinterpretAsDoubles();
    DoubleVector tail = ratio(a).sub(a.mul(DENSITY)).mul(gaussian(a));
    tail = tail.blend(0.0, a.compare(GT, 38.8));
    DoubleVector one = DoubleVector.broadcast(Lanes.F64, 1);
    return one.sub(tail).blend(tail, x.compare(LT, 0.0));
  }

  /// `exp(-a^2 / 2)`
  private static DoubleVector gaussian(DoubleVector a) {
    DoubleVector h = a.mul(a);
    DoubleVector lost = a.fma(a, h.neg());
    DoubleVector e = ExpLanes.nonPositiveF64(h.mul(-0.5));
    return e.fma(lost.mul(-0.5), e);
  }

  /// `Q(a) exp(a^2 / 2)`, Mills' ratio times the density at 0
  private static DoubleVector ratio(DoubleVector a) {
    DoubleVector one = DoubleVector.broadcast(Lanes.F64, 1);
    DoubleVector ca = a.mul(0.175);
    DoubleVector t = one.div(ca.add(one));
    // t - 1/2, but exact where t is near 1 and the ratio steep in it.
    DoubleVector v = t.fma(ca.neg(), DoubleVector.broadcast(Lanes.F64, 0.5));
    DoubleVector p = DoubleVector.broadcast(Lanes.F64, 0.0006916252432408427);
    p = Horner.f64(p, v, -0.0003326592695333314);
    p = Horner.f64(p, v, -0.0020808985684298226);
    p = Horner.f64(p, v, 0.0007439233328076148);
    p = Horner.f64(p, v, 0.004171467737935154);
    p = Horner.f64(p, v, -0.00018700327039279307);
    p = Horner.f64(p, v, -0.007713887012222804);
    p = Horner.f64(p, v, -0.0038457044910348423);
    p = Horner.f64(p, v, 0.012405524676296449);
    p = Horner.f64(p, v, 0.018168807550691897);
    p = Horner.f64(p, v, -0.008302223014728573);
    p = Horner.f64(p, v, -0.051113125468463416);
    p = Horner.f64(p, v, -0.05379083578791059);
    p = Horner.f64(p, v, 0.03856311704313394);
    p = Horner.f64(p, v, 0.22949063517849375);
    p = Horner.f64(p, v, 0.45973604856388667);
    p = Horner.f64(p, v, 0.6429055614739405);
    p = Horner.f64(p, v, 0.7166409118544194);
    p = Horner.f64(p, v, 0.6713168060439099);
    p = Horner.f64(p, v, 0.5430821306492569);
    p = Horner.f64(p, v, 0.38546258983482873);
    p = Horner.f64(p, v, 0.24233621281710654);
    p = Horner.f64(p, v, 0.135696557967247);
    return p.mul(t);
  }
}
