package dev.gatun.io.onnx;

import dev.gatun.tensor.Tensor;

/// Floating formats of 4 and 8 bits (OCP Microscaling Formats 1.0, section 5.3, and the FNUZ
/// variants of arXiv 2206.02915), whose values F32 carries.
///
/// @param mantissa bits after the leading one
/// @param bias of the exponent
/// @param most the largest number
/// @param infinite whether there are infinities; else what is too large becomes NaN
/// @param unsignedZero whether there is one zero and its negative's code is NaN
record SmallFloat(
    int bits, int mantissa, int bias, double most, boolean infinite, boolean unsignedZero) {
  static final SmallFloat E4M3FN = new SmallFloat(8, 3, 7, 448, false, false);
  static final SmallFloat E4M3FNUZ = new SmallFloat(8, 3, 8, 240, false, true);
  static final SmallFloat E5M2 = new SmallFloat(8, 2, 15, 57_344, true, false);
  static final SmallFloat E5M2FNUZ = new SmallFloat(8, 2, 16, 57_344, false, true);
  static final SmallFloat E2M1 = new SmallFloat(4, 1, 1, 6, false, false);

  /// The number that `code` stands for.
  double decode(int code) {
    int sign = 1 << bits - 1;
    if (unsignedZero && code == sign) {
      return Double.NaN;
    }
    int field = (code & sign - 1) >> mantissa;
    int part = code & (1 << mantissa) - 1;
    double v =
        field == 0
            ? Math.scalb((double) part, 1 - bias - mantissa)
            : Math.scalb((double) (part + (1 << mantissa)), field - bias - mantissa);
    if (v > most) {
      boolean infinity = infinite && part == 0;
      v = infinity ? Double.POSITIVE_INFINITY : Double.NaN;
    }
    return (code & sign) != 0 ? -v : v;
  }

  /// The nearest number of this format, ties to even.
  ///
  /// @param saturate whether what is too large becomes the largest
  double round(double x, boolean saturate) {
    if (Double.isNaN(x)) {
      // The format of 4 bits has none.
      return bits == 4 ? -0.0 : x;
    }
    double quantum = Math.scalb(1.0, Math.max(exponent(x), 1 - bias) - mantissa);
    double y = Double.isInfinite(x) ? x : Math.rint(x / quantum) * quantum;
    if (Math.abs(y) > most) {
      double top = saturate ? most : infinite ? Double.POSITIVE_INFINITY : Double.NaN;
      return Math.copySign(top, x);
    }
    return unsignedZero && y == 0 ? 0 : y;
  }

  private static int exponent(double x) {
    return x == 0 ? -1000 : Math.getExponent(x);
  }

  /// All of `t`, rounded.
  Tensor round(Tensor t, boolean saturate) {
    float[] values = t.toFloatArray();
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) round(values[i], saturate);
    }
    return t.scope().tensor(t.shape(), values);
  }

  /// All of `t` as powers of two from `2^-127` to `2^127` (E8M0).
  ///
  /// @param mode `up`, `down` or `nearest`
  static Tensor powers(Tensor t, String mode, boolean saturate) {
    float[] values = t.toFloatArray();
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) power(Math.abs(values[i]), mode, saturate);
    }
    return t.scope().tensor(t.shape(), values);
  }

  private static double power(double x, String mode, boolean saturate) {
    if (Double.isNaN(x) || Double.isInfinite(x) && !saturate) {
      return Double.NaN;
    }
    int e = Double.isInfinite(x) ? 128 : x == 0 ? -127 : Math.getExponent(x);
    double over = Double.isInfinite(x) || x == 0 ? 1 : x / Math.scalb(1.0, e);
    boolean up =
        switch (mode) {
          case "up" -> over > 1;
          case "nearest" -> over >= 1.5;
          default -> false;
        };
    e += up ? 1 : 0;
    if (e > 127 && !saturate) {
      return Double.NaN;
    }
    return Math.scalb(1.0, Math.clamp(e, -127, 127));
  }
}
