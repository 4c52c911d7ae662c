package dev.gatun.cpu.simd;

import static jdk.incubator.vector.VectorOperators.FMA;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LT;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;

/// Hyperbolic tangent of the lanes of a vector.
///
/// With `a = |x|`: up to 0.625 an odd minimax polynomial `a + a^3 P(a^2)` (6 or 12 terms, relative
/// error 2^-32 or 2^-60), above it `1 - 2 / (exp(2a) + 1)`, where the subtrahend is below 1/2 so
/// that its error counts half. Both are computed for all lanes and one is chosen; the sign is put
/// back last. From 9.02 (F32) and 19.1 (F64) the result rounds to 1.
///
/// Error: 1.3 ulp in F32 and in F64. `tanh(-0) = -0`, `tanh(+-inf) = +-1`, NaN stays NaN.
public final class TanhLanes {

  private static final float LN2_HI_F = 0x1.62e43p-2f;
  private static final float LN2_LO_F = -0x1.05c61p-30f;
  private static final float ROUND_F = 0x1.8p23f + 127;
  private static final double LN2_HI = 0x1.62e42fefa39efp-2;
  private static final double LN2_LO = 0x1.abc9e3b39803fp-57;
  private static final double ROUND = 0x1.8p52 + 1023;

  private TanhLanes() {}

  /// `tanh(x)`
  public static FloatVector f32(FloatVector x) {
    IntVector bits = x.reinterpretAsInts();
    FloatVector a = bits.and(0x7fffffff).reinterpretAsFloats();
    // exp(2a) with the factor 2 in the constants.
    FloatVector t = a.lanewise(FMA, 0x1.715476p1f, ROUND_F);
    FloatVector n = t.sub(ROUND_F);
    FloatVector r = n.fma(FloatVector.broadcast(Lanes.F32, -LN2_HI_F), a);
    r = n.fma(FloatVector.broadcast(Lanes.F32, -LN2_LO_F), r);
    FloatVector e = ExpLanes.polynomial(r.add(r));
    FloatVector scale = t.reinterpretAsInts().lanewise(LSHL, 23).reinterpretAsFloats();
    FloatVector d = e.lanewise(FMA, scale, 1f);
    FloatVector one = FloatVector.broadcast(Lanes.F32, 1f);
    FloatVector y = one.sub(FloatVector.broadcast(Lanes.F32, 2f).div(d));
    y = y.blend(one, a.compare(GT, 9.02f));
    y = y.blend(small(a), a.compare(LT, 0.625f));
    return y.reinterpretAsInts().or(bits.and(0x80000000)).reinterpretAsFloats();
  }

  private static FloatVector small(FloatVector a) {
    FloatVector u = a.mul(a);
    FloatVector p =
        FloatVector.broadcast(Lanes.F32, 0x1.12501ap-9f)
            .lanewise(FMA, u, -0x1.0a2d80p-7f)
            .lanewise(FMA, u, 0x1.633044p-6f)
            .lanewise(FMA, u, -0x1.b9e65ep-5f)
            .lanewise(FMA, u, 0x1.11103ep-3f)
            .lanewise(FMA, u, -0x1.555554p-2f);
    return p.fma(a.mul(u), a);
  }

  /// `tanh(x)`
  public static DoubleVector f64(DoubleVector x) {
    LongVector bits = x.reinterpretAsLongs();
    DoubleVector a = bits.and(Long.MAX_VALUE).reinterpretAsDoubles();
    DoubleVector t = a.lanewise(FMA, 0x1.71547652b82fep1, ROUND);
    DoubleVector n = t.sub(ROUND);
    DoubleVector r = n.fma(DoubleVector.broadcast(Lanes.F64, -LN2_HI), a);
    r = n.fma(DoubleVector.broadcast(Lanes.F64, -LN2_LO), r);
    DoubleVector e = ExpLanes.polynomial(r.add(r));
    DoubleVector scale = t.reinterpretAsLongs().lanewise(LSHL, 52).reinterpretAsDoubles();
    DoubleVector d = e.lanewise(FMA, scale, 1);
    DoubleVector one = DoubleVector.broadcast(Lanes.F64, 1);
    DoubleVector y = one.sub(DoubleVector.broadcast(Lanes.F64, 2).div(d));
    y = y.blend(one, a.compare(GT, 19.1));
    y = y.blend(small(a), a.compare(LT, 0.625));
    return y.reinterpretAsLongs().or(bits.and(Long.MIN_VALUE)).reinterpretAsDoubles();
  }

  private static DoubleVector small(DoubleVector a) {
    DoubleVector u = a.mul(a);
    DoubleVector p =
        DoubleVector.broadcast(Lanes.F64, 0x1.83e36c32f27adp-18)
            .lanewise(FMA, u, -0x1.f05c82eb74f63p-16)
            .lanewise(FMA, u, 0x1.7d7f8eefb2967p-14)
            .lanewise(FMA, u, -0x1.f0536be5d6254p-13)
            .lanewise(FMA, u, 0x1.34fa1a6b1bf62p-11)
            .lanewise(FMA, u, -0x1.7d9a1dc1ac1e1p-10)
            .lanewise(FMA, u, 0x1.d6d32fe13487fp-9)
            .lanewise(FMA, u, -0x1.226e31b60c452p-7)
            .lanewise(FMA, u, 0x1.664f4867920f4p-6)
            .lanewise(FMA, u, -0x1.ba1ba1b9a4ec5p-5)
            .lanewise(FMA, u, 0x1.11111111108edp-3)
            .lanewise(FMA, u, -0x1.555555555554fp-2);
    return p.fma(a.mul(u), a);
  }
}
