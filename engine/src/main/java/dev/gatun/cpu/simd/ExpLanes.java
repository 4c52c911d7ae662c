package dev.gatun.cpu.simd;

import static jdk.incubator.vector.VectorOperators.FMA;
import static jdk.incubator.vector.VectorOperators.GE;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.LT;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;

/// Exponentials of the lanes of a vector: `exp(x)`, `exp(x) - 1`, `2^x`.
///
/// `exp(x) = 2^n exp(r)` with `n = round(x / ln 2)` and `|r| <= ln(2) / 2`. Adding 1.5 times the
/// significand's range leaves `n` in the low bits (Cody and Waite, Software Manual for the
/// Elementary Functions, 1980); `ln 2` is subtracted in two parts, the first product exact by FMA.
/// `exp(r)` is a minimax polynomial of degree 6 (relative error 2^-28) or 11 (2^-58), fitted for
/// this class by the Remez exchange. `2^n` is applied as two factors, so that results below the
/// normal range are rounded once, not flushed.
///
/// Error: 1.01 ulp in F32, 1 ulp in F64, subnormal results included. `exp(-inf) = 0`, `exp(inf) =
/// inf`, overflow gives infinity, NaN stays NaN. `exp(x) - 1` 1.2 ulp in F32, 1.5 in F64, near 0
/// too; `2^x` 1.1 ulp in both, exact where `x` is an integer.
public final class ExpLanes {

  private static final float LOG2E_F = 0x1.715476p0f;
  private static final float LN2_HI_F = 0x1.62e43p-1f;
  private static final float LN2_LO_F = -0x1.05c61p-29f;

  /// Bias 2 * 127: the two halves of the low bits are then the exponent fields of the factors.
  private static final float ROUND_F = 0x1.8p23f + 254;

  /// `(exp(r) - 1 - r) / r^2` by even and odd powers.
  private static final float EVEN_0 = 0x1.fffffcp-2f;

  private static final float EVEN_1 = 0x1.5558f2p-5f;
  private static final float EVEN_2 = 0x1.6a23e4p-10f;
  private static final float ODD_0 = 0x1.555492p-3f;
  private static final float ODD_1 = 0x1.123a2p-7f;

  private static final double LOG2E = 0x1.71547652b82fep0;
  private static final double LN2_HI = 0x1.62e42fefa39efp-1;
  private static final double LN2_LO = 0x1.abc9e3b39803fp-56;
  private static final double ROUND = 0x1.8p52 + 2046;

  private ExpLanes() {}

  /// `exp(x)`
  public static FloatVector f32(FloatVector x) {
    FloatVector y = nonPositiveF32(x);
    return y.blend(Float.POSITIVE_INFINITY, x.compare(GT, 89f));
  }

  /// `exp(x)` for lanes of at most 87 in magnitude: what `2^n` makes of a normal number is one, so
  /// `n` is added to its exponent.
  public static FloatVector moderateF32(FloatVector x) {
    FloatVector t = x.lanewise(FMA, LOG2E_F, 0x1.8p23f);
    FloatVector n = t.sub(0x1.8p23f);
    FloatVector r = n.fma(FloatVector.broadcast(Lanes.F32, -LN2_HI_F), x);
    r = n.fma(FloatVector.broadcast(Lanes.F32, -LN2_LO_F), r);
    IntVector shift = t.reinterpretAsInts().lanewise(LSHL, 23);
    return expm1(r).add(1).reinterpretAsInts().add(shift).reinterpretAsFloats();
  }

  /// `exp(x)` for lanes that are at most 89: saves a comparison where the sign is known.
  public static FloatVector nonPositiveF32(FloatVector x) {
    FloatVector t = x.lanewise(FMA, LOG2E_F, ROUND_F);
    FloatVector n = t.sub(ROUND_F);
    FloatVector r = n.fma(FloatVector.broadcast(Lanes.F32, -LN2_HI_F), x);
    r = n.fma(FloatVector.broadcast(Lanes.F32, -LN2_LO_F), r);
    FloatVector p = expm1(r).add(1);
    IntVector both = t.reinterpretAsInts();
    IntVector half = both.lanewise(LSHR, 1);
    p = p.mul(half.lanewise(LSHL, 23).reinterpretAsFloats());
    p = p.mul(both.sub(half).lanewise(LSHL, 23).reinterpretAsFloats());
    return p.blend(0f, x.compare(LT, -104f));
  }

  /// [#nonPositiveF32] of one number, bit for bit, without vectors: for what runs before they are
  /// compiled.
  static float scalarNonPositive(float x) {
    float t = Math.fma(x, LOG2E_F, ROUND_F);
    float n = t - ROUND_F;
    float r = Math.fma(n, -LN2_LO_F, Math.fma(n, -LN2_HI_F, x));
    float u = r * r;
    float even = Math.fma(Math.fma(EVEN_2, u, EVEN_1), u, EVEN_0);
    float series = Math.fma(Math.fma(ODD_1, u, ODD_0), r, even);
    float p = Math.fma(series, r * r, r) + 1;
    int both = Float.floatToRawIntBits(t);
    int half = both >>> 1;
    p *= Float.intBitsToFloat(half << 23);
    p *= Float.intBitsToFloat((both - half) << 23);
    return x < -104f ? 0f : p;
  }

  /// `exp(r) - 1` for `|r| <= ln(2) / 2`, in two chains, which run side by side.
  static FloatVector expm1(FloatVector r) {
    return expm1Series(r).fma(r.mul(r), r);
  }

  /// `exp(x)`
  public static DoubleVector f64(DoubleVector x) {
    DoubleVector y = nonPositiveF64(x);
    return y.blend(Double.POSITIVE_INFINITY, x.compare(GT, 710.0));
  }

  /// `exp(x)` for lanes that are at most 710.
  public static DoubleVector nonPositiveF64(DoubleVector x) {
    DoubleVector t = x.lanewise(FMA, LOG2E, ROUND);
    DoubleVector n = t.sub(ROUND);
    DoubleVector r = n.fma(DoubleVector.broadcast(Lanes.F64, -LN2_HI), x);
    r = n.fma(DoubleVector.broadcast(Lanes.F64, -LN2_LO), r);
    DoubleVector p = expm1(r).add(1);
    LongVector both = t.reinterpretAsLongs();
    LongVector half = both.lanewise(LSHR, 1);
    p = p.mul(half.lanewise(LSHL, 52).reinterpretAsDoubles());
    p = p.mul(both.sub(half).lanewise(LSHL, 52).reinterpretAsDoubles());
    return p.blend(0.0, x.compare(LT, -746.0));
  }

  /// `exp(r) - 1` for `|r| <= ln(2) / 2`, in two chains, which run side by side.
  static DoubleVector expm1(DoubleVector r) {
    return expm1Series(r).fma(r.mul(r), r);
  }

  /// `exp(x) - 1`: with `x = n ln 2 + r`, `2^n (exp(r) - 1) + (2^n - 1)`, halved, so that `2^n`
  /// stays in range. What `ln 2` lacks in one number enters after the first sum.
  private static FloatVector expm1CoreF32(FloatVector x) {
    FloatVector t = x.lanewise(FMA, LOG2E_F, 0x1.8p23f + 126);
    FloatVector n = t.sub(0x1.8p23f + 126);
    FloatVector near = n.fma(FloatVector.broadcast(Lanes.F32, -LN2_HI_F), x);
    FloatVector low = n.mul(-LN2_LO_F);
    FloatVector r = near.add(low);
    FloatVector series = expm1Series(r);
    FloatVector scale = t.reinterpretAsInts().lanewise(LSHL, 23).reinterpretAsFloats();
    FloatVector rest = series.fma(r.mul(r), low);
    FloatVector y = scale.fma(rest, scale.fma(near, scale.sub(0.5f)));
    return y.add(y);
  }

  /// `exp(x) - 1`
  public static FloatVector expm1F32(FloatVector x) {
    FloatVector y = expm1CoreF32(x.blend(-20f, x.compare(LT, -20f)));
    return y.blend(Float.POSITIVE_INFINITY, x.compare(GT, 89f));
  }

  /// `2^x`
  public static FloatVector exp2F32(FloatVector x) {
    FloatVector t = x.add(ROUND_F);
    FloatVector p = expm1(x.sub(t.sub(ROUND_F)).mul(0x1.62e43p-1f)).add(1);
    IntVector both = t.reinterpretAsInts();
    IntVector half = both.lanewise(LSHR, 1);
    p = p.mul(half.lanewise(LSHL, 23).reinterpretAsFloats());
    p = p.mul(both.sub(half).lanewise(LSHL, 23).reinterpretAsFloats());
    p = p.blend(0f, x.compare(LT, -151f));
    return p.blend(Float.POSITIVE_INFINITY, x.compare(GE, 128f));
  }

  /// `exp(x) - 1`: with `x = n ln 2 + r`, `2^n (exp(r) - 1) + (2^n - 1)`, halved, so that `2^n`
  /// stays in range. What `ln 2` lacks in one number enters after the first sum.
  private static DoubleVector expm1CoreF64(DoubleVector x) {
    DoubleVector t = x.lanewise(FMA, LOG2E, 0x1.8p52 + 1022);
    DoubleVector n = t.sub(0x1.8p52 + 1022);
    DoubleVector near = n.fma(DoubleVector.broadcast(Lanes.F64, -LN2_HI), x);
    DoubleVector low = n.mul(-LN2_LO);
    DoubleVector r = near.add(low);
    DoubleVector series = expm1Series(r);
    DoubleVector scale = t.reinterpretAsLongs().lanewise(LSHL, 52).reinterpretAsDoubles();
    DoubleVector rest = series.fma(r.mul(r), low);
    DoubleVector y = scale.fma(rest, scale.fma(near, scale.sub(0.5)));
    return y.add(y);
  }

  /// `exp(x) - 1`
  public static DoubleVector expm1F64(DoubleVector x) {
    DoubleVector y = expm1CoreF64(x.blend(-40.0, x.compare(LT, -40.0)));
    return y.blend(Double.POSITIVE_INFINITY, x.compare(GT, 710.0));
  }

  /// `2^x`
  public static DoubleVector exp2F64(DoubleVector x) {
    DoubleVector t = x.add(ROUND);
    DoubleVector p = expm1(x.sub(t.sub(ROUND)).mul(LN2_HI)).add(1);
    LongVector both = t.reinterpretAsLongs();
    LongVector half = both.lanewise(LSHR, 1);
    p = p.mul(half.lanewise(LSHL, 52).reinterpretAsDoubles());
    p = p.mul(both.sub(half).lanewise(LSHL, 52).reinterpretAsDoubles());
    p = p.blend(0, x.compare(LT, -1076.0));
    return p.blend(Double.POSITIVE_INFINITY, x.compare(GE, 1024.0));
  }

  /// `exp(x) - 1` for lanes of at most 87 in magnitude.
  public static FloatVector moderateExpm1F32(FloatVector x) {
    return expm1CoreF32(x);
  }

  /// `2^x` for lanes of at most 126 in magnitude; also 0 for -127 and infinity for 128.
  public static FloatVector moderateExp2F32(FloatVector x) {
    FloatVector t = x.add(0x1.8p23f);
    FloatVector p = expm1(x.sub(t.sub(0x1.8p23f)).mul(0x1.62e43p-1f)).add(1);
    IntVector shift = t.reinterpretAsInts().lanewise(LSHL, 23);
    return p.reinterpretAsInts().add(shift).reinterpretAsFloats();
  }

  /// [#moderateExp2F32] in one chain of FMAs, two operations shorter, for loops with enough else to
  /// do meanwhile. Error: 1.7 ulp.
  public static FloatVector chainedExp2F32(FloatVector x) {
    FloatVector t = x.add(0x1.8p23f);
    FloatVector f = x.sub(t.sub(0x1.8p23f));
    FloatVector p =
        FloatVector.broadcast(Lanes.F32, 0x1.41fbbcp-13f)
            .lanewise(FMA, f, 0x1.5f3e54p-10f)
            .lanewise(FMA, f, 0x1.3b2d4cp-7f)
            .lanewise(FMA, f, 0x1.c6aee8p-5f)
            .lanewise(FMA, f, 0x1.ebfbdcp-3f)
            .lanewise(FMA, f, 0x1.62e43p-1f)
            .lanewise(FMA, f, 1f);
    IntVector shift = t.reinterpretAsInts().lanewise(LSHL, 23);
    return p.reinterpretAsInts().add(shift).reinterpretAsFloats();
  }

  /// `2^x` for lanes of at most 1022 in magnitude; also 0 for -1023 and infinity for 1024.
  public static DoubleVector moderateExp2F64(DoubleVector x) {
    DoubleVector t = x.add(0x1.8p52);
    DoubleVector p = expm1(x.sub(t.sub(0x1.8p52)).mul(LN2_HI)).add(1);
    LongVector shift = t.reinterpretAsLongs().lanewise(LSHL, 52);
    return p.reinterpretAsLongs().add(shift).reinterpretAsDoubles();
  }

  /// `(exp(r) - 1 - r) / r^2`
  private static FloatVector expm1Series(FloatVector r) {
    FloatVector u = r.mul(r);
    FloatVector even =
        FloatVector.broadcast(Lanes.F32, EVEN_2).lanewise(FMA, u, EVEN_1).lanewise(FMA, u, EVEN_0);
    FloatVector odd = FloatVector.broadcast(Lanes.F32, ODD_1).lanewise(FMA, u, ODD_0);
    return odd.fma(r, even);
  }

  /// `(exp(r) - 1 - r) / r^2`
  private static DoubleVector expm1Series(DoubleVector r) {
    DoubleVector u = r.mul(r);
    DoubleVector even =
        DoubleVector.broadcast(Lanes.F64, 0x1.28ad9b84e5ed4p-22)
            .lanewise(FMA, u, 0x1.a01999e2657b2p-16)
            .lanewise(FMA, u, 0x1.6c16c18438ae7p-10)
            .lanewise(FMA, u, 0x1.555555555083fp-5)
            .lanewise(FMA, u, 0x1.000000000000ap-1);
    DoubleVector odd =
        DoubleVector.broadcast(Lanes.F64, 0x1.ad7f3c1c65cbap-26)
            .lanewise(FMA, u, 0x1.71df25b4b9df5p-19)
            .lanewise(FMA, u, 0x1.a01a012a0e82bp-13)
            .lanewise(FMA, u, 0x1.1111111127d10p-7)
            .lanewise(FMA, u, 0x1.55555555554f9p-3);
    return odd.fma(r, even);
  }
}
