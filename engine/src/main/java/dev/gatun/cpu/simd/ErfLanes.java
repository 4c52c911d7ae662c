package dev.gatun.cpu.simd;

import static jdk.incubator.vector.VectorOperators.FMA;
import static jdk.incubator.vector.VectorOperators.GE;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LT;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;

/// Error function of the lanes of a vector.
///
/// Below 1, `x + x P(x^2)`. Beyond, `1 - T(|x|)`, where `T` need only be right against 1: in F32
/// the square of a polynomial of degree 10 in the distance from 2, which is exact (`T` itself would
/// take degree 15, and a fourth power of degree 8 1.8 ulp), in F64 the tail of [GeluLanes]. Minimax
/// polynomials fitted for this class.
///
/// Error: 1.3 ulp in F32, 2 ulp in F64. `erf(+-inf) = +-1`, NaN stays NaN.
public final class ErfLanes {

  /// From here on erf rounds to 1: the bits of 3.93.
  private static final int FOUR = 0x407b851f;

  /// `erf(x)`
  public static FloatVector f32(FloatVector x) {
    IntVector bits = x.reinterpretAsInts();
    IntVector size = bits.and(0x7fffffff);
    FloatVector a = size.reinterpretAsFloats();
    FloatVector far = tail(size.min(FOUR).reinterpretAsFloats().sub(2f));
    FloatVector near = near(a.mul(a)).fma(a, a);
    // NaN is not beyond 1, and stays what it is.
    FloatVector y = near.blend(FloatVector.broadcast(Lanes.F32, 1f).sub(far), a.compare(GE, 1f));
    return y.reinterpretAsInts().or(bits.and(0x80000000)).reinterpretAsFloats();
  }

  /// `erf(x)`
  public static DoubleVector f64(DoubleVector x) {
    LongVector bits = x.reinterpretAsLongs();
    DoubleVector a = bits.and(Long.MAX_VALUE).reinterpretAsDoubles();
    DoubleVector z = a.blend(6.0, a.compare(GT, 6.0)).mul(1.4142135623730951);
    DoubleVector far = GeluLanes.tail(z, DoubleVector.broadcast(Lanes.F64, 2), 0.0);
    DoubleVector u = a.mul(a);
    DoubleVector near =
        DoubleVector.broadcast(Lanes.F64, 0x1.057a03d1dc616p-34)
            .lanewise(FMA, u, -0x1.386ae2bcada7p-30)
            .lanewise(FMA, u, 0x1.f7a41d8645ec1p-27)
            .lanewise(FMA, u, -0x1.5f1d37d91ae3bp-23)
            .lanewise(FMA, u, 0x1.b9def1bfeda34p-20)
            .lanewise(FMA, u, -0x1.f4d1df3c07743p-17)
            .lanewise(FMA, u, 0x1.f9a321a1435fcp-14)
            .lanewise(FMA, u, -0x1.c02db3d8ee772p-11)
            .lanewise(FMA, u, 0x1.565bcd0db035cp-8)
            .lanewise(FMA, u, -0x1.b82ce3128499fp-6)
            .lanewise(FMA, u, 0x1.ce2f21a042b2p-4)
            .lanewise(FMA, u, -0x1.812746b0379e5p-2)
            .lanewise(FMA, u, 0x1.06eba8214db67p-3);
    DoubleVector y = DoubleVector.broadcast(Lanes.F64, 1).sub(far);
    y = y.blend(near.fma(a, a), a.compare(LT, 1.0));
    return y.reinterpretAsLongs().or(bits.and(Long.MIN_VALUE)).reinterpretAsDoubles();
  }

  /// `erf(a) / a - 1` with `u = a^2 <= 1`
  static FloatVector near(FloatVector u) {
    FloatVector w = u.mul(u);
    FloatVector even =
        FloatVector.broadcast(Lanes.F32, 0x1.477138p-14f)
            .lanewise(FMA, w, 0x1.53f222p-8f)
            .lanewise(FMA, w, 0x1.ce2ce6p-4f)
            .lanewise(FMA, w, 0x1.06eba8p-3f);
    FloatVector odd =
        FloatVector.broadcast(Lanes.F32, -0x1.a35136p-11f)
            .lanewise(FMA, w, -0x1.b7f71ap-6f)
            .lanewise(FMA, w, -0x1.81273ep-2f);
    return odd.fma(u, even);
  }

  /// `1 - erf(2 + h)` with `-1 <= h <= 1.93`
  static FloatVector tail(FloatVector h) {
    FloatVector w = h.mul(h);
    FloatVector even =
        FloatVector.broadcast(Lanes.F32, -0x1.aa1acep-17f)
            .lanewise(FMA, w, 0x1.959d74p-12f)
            .lanewise(FMA, w, -0x1.73d336p-9f)
            .lanewise(FMA, w, -0x1.2b331ap-11f)
            .lanewise(FMA, w, 0x1.151572p-3f)
            .lanewise(FMA, w, 0x1.182446p-4f);
    FloatVector odd =
        FloatVector.broadcast(Lanes.F32, -0x1.b4be14p-16f)
            .lanewise(FMA, w, -0x1.d29f52p-12f)
            .lanewise(FMA, w, 0x1.3009b2p-7f)
            .lanewise(FMA, w, -0x1.b7b40ap-5f)
            .lanewise(FMA, w, -0x1.356d16p-3f);
    FloatVector root = odd.fma(h, even);
    return root.mul(root);
  }

  private ErfLanes() {}
}
