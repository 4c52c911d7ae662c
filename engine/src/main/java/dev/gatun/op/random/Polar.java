package dev.gatun.op.random;

/// Points by logarithm of the radius and angle, for [Normal], one by one: step by step the
/// arithmetic of `LogLanes.normalF64` and `RandomLanes.turn`, so that either form makes the same
/// bits. Within 2 ulp of the exact logarithm and 1 ulp of sine and cosine.
final class Polar {
  private static final long SQRT_HALF = 0x3fe6a09e667f3bcdL;

  private Polar() {}

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

  /// The angle of `turns` whole turns in [0, 1) as quarters, of which the low bits count, in a
  /// double from 2^52 on.
  static double quarters(double turns) {
    return Math.fma(turns, 4.0, 0x1.8p52);
  }

  /// The angle that is left beside `quarters`, at most an eighth of a turn.
  static double angle(double turns, double quarters) {
    return Math.fma(quarters - 0x1.8p52, -0.25, turns) * (2 * Math.PI);
  }

  /// `cos(r)` of such an angle.
  static double cosine(double r) {
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

  /// `sin(r)` of such an angle.
  static double sine(double r) {
    double u = r * r;
    double w = u * u;
    double even = Math.fma(-0x1.ae5e25f327cd8p-26, w, -0x1.a01a019bb443dp-13);
    even = Math.fma(even, w, -0x1.5555555555547p-3);
    double odd = Math.fma(0x1.5d803dc38a6dap-33, w, 0x1.71de3526315eap-19);
    odd = Math.fma(odd, w, 0x1.111111110f595p-7);
    return Math.fma(Math.fma(odd, u, even), r * u, r);
  }
}
