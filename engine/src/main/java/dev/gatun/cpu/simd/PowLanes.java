package dev.gatun.cpu.simd;

import static jdk.incubator.vector.VectorOperators.EQ;
import static jdk.incubator.vector.VectorOperators.FMA;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LE;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.LT;
import static jdk.incubator.vector.VectorOperators.NE;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorMask;

/// Powers `x^y` of floats, in F64: `2^(y log2 x)`.
///
/// With 29 bits to spare, the product `y log2 x`, whose error counts up to 150 times, needs no
/// second word. `log2` is the odd series of `(1 + s) / (1 - s)`, 6 terms; `2^r` a polynomial of
/// degree 7. Minimax polynomials fitted for this class.
///
/// Error: 0.51 ulp of F32. Zeros, infinities, NaN and negative bases as in `Math.pow`.
public final class PowLanes {

  /// `|x|^y` with the sign and the special cases of `Math.pow`, for numbers that were floats.
  public static DoubleVector ofFloats(DoubleVector x, DoubleVector y) {
    DoubleVector p = clamped(log2(x).mul(y));
    DoubleVector t = p.add(0x1.8p52 + 1023);
    DoubleVector r = p.sub(t.sub(0x1.8p52 + 1023));
    DoubleVector q =
        DoubleVector.broadcast(Lanes.F64, 0x1.00f13798cad8p-16)
            .lanewise(FMA, r, 0x1.445e6a036fc92p-13)
            .lanewise(FMA, r, 0x1.5d8723a40043bp-10)
            .lanewise(FMA, r, 0x1.3b29f0fec2e04p-7)
            .lanewise(FMA, r, 0x1.c6b08df45dda6p-5)
            .lanewise(FMA, r, 0x1.ebfbe07ab7832p-3)
            .lanewise(FMA, r, 0x1.62e42fef7b689p-1);
    DoubleVector scale = t.reinterpretAsLongs().lanewise(LSHL, 52).reinterpretAsDoubles();
    DoubleVector z = scale.fma(q.mul(r), scale);
    DoubleVector size = y.reinterpretAsLongs().and(Long.MAX_VALUE).reinterpretAsDoubles();
    size = size.blend(2.0, size.compare(GT, 0x1p40));
    DoubleVector whole = size.add(0x1p52);
    LongVector odd = whole.reinterpretAsLongs().lanewise(LSHL, 63).and(x.reinterpretAsLongs());
    VectorMask<Double> broken = whole.sub(0x1p52).compare(NE, size);
    z = z.reinterpretAsLongs().or(odd.blend(0L, broken.cast(Lanes.I64))).reinterpretAsDoubles();
    z =
        z.blend(
            Double.NaN,
            broken.and(x.compare(LT, 0.0)).and(x.compare(GT, Double.NEGATIVE_INFINITY)));
    return z.blend(1.0, y.compare(EQ, 0.0));
  }

  private static DoubleVector clamped(DoubleVector p) {
    DoubleVector q = p.blend(400.0, p.compare(GT, 400.0));
    return q.blend(-400.0, p.compare(LT, -400.0));
  }

  /// `log2 |x|` to 2^-44, of numbers that are normal in F64, zeros and infinities.
  private static DoubleVector log2(DoubleVector x) {
    DoubleVector a = x.reinterpretAsLongs().and(Long.MAX_VALUE).reinterpretAsDoubles();
    LongVector bits = a.reinterpretAsLongs();
    LongVector k = bits.sub(0x3fe6a09e667f3bcdL);
    DoubleVector m = bits.sub(k.and(0xfff0000000000000L)).reinterpretAsDoubles();
    DoubleVector s = m.sub(1.0).div(m.add(1.0));
    DoubleVector z = s.mul(s);
    DoubleVector e =
        k.add(0x3ff0000000000000L)
            .lanewise(LSHR, 52)
            .or(0x4330000000000000L)
            .reinterpretAsDoubles()
            .sub(0x1p52 + 1023);
    DoubleVector series =
        DoubleVector.broadcast(Lanes.F64, 0x1.21b51f93b9285p-2)
            .lanewise(FMA, z, 0x1.47950a787f0f6p-2)
            .lanewise(FMA, z, 0x1.a61a30a5c8544p-2)
            .lanewise(FMA, z, 0x1.2776c290ddf59p-1)
            .lanewise(FMA, z, 0x1.ec709dc53e8bdp-1)
            .lanewise(FMA, z, 0x1.71547652b8265p1);
    // Infinities and NaN stay.
    DoubleVector y = a.blend(series.fma(s, e), a.compare(LE, Double.MAX_VALUE));
    return y.blend(Double.NEGATIVE_INFINITY, a.compare(EQ, 0.0));
  }

  private PowLanes() {}
}
