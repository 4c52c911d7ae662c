package dev.gatun.op.math;

import dev.gatun.device.Workers;

/// `y = x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2`, the approximation of [Gelu] by `tanh`
/// (Hendrycks and Gimpel, arXiv 1606.08415, section 2).
///
/// Shapes: `x`, `y` any, F32 or F64. Error: 4 ulp in F32 and F64, in the left tail too; `gelu(-inf)
/// = 0`. Gradient: one pass.
public record GeluTanh() implements Curve {
  /// `2 sqrt(2 / pi)` and 0.044715 of it, in two numbers each.
  private static final double A = 0x1.9884533d43651p0;

  private static final double A_LOW = -0x1.cbc0d30ebfd15p-54;
  private static final double B = 0x1.2444f2a4d8b4bp-4;
  private static final double B_LOW = -0x1.6c843a29d1c70p-61;

  @Override
  public double f(double x) {
    if (x < -25) {
      return 0;
    }
    // The tail is e^v: an error of v counts |v| times there, so v takes along what rounding took.
    double square = x * x;
    double cube = B * square;
    double factor = A + cube;
    double v = factor * x;
    double part = factor - cube;
    double low = Math.fma(x, x, -square) * B + Math.fma(B, square, -cube);
    low += (cube - (factor - part)) + (A - part) + A_LOW + B_LOW * square;
    low = low * x + Math.fma(factor, x, -v);
    double s = 1 / (1 + Math.exp(-v));
    return x > 25 ? x : x * (s + s * (1 - s) * low);
  }

  @Override
  public double slope(double x) {
    double finite = Math.clamp(x, -25, 25);
    double square = finite * finite;
    double s = 1 / (1 + Math.exp(-finite * (A + B * square)));
    return s + s * (1 - s) * finite * (A + 3 * B * square);
  }

  @Override
  public String cl() {
    return "return x < -25 ? (V) (0) : x / (1 + exp(-x * "
        + "(1.5957691216057308 + 0.07135481627260025 * x * x)));";
  }

  @Override
  public String clSlope() {
    return "GELU_TANH_SLOPE(x)";
  }

  @Override
  public Workers.Body body() {
    return GeluTanhSimd.GELU;
  }

  @Override
  public Workers.Body slopeBody() {
    return GeluTanhSimd.GELU_SLOPE;
  }

  @Override
  public double flops() {
    return 40;
  }
}
