package dev.gatun.cpu.simd;

import static jdk.incubator.vector.VectorOperators.FMA;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LT;
import static jdk.incubator.vector.VectorOperators.NE;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;

/// Hyperbolic tangent of the lanes of a vector.
///
/// F32: with `a = |x|`, `1 - 2 / (exp(2a) + 1)`, and below 0.625 an odd polynomial, fitted for this
/// class; the sign is put back last.
///
/// F64: with `e = exp(2a) - 1`, `e / (e + 2)`. With `2a = n ln 2 + r` and `q = exp(r) - 1`, `e =
/// 2^n q + (2^n - 1)`, where `q` is a polynomial without constant term: for small arguments `n = 0`
/// and nothing cancels, so one formula serves all. From 9.02 (F32) and 19.1 (F64) the result is 1.
///
/// Error: 1.5 ulp in F32, 2 ulp in F64. `tanh(-0) = -0`, `tanh(+-inf) = +-1`, NaN stays NaN.
public final class TanhLanes {

  private static final double LN2_HI = 0x1.62e42fefa39efp-2;
  private static final double LN2_LO = 0x1.abc9e3b39803fp-57;
  private static final double ROUND = 0x1.8p52 + 1023;

  private TanhLanes() {}

  /// `tanh(x)`
  public static FloatVector f32(FloatVector x) {
    FloatVector a = x.reinterpretAsInts().and(0x7fffffff).reinterpretAsFloats();
    FloatVector y = positive(a.blend(10f, a.compare(GT, 10f))).blend(a, a.compare(NE, a));
    return y.reinterpretAsInts().or(x.reinterpretAsInts().and(0x80000000)).reinterpretAsFloats();
  }

  /// `tanh(x)` for lanes of at most 43 in magnitude.
  public static FloatVector moderateF32(FloatVector x) {
    IntVector bits = x.reinterpretAsInts();
    FloatVector y = positive(bits.and(0x7fffffff).reinterpretAsFloats());
    return y.reinterpretAsInts().or(bits.and(0x80000000)).reinterpretAsFloats();
  }

  /// `1 - 2 / (exp(2a) + 1)`, below 0.625 an odd polynomial.
  private static FloatVector positive(FloatVector a) {
    FloatVector e = ExpLanes.moderateF32(a.add(a));
    FloatVector u = a.mul(a);
    FloatVector series =
        FloatVector.broadcast(Lanes.F32, -0x1.6e109p-8f)
            .lanewise(FMA, u, 0x1.506ccap-6f)
            .lanewise(FMA, u, -0x1.b7f9e4p-5f)
            .lanewise(FMA, u, 0x1.110536p-3f)
            .lanewise(FMA, u, -0x1.55552ap-2f);
    FloatVector near = series.fma(a.mul(u), a);
    FloatVector two = FloatVector.broadcast(Lanes.F32, 2f);
    FloatVector far = two.div(e.add(1f)).neg().add(1f);
    return far.blend(near, a.compare(LT, 0.625f));
  }

  /// `tanh(x)`
  public static DoubleVector f64(DoubleVector x) {
    LongVector bits = x.reinterpretAsLongs();
    DoubleVector a = bits.and(Long.MAX_VALUE).reinterpretAsDoubles();
    DoubleVector t = a.lanewise(FMA, 0x1.71547652b82fep1, ROUND);
    DoubleVector n = t.sub(ROUND);
    DoubleVector r = n.fma(DoubleVector.broadcast(Lanes.F64, -LN2_HI), a);
    r = n.fma(DoubleVector.broadcast(Lanes.F64, -LN2_LO), r);
    DoubleVector q = ExpLanes.expm1(r.add(r));
    DoubleVector scale = t.reinterpretAsLongs().lanewise(LSHL, 52).reinterpretAsDoubles();
    DoubleVector e = scale.fma(q, scale.sub(1.0));
    DoubleVector y = e.div(e.add(2.0)).blend(1.0, a.compare(GT, 19.1));
    return y.reinterpretAsLongs().or(bits.and(Long.MIN_VALUE)).reinterpretAsDoubles();
  }
}
