package dev.gatun.cpu.simd;

import static jdk.incubator.vector.VectorOperators.FMA;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LSHL;

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
    FloatVector t = a.lanewise(FMA, 0x1.715476p1f, ROUND_F);
    FloatVector n = t.sub(ROUND_F);
    FloatVector r = n.fma(FloatVector.broadcast(Lanes.F32, -LN2_HI_F), a);
    r = n.fma(FloatVector.broadcast(Lanes.F32, -LN2_LO_F), r);
    FloatVector q = ExpLanes.expm1(r.add(r));
    FloatVector scale = t.reinterpretAsInts().lanewise(LSHL, 23).reinterpretAsFloats();
    FloatVector e = scale.fma(q, scale.sub(1f));
    FloatVector y = e.div(e.add(2f)).blend(1f, a.compare(GT, 9.02f));
    return y.reinterpretAsInts().or(bits.and(0x80000000)).reinterpretAsFloats();
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
