package dev.gatun.op.math;

import dev.gatun.device.Workers;

/// `y = s x` above 0, else `s a (e^x - 1)`, with `s = 1.0507009873554805` and `a =
/// 1.6732632423543772`, under which mean 0 and variance 1 are a fixed point (Klambauer et al.,
/// arXiv 1706.02515).
///
/// Shapes: `x`, `y` any, F32 or F64. Error: 2.5 ulp in F32 and F64. Gradient: `dx = dy s` above 0,
/// else `dy (y + s a)`, one pass.
public record Selu() implements Curve {
  static final double S = 1.0507009873554805;
  static final double A = 1.6732632423543772;

  @Override
  public double f(double x) {
    return x > 0 ? S * x : S * A * Math.expm1(x);
  }

  @Override
  public double slope(double y) {
    return y > 0 ? S : y + S * A;
  }

  @Override
  public boolean ofResult() {
    return true;
  }

  @Override
  public String cl() {
    return "return x > 0 ? 1.0507009873554805 * x : 1.7580993408473766 " + "* expm1(x);";
  }

  @Override
  public String clSlope() {
    return "x > 0 ? (V) (1.0507009873554805) : x + 1.7580993408473766";
  }

  @Override
  public Workers.Body body() {
    return RampSimd.SELU;
  }

  @Override
  public Workers.Body slopeBody() {
    return RampSimd.SELU_SLOPE;
  }

  @Override
  public double flops() {
    return 20;
  }
}
