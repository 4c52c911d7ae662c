package dev.gatun.op.random;

/// Elementary functions of the random numbers, one by one: step by step the arithmetic of
/// `LogLanes.normalF64`, `ExpLanes.nonPositiveF64` and `RandomLanes.turn`, so that plain loops and
/// vectors make the same bits. Within 2 ulp.
final class Elementary {
  private static final long SQRT_HALF = 0x3fe6a09e667f3bcdL;

  private Elementary() {}

  /// `log(x)` of a positive normal number.
  static double log(double x) {
    long bits = Double.doubleToRawLongBits(x);
    long k = bits - SQRT_HALF;
    double f = Double.longBitsToDouble(bits - (k & 0xfff0000000000000L)) - 1;
    long exponent = k + 0x3ff0000000000000L >>> 52;
    double e = Double.longBitsToDouble(exponent | 0x4330000000000000L) - (0x1p52 + 1023);
    double s = f / (f + 2);
    double z = s * s;
    double half = f * f * 0.5;
    double r = Math.fma(e, 0x1.abc9e3b39803fp-56, s * (half + z * series(z)));
    return Math.fma(e, 0x1.62e42fefa39efp-1, f - (half - r));
  }

  private static double series(double z) {
    double w = z * z;
    double even = Math.fma(0x1.2f0640110c1ecp-3, w, 0x1.74663fae04587p-3);
    even = Math.fma(Math.fma(even, w, 0x1.24924941f5465p-2), w, 0x1.5555555555592p-1);
    double odd = Math.fma(0x1.39a1a5cc620aap-3, w, 0x1.c71c5205cc7e7p-3);
    return Math.fma(Math.fma(odd, w, 0x1.999999997fd72p-2), z, even);
  }

  /// `exp(x)` of a number that is at most 710.
  static double exp(double x) {
    double t = Math.fma(x, 0x1.71547652b82fep0, 0x1.8p52 + 2046);
    double n = t - (0x1.8p52 + 2046);
    double r = Math.fma(n, -0x1.62e42fefa39efp-1, x);
    r = Math.fma(n, -0x1.abc9e3b39803fp-56, r);
    double u = r * r;
    double even = Math.fma(0x1.28ad9b84e5ed4p-22, u, 0x1.a01999e2657b2p-16);
    even = Math.fma(Math.fma(even, u, 0x1.6c16c18438ae7p-10), u, 0x1.555555555083fp-5);
    even = Math.fma(even, u, 0x1.000000000000ap-1);
    double odd = Math.fma(0x1.ad7f3c1c65cbap-26, u, 0x1.71df25b4b9df5p-19);
    odd = Math.fma(Math.fma(odd, u, 0x1.a01a012a0e82bp-13), u, 0x1.1111111127d10p-7);
    odd = Math.fma(odd, u, 0x1.55555555554f9p-3);
    double p = Math.fma(Math.fma(odd, r, even), u, r) + 1;
    // The power of 2 may be subnormal: half of it at a time.
    long both = Double.doubleToRawLongBits(t);
    long half = both >>> 1;
    p *= Double.longBitsToDouble(half << 52);
    p *= Double.longBitsToDouble(both - half << 52);
    return x < -746 ? 0 : p;
  }

  /// `cos(2 pi turns)`, `turns` in [0, 1).
  static double cosine(double turns) {
    return wave(turns, 1);
  }

  /// `sin(2 pi turns)`, `turns` in [0, 1).
  static double sine(double turns) {
    return wave(turns, 0);
  }

  /// Quarter turns come off exactly, and `shift` more are added.
  private static double wave(double turns, int shift) {
    double t = Math.fma(turns, 4.0, 0x1.8p52);
    double r = Math.fma(t - 0x1.8p52, -0.25, turns) * (2 * Math.PI);
    long quarters = Double.doubleToRawLongBits(t) + shift;
    double y = (quarters & 1) == 0 ? nearSine(r) : nearCosine(r);
    return (quarters & 2) == 0 ? y : -y;
  }

  private static double nearCosine(double r) {
    double u = r * r;
    double w = u * u;
    double even = Math.fma(0x1.1ee9d6edb4e8ap-29, w, 0x1.a01a019c8a551p-16);
    even = Math.fma(even, w, 0x1.555555555554bp-5);
    double odd = Math.fma(-0x1.8fa361497d2efp-37, w, -0x1.27e4f7ec36078p-22);
    odd = Math.fma(odd, w, -0x1.6c16c16c14ffep-10);
    double high = Math.fma(u, -0.5, 1);
    double rest = Math.fma(u, -0.5, -high + 1);
    return Math.fma(Math.fma(odd, u, even), w, rest) + high;
  }

  private static double nearSine(double r) {
    double u = r * r;
    double w = u * u;
    double even = Math.fma(-0x1.ae5e25f327cd8p-26, w, -0x1.a01a019bb443dp-13);
    even = Math.fma(even, w, -0x1.5555555555547p-3);
    double odd = Math.fma(0x1.5d803dc38a6dap-33, w, 0x1.71de3526315eap-19);
    odd = Math.fma(odd, w, 0x1.111111110f595p-7);
    return Math.fma(Math.fma(odd, u, even), r * u, r);
  }
}
