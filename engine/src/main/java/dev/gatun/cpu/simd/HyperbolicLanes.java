package dev.gatun.cpu.simd;

import static jdk.incubator.vector.VectorOperators.FMA;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LT;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;

/// Hyperbolic sine and cosine of the lanes of a vector.
///
/// With `a = |x| = n ln 2 + r`: `(2^n exp(r) -+ 2^-n exp(-r)) / 2`, where `2^n` itself is added
/// last. Below 1 the sine is an odd minimax polynomial, fitted for this class.
///
/// Error: 1.5 ulp in F32, 1.5 ulp in F64. Overflow gives infinity, NaN stays NaN.
public final class HyperbolicLanes {

  /// `sinh(x)`
  public static FloatVector sinh(FloatVector x) {
    IntVector bits = x.reinterpretAsInts();
    FloatVector a = bits.and(0x7fffffff).reinterpretAsFloats();
    FloatVector t = a.lanewise(FMA, 0x1.715476p0f, 0x1.8p23f + 125);
    FloatVector n = t.sub(0x1.8p23f + 125);
    FloatVector r = n.fma(FloatVector.broadcast(Lanes.F32, -0x1.62e43p-1f), a);
    r = n.fma(FloatVector.broadcast(Lanes.F32, 0x1.05c61p-29f), r);
    FloatVector up = ExpLanes.expm1(r);
    FloatVector down = ExpLanes.expm1(r.neg());
    // e^a / 4 and e^-a / 4 over 1 + up and 1 + down: the quarter keeps the first in range.
    FloatVector grow = t.reinterpretAsInts().lanewise(LSHL, 23).reinterpretAsFloats();
    FloatVector fall = FloatVector.broadcast(Lanes.F32, 0.0625f).div(grow);
    FloatVector far = grow.fma(up, fall.fma(down, fall).neg()).add(grow);
    FloatVector u = a.mul(a);
    FloatVector near =
        FloatVector.broadcast(Lanes.F32, 0x1.756c1ep-19f)
            .lanewise(FMA, u, 0x1.a022bcp-13f)
            .lanewise(FMA, u, 0x1.1110ep-7f)
            .lanewise(FMA, u, 0x1.555556p-3f);
    near = near.fma(a.mul(u), a);
    FloatVector y = far.add(far).blend(near, a.compare(LT, 1f));
    y = y.blend(Float.POSITIVE_INFINITY, a.compare(GT, 89.5f));
    return y.reinterpretAsInts().or(bits.and(0x80000000)).reinterpretAsFloats();
  }

  /// `cosh(x)`
  public static FloatVector cosh(FloatVector x) {
    FloatVector a = x.reinterpretAsInts().and(0x7fffffff).reinterpretAsFloats();
    FloatVector t = a.lanewise(FMA, 0x1.715476p0f, 0x1.8p23f + 125);
    FloatVector n = t.sub(0x1.8p23f + 125);
    FloatVector r = n.fma(FloatVector.broadcast(Lanes.F32, -0x1.62e43p-1f), a);
    r = n.fma(FloatVector.broadcast(Lanes.F32, 0x1.05c61p-29f), r);
    FloatVector up = ExpLanes.expm1(r);
    FloatVector down = ExpLanes.expm1(r.neg());
    // e^a / 4 and e^-a / 4 over 1 + up and 1 + down: the quarter keeps the first in range.
    FloatVector grow = t.reinterpretAsInts().lanewise(LSHL, 23).reinterpretAsFloats();
    FloatVector fall = FloatVector.broadcast(Lanes.F32, 0.0625f).div(grow);
    FloatVector y = grow.fma(up, fall.fma(down, fall)).add(grow);
    return y.add(y).blend(Float.POSITIVE_INFINITY, a.compare(GT, 89.5f));
  }

  /// `sinh(x)`
  public static DoubleVector sinh(DoubleVector x) {
    LongVector bits = x.reinterpretAsLongs();
    DoubleVector a = bits.and(Long.MAX_VALUE).reinterpretAsDoubles();
    DoubleVector t = a.lanewise(FMA, 0x1.71547652b82fep0, 0x1.8p52 + 1021);
    DoubleVector n = t.sub(0x1.8p52 + 1021);
    DoubleVector r = n.fma(DoubleVector.broadcast(Lanes.F64, -0x1.62e42fefa39efp-1), a);
    r = n.fma(DoubleVector.broadcast(Lanes.F64, -0x1.abc9e3b39803fp-56), r);
    DoubleVector up = ExpLanes.expm1(r);
    DoubleVector down = ExpLanes.expm1(r.neg());
    // e^a / 4 and e^-a / 4 over 1 + up and 1 + down: the quarter keeps the first in range.
    DoubleVector grow = t.reinterpretAsLongs().lanewise(LSHL, 52).reinterpretAsDoubles();
    DoubleVector fall = DoubleVector.broadcast(Lanes.F64, 0.0625).div(grow);
    DoubleVector far = grow.fma(up, fall.fma(down, fall).neg()).add(grow);
    DoubleVector u = a.mul(a);
    DoubleVector near =
        DoubleVector.broadcast(Lanes.F64, 0x1.b4c7589fa2e9ep-41)
            .lanewise(FMA, u, 0x1.611a56254c67p-33)
            .lanewise(FMA, u, 0x1.ae64671b022acp-26)
            .lanewise(FMA, u, 0x1.71de3a465b3f2p-19)
            .lanewise(FMA, u, 0x1.a01a01a02899ap-13)
            .lanewise(FMA, u, 0x1.11111111110a6p-7)
            .lanewise(FMA, u, 0x1.5555555555556p-3);
    near = near.fma(a.mul(u), a);
    DoubleVector y = far.add(far).blend(near, a.compare(LT, 1));
    y = y.blend(Double.POSITIVE_INFINITY, a.compare(GT, 710.5));
    return y.reinterpretAsLongs().or(bits.and(Long.MIN_VALUE)).reinterpretAsDoubles();
  }

  /// `cosh(x)`
  public static DoubleVector cosh(DoubleVector x) {
    DoubleVector a = x.reinterpretAsLongs().and(Long.MAX_VALUE).reinterpretAsDoubles();
    DoubleVector t = a.lanewise(FMA, 0x1.71547652b82fep0, 0x1.8p52 + 1021);
    DoubleVector n = t.sub(0x1.8p52 + 1021);
    DoubleVector r = n.fma(DoubleVector.broadcast(Lanes.F64, -0x1.62e42fefa39efp-1), a);
    r = n.fma(DoubleVector.broadcast(Lanes.F64, -0x1.abc9e3b39803fp-56), r);
    DoubleVector up = ExpLanes.expm1(r);
    DoubleVector down = ExpLanes.expm1(r.neg());
    // e^a / 4 and e^-a / 4 over 1 + up and 1 + down: the quarter keeps the first in range.
    DoubleVector grow = t.reinterpretAsLongs().lanewise(LSHL, 52).reinterpretAsDoubles();
    DoubleVector fall = DoubleVector.broadcast(Lanes.F64, 0.0625).div(grow);
    DoubleVector y = grow.fma(up, fall.fma(down, fall)).add(grow);
    return y.add(y).blend(Double.POSITIVE_INFINITY, a.compare(GT, 710.5));
  }

  private HyperbolicLanes() {}
}
