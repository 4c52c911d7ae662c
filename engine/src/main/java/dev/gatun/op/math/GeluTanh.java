package dev.gatun.op.math;

import dev.gatun.device.Workers;

/// `y = x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2`, the approximation of [Gelu] by `tanh`
/// (Hendrycks and Gimpel, arXiv 1606.08415, section 2).
///
/// Shapes: `x`, `y` any, F32 or F64. Error: 4 ulp in F32 and F64, in the left tail too; `gelu(-inf)
/// = 0`. Gradient: one pass.
public record GeluTanh() implements Curve {
  private static final double A = 1.5957691216057308;
  private static final double B = 0.044715 * A;

  @Override
  public double f(double x) {
    double v = x * (A + B * x * x);
    return x < -25 ? 0 : x / (1 + Math.exp(-v));
  }

  @Override
  public double slope(double x) {
    double finite = Math.clamp(x, -25, 25);
    double square = finite * finite;
    double s = 1 / (1 + Math.exp(-finite * (A + B * square)));
    return s + s * (1 - s) * finite * (A + 3 * B * square);
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
