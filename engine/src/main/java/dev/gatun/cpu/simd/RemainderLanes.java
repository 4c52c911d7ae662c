package dev.gatun.cpu.simd;

import static jdk.incubator.vector.VectorOperators.EQ;
import static jdk.incubator.vector.VectorOperators.GE;
import static jdk.incubator.vector.VectorOperators.LT;
import static jdk.incubator.vector.VectorOperators.XOR;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/// Remainders and quotients where the quotient is below 2^22 (2^51 in F64) in magnitude; NaN
/// elsewhere, and where the divisor is 0 or the dividend is not finite.
///
/// With `q` the rounded quotient of magnitudes `a / b` and `k` the integer nearest to it, `k` is
/// the whole quotient or one more, since rounding never falls below an integer. `a - k b` is then a
/// multiple of the smaller of two rounding steps and no larger than `b`: it is representable, so
/// the fused operation gives it exactly, and adding `b` where it is negative is exact too.
public final class RemainderLanes {
  private RemainderLanes() {}

  /// The exact remainder with the sign of `x`.
  public static FloatVector truncatedF32(FloatVector x, FloatVector y) {
    FloatVector r = magnitude(x.abs(), y.abs());
    return r.reinterpretAsInts().or(x.reinterpretAsInts().and(0x8000_0000)).reinterpretAsFloats();
  }

  /// The remainder with the sign of `y`: `y` less the exact one where signs differ, rounded.
  public static FloatVector flooredF32(FloatVector x, FloatVector y) {
    FloatVector b = y.abs();
    FloatVector r = magnitude(x.abs(), b);
    FloatVector other = b.sub(r).blend(r, r.compare(EQ, 0));
    // The sign of the product, which the bits of both give without underflow.
    FloatVector signs =
        x.reinterpretAsInts()
            .lanewise(XOR, y.reinterpretAsInts())
            .and(0x8000_0000)
            .or(0x3f80_0000)
            .reinterpretAsFloats();
    FloatVector m = r.blend(other, signs.compare(LT, 0));
    return m.reinterpretAsInts().or(y.reinterpretAsInts().and(0x8000_0000)).reinterpretAsFloats();
  }

  /// The quotient rounded towards minus infinity.
  public static FloatVector quotientF32(FloatVector x, FloatVector y) {
    FloatVector a = x.abs();
    FloatVector b = y.abs();
    FloatVector q = a.div(b);
    FloatVector k = q.add(0x1p23f).sub(0x1p23f);
    FloatVector r = k.neg().fma(b, a);
    FloatVector whole = k.blend(k.sub(1), r.compare(LT, 0));
    FloatVector signs =
        x.reinterpretAsInts()
            .lanewise(XOR, y.reinterpretAsInts())
            .and(0x8000_0000)
            .or(0x3f80_0000)
            .reinterpretAsFloats();
    // Where signs differ any remainder counts; that of an infinite `b` is `a` itself.
    FloatVector up = whole.add(1).blend(whole, r.compare(EQ, 0)).blend(whole, a.compare(EQ, 0));
    FloatVector m = whole.blend(up, signs.compare(LT, 0)).blend(Float.NaN, q.compare(GE, 0x1p22f));
    return m.reinterpretAsInts()
        .or(signs.reinterpretAsInts().and(0x8000_0000))
        .reinterpretAsFloats();
  }

  private static FloatVector magnitude(FloatVector a, FloatVector b) {
    FloatVector q = a.div(b);
    FloatVector k = q.add(0x1p23f).sub(0x1p23f);
    FloatVector r = k.neg().fma(b, a);
    FloatVector p = r.blend(r.add(b), r.compare(LT, 0));
    return p.blend(a, a.compare(LT, b)).blend(Float.NaN, q.compare(GE, 0x1p22f));
  }

  /// The exact remainder with the sign of `x`.
  public static DoubleVector truncatedF64(DoubleVector x, DoubleVector y) {
    DoubleVector r = magnitude(x.abs(), y.abs());
    return r.reinterpretAsLongs()
        .or(x.reinterpretAsLongs().and(0x8000_0000_0000_0000L))
        .reinterpretAsDoubles();
  }

  /// The remainder with the sign of `y`: `y` less the exact one where signs differ, rounded.
  public static DoubleVector flooredF64(DoubleVector x, DoubleVector y) {
    DoubleVector b = y.abs();
    DoubleVector r = magnitude(x.abs(), b);
    DoubleVector other = b.sub(r).blend(r, r.compare(EQ, 0));
    // The sign of the product, which the bits of both give without underflow.
    DoubleVector signs =
        x.reinterpretAsLongs()
            .lanewise(XOR, y.reinterpretAsLongs())
            .and(0x8000_0000_0000_0000L)
            .or(0x3ff0_0000_0000_0000L)
            .reinterpretAsDoubles();
    DoubleVector m = r.blend(other, signs.compare(LT, 0));
    return m.reinterpretAsLongs()
        .or(y.reinterpretAsLongs().and(0x8000_0000_0000_0000L))
        .reinterpretAsDoubles();
  }

  /// The quotient rounded towards minus infinity.
  public static DoubleVector quotientF64(DoubleVector x, DoubleVector y) {
    DoubleVector a = x.abs();
    DoubleVector b = y.abs();
    DoubleVector q = a.div(b);
    DoubleVector k = q.add(0x1p52).sub(0x1p52);
    DoubleVector r = k.neg().fma(b, a);
    DoubleVector whole = k.blend(k.sub(1), r.compare(LT, 0));
    DoubleVector signs =
        x.reinterpretAsLongs()
            .lanewise(XOR, y.reinterpretAsLongs())
            .and(0x8000_0000_0000_0000L)
            .or(0x3ff0_0000_0000_0000L)
            .reinterpretAsDoubles();
    // Where signs differ any remainder counts; that of an infinite `b` is `a` itself.
    DoubleVector up = whole.add(1).blend(whole, r.compare(EQ, 0)).blend(whole, a.compare(EQ, 0));
    DoubleVector m = whole.blend(up, signs.compare(LT, 0)).blend(Double.NaN, q.compare(GE, 0x1p51));
    return m.reinterpretAsLongs()
        .or(signs.reinterpretAsLongs().and(0x8000_0000_0000_0000L))
        .reinterpretAsDoubles();
  }

  private static DoubleVector magnitude(DoubleVector a, DoubleVector b) {
    DoubleVector q = a.div(b);
    DoubleVector k = q.add(0x1p52).sub(0x1p52);
    DoubleVector r = k.neg().fma(b, a);
    DoubleVector p = r.blend(r.add(b), r.compare(LT, 0));
    return p.blend(a, a.compare(LT, b)).blend(Double.NaN, q.compare(GE, 0x1p51));
  }
}
