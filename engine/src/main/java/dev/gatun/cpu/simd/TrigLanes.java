package dev.gatun.cpu.simd;

import static jdk.incubator.vector.VectorOperators.FMA;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.XOR;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;

/// Sine, cosine and tangent of the lanes of a vector, within [#LIMIT_F32] and [#LIMIT_F64] of 0.
///
/// `x = n pi / 2 + r`, `|r| <= pi / 4`, where `pi / 2` is three numbers (Cody and Waite, Software
/// Manual for the Elementary Functions, 1980): the first has so few bits that `x - n A` is exact by
/// FMA, the second product is taken apart into what fits `r` and what does not, and that enters the
/// result before its last rounding. Then minimax polynomials, fitted for this class, and the
/// quadrant from the low bits of `n`, by bits rather than masks. What lies further out is for
/// [PatchedLoop], element by element, with the exact reduction (Payne and Hanek) of `StrictMath`.
///
/// Error: 1.2 ulp in F32; in F64 sine and cosine 1.5 ulp, tangent 2.
public final class TrigLanes {

  /// Greatest magnitude in F32.
  public static final float LIMIT_F32 = 51_000;

  /// Greatest magnitude in F64.
  public static final double LIMIT_F64 = 1_000_000;

  private static final float PIO2_A_F32 = 0x1.921fb4p0f;
  private static final float PIO2_B_F32 = 0x1.4442d2p-24f;
  private static final float PIO2_C_F32 = -0x1.ee59dap-50f;
  private static final float ROUND_F32 = 0x1.8p23f;

  private static final double PIO2_A_F64 = 0x1.921fb54442d18p0;
  private static final double PIO2_B_F64 = 0x1.1a62633145c07p-54;
  private static final double PIO2_C_F64 = -0x1.f1976b7ed8fbcp-110;
  private static final double ROUND_F64 = 0x1.8p52;

  /// `sin(x)`
  public static FloatVector sin(FloatVector x) {
    return wave(x, 0);
  }

  /// `cos(x)`
  public static FloatVector cos(FloatVector x) {
    return wave(x, 1);
  }

  /// `sin(x + shift pi / 2)`. The sine of the reduced argument is summed around its low part; the
  /// cosine does not feel it.
  private static FloatVector wave(FloatVector x, int shift) {
    FloatVector t = x.lanewise(FMA, 0x1.45f306p-1f, ROUND_F32);
    FloatVector n = t.sub(ROUND_F32);
    FloatVector near = n.fma(FloatVector.broadcast(Lanes.F32, -PIO2_A_F32), x);
    FloatVector step = n.mul(PIO2_B_F32);
    FloatVector r = near.sub(step);
    FloatVector u = r.mul(r);
    FloatVector sine = sine(u);
    FloatVector cosine = cosine(u);
    FloatVector low =
        near.sub(r).sub(step).add(n.fma(FloatVector.broadcast(Lanes.F32, -PIO2_B_F32), step));
    low = n.fma(FloatVector.broadcast(Lanes.F32, -PIO2_C_F32), low);
    IntVector s = sine.fma(r.mul(u), low).add(r).reinterpretAsInts();
    FloatVector high = u.lanewise(FMA, -0.5f, 1f);
    FloatVector rest = u.lanewise(FMA, -0.5f, high.neg().add(1f));
    IntVector c = cosine.fma(u.mul(u), rest).add(high).reinterpretAsInts();
    IntVector quadrant = t.reinterpretAsInts().add(shift);
    IntVector odd = IntVector.zero(Lanes.I32).sub(quadrant.and(1));
    IntVector sign = quadrant.lanewise(LSHL, 30).and(0x80000000);
    return s.lanewise(XOR, s.lanewise(XOR, c).and(odd)).lanewise(XOR, sign).reinterpretAsFloats();
  }

  /// `tan(x)`: in odd quarters `-1 / tan(r)`, the reciprocal corrected once.
  public static FloatVector tan(FloatVector x) {
    FloatVector t = x.lanewise(FMA, 0x1.45f306p-1f, ROUND_F32);
    FloatVector n = t.sub(ROUND_F32);
    FloatVector near = n.fma(FloatVector.broadcast(Lanes.F32, -PIO2_A_F32), x);
    FloatVector step = n.mul(PIO2_B_F32);
    FloatVector r = near.sub(step);
    FloatVector u = r.mul(r);
    FloatVector tangent = tangent(u);
    FloatVector low =
        near.sub(r).sub(step).add(n.fma(FloatVector.broadcast(Lanes.F32, -PIO2_B_F32), step));
    low = n.fma(FloatVector.broadcast(Lanes.F32, -PIO2_C_F32), low);
    FloatVector rest = tangent.fma(r.mul(u), low.fma(u, low));
    FloatVector y = r.add(rest);
    rest = r.sub(y).add(rest);
    FloatVector inverse = FloatVector.broadcast(Lanes.F32, -1).div(y);
    FloatVector off = inverse.fma(y, FloatVector.broadcast(Lanes.F32, 1));
    IntVector turned = inverse.fma(inverse.fma(rest, off), inverse).reinterpretAsInts();
    IntVector odd = IntVector.zero(Lanes.I32).sub(t.reinterpretAsInts().and(1));
    IntVector bits = y.reinterpretAsInts();
    return bits.lanewise(XOR, bits.lanewise(XOR, turned).and(odd)).reinterpretAsFloats();
  }

  /// `sin(x)`
  public static DoubleVector sin(DoubleVector x) {
    return wave(x, 0);
  }

  /// `cos(x)`
  public static DoubleVector cos(DoubleVector x) {
    return wave(x, 1);
  }

  /// `sin(x + shift pi / 2)`. The sine of the reduced argument is summed around its low part; the
  /// cosine does not feel it.
  private static DoubleVector wave(DoubleVector x, int shift) {
    DoubleVector t = x.lanewise(FMA, 0x1.45f306dc9c883p-1, ROUND_F64);
    DoubleVector n = t.sub(ROUND_F64);
    DoubleVector near = n.fma(DoubleVector.broadcast(Lanes.F64, -PIO2_A_F64), x);
    DoubleVector step = n.mul(PIO2_B_F64);
    DoubleVector r = near.sub(step);
    DoubleVector u = r.mul(r);
    DoubleVector sine = sine(u);
    DoubleVector cosine = cosine(u);
    DoubleVector low =
        near.sub(r).sub(step).add(n.fma(DoubleVector.broadcast(Lanes.F64, -PIO2_B_F64), step));
    low = n.fma(DoubleVector.broadcast(Lanes.F64, -PIO2_C_F64), low);
    LongVector s = sine.fma(r.mul(u), low).add(r).reinterpretAsLongs();
    DoubleVector high = u.lanewise(FMA, -0.5, 1);
    DoubleVector rest = u.lanewise(FMA, -0.5, high.neg().add(1));
    LongVector c = cosine.fma(u.mul(u), rest).add(high).reinterpretAsLongs();
    LongVector quadrant = t.reinterpretAsLongs().add(shift);
    LongVector odd = LongVector.zero(Lanes.I64).sub(quadrant.and(1));
    LongVector sign = quadrant.lanewise(LSHL, 62).and(Long.MIN_VALUE);
    return s.lanewise(XOR, s.lanewise(XOR, c).and(odd)).lanewise(XOR, sign).reinterpretAsDoubles();
  }

  /// `tan(x)`: in odd quarters `-1 / tan(r)`, the reciprocal corrected once.
  public static DoubleVector tan(DoubleVector x) {
    DoubleVector t = x.lanewise(FMA, 0x1.45f306dc9c883p-1, ROUND_F64);
    DoubleVector n = t.sub(ROUND_F64);
    DoubleVector near = n.fma(DoubleVector.broadcast(Lanes.F64, -PIO2_A_F64), x);
    DoubleVector step = n.mul(PIO2_B_F64);
    DoubleVector r = near.sub(step);
    DoubleVector u = r.mul(r);
    DoubleVector tangent = tangent(u);
    DoubleVector low =
        near.sub(r).sub(step).add(n.fma(DoubleVector.broadcast(Lanes.F64, -PIO2_B_F64), step));
    low = n.fma(DoubleVector.broadcast(Lanes.F64, -PIO2_C_F64), low);
    DoubleVector rest = tangent.fma(r.mul(u), low.fma(u, low));
    DoubleVector y = r.add(rest);
    rest = r.sub(y).add(rest);
    DoubleVector inverse = DoubleVector.broadcast(Lanes.F64, -1).div(y);
    DoubleVector off = inverse.fma(y, DoubleVector.broadcast(Lanes.F64, 1));
    LongVector turned = inverse.fma(inverse.fma(rest, off), inverse).reinterpretAsLongs();
    LongVector odd = LongVector.zero(Lanes.I64).sub(t.reinterpretAsLongs().and(1));
    LongVector bits = y.reinterpretAsLongs();
    return bits.lanewise(XOR, bits.lanewise(XOR, turned).and(odd)).reinterpretAsDoubles();
  }

  /// `(sin(r) / r - 1) / u` with `u = r^2`
  static FloatVector sine(FloatVector u) {
    return FloatVector.broadcast(Lanes.F32, 0x1.7c090cp-19f)
        .lanewise(FMA, u, -0x1.a0590ep-13f)
        .lanewise(FMA, u, 0x1.111174p-7f)
        .lanewise(FMA, u, -0x1.555556p-3f);
  }

  /// `(cos(r) - 1 + u / 2) / u^2`
  static FloatVector cosine(FloatVector u) {
    return FloatVector.broadcast(Lanes.F32, 0x1.99e0fp-16f)
        .lanewise(FMA, u, -0x1.6c0c1ap-10f)
        .lanewise(FMA, u, 0x1.55554ap-5f);
  }

  /// `(tan(r) / r - 1) / u`
  static FloatVector tangent(FloatVector u) {
    FloatVector w = u.mul(u);
    FloatVector even =
        FloatVector.broadcast(Lanes.F32, 0x1.24fc4cp-8f)
            .lanewise(FMA, w, 0x1.67cf12p-7f)
            .lanewise(FMA, w, 0x1.baf164p-5f)
            .lanewise(FMA, w, 0x1.555562p-2f);
    FloatVector odd =
        FloatVector.broadcast(Lanes.F32, -0x1.9ac1d6p-14f)
            .lanewise(FMA, w, 0x1.5bcb78p-6f)
            .lanewise(FMA, w, 0x1.110d18p-3f);
    return odd.fma(u, even);
  }

  /// `(sin(r) / r - 1) / u` with `u = r^2`
  static DoubleVector sine(DoubleVector u) {
    DoubleVector w = u.mul(u);
    DoubleVector even =
        DoubleVector.broadcast(Lanes.F64, -0x1.ae5e25f327cd8p-26)
            .lanewise(FMA, w, -0x1.a01a019bb443dp-13)
            .lanewise(FMA, w, -0x1.5555555555547p-3);
    DoubleVector odd =
        DoubleVector.broadcast(Lanes.F64, 0x1.5d803dc38a6dap-33)
            .lanewise(FMA, w, 0x1.71de3526315eap-19)
            .lanewise(FMA, w, 0x1.111111110f595p-7);
    return odd.fma(u, even);
  }

  /// `(cos(r) - 1 + u / 2) / u^2`
  static DoubleVector cosine(DoubleVector u) {
    DoubleVector w = u.mul(u);
    DoubleVector even =
        DoubleVector.broadcast(Lanes.F64, 0x1.1ee9d6edb4e8ap-29)
            .lanewise(FMA, w, 0x1.a01a019c8a551p-16)
            .lanewise(FMA, w, 0x1.555555555554bp-5);
    DoubleVector odd =
        DoubleVector.broadcast(Lanes.F64, -0x1.8fa361497d2efp-37)
            .lanewise(FMA, w, -0x1.27e4f7ec36078p-22)
            .lanewise(FMA, w, -0x1.6c16c16c14ffep-10);
    return odd.fma(u, even);
  }

  /// `(tan(r) / r - 1) / u`
  static DoubleVector tangent(DoubleVector u) {
    DoubleVector w = u.mul(u);
    DoubleVector even =
        DoubleVector.broadcast(Lanes.F64, -0x1.8c2d02cf07ff8p-15)
            .lanewise(FMA, w, -0x1.054b0c114901ep-15)
            .lanewise(FMA, w, 0x1.cee7869a517b9p-13)
            .lanewise(FMA, w, 0x1.7d5228e0fcd11p-10)
            .lanewise(FMA, w, 0x1.226e0cec3b1fp-7)
            .lanewise(FMA, w, 0x1.ba1ba1b360a0ep-5)
            .lanewise(FMA, w, 0x1.55555555554ddp-2);
    DoubleVector odd =
        DoubleVector.broadcast(Lanes.F64, 0x1.677e17a729947p-16)
            .lanewise(FMA, w, 0x1.8980987553be2p-14)
            .lanewise(FMA, w, 0x1.256b77c0b94c8p-13)
            .lanewise(FMA, w, 0x1.38479c863c42fp-11)
            .lanewise(FMA, w, 0x1.d6d9f69c7c49ep-9)
            .lanewise(FMA, w, 0x1.664f49da102a2p-6)
            .lanewise(FMA, w, 0x1.1111111119956p-3);
    return odd.fma(u, even);
  }

  private TrigLanes() {}
}
