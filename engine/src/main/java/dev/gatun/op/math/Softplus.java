package dev.gatun.op.math;

import dev.gatun.device.Workers;

/// `y = log(1 + e^x)`.
///
/// Shapes: `x`, `y` any, F32 or F64. Error: 2.5 ulp in F32 and F64, in the left tail too; nothing
/// overflows. Gradient: `dx = dy sigmoid(x)`, one pass.
public record Softplus() implements Curve {
  @Override
  public double f(double x) {
    return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
  }

  @Override
  public double slope(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  @Override
  public String cl() {
    return "return (isnan(x) | (x > 0) ? x : (V) (0)) + log1p(exp(-fabs(x)));";
  }

  @Override
  public String clSlope() {
    return "1 / (1 + exp(-x))";
  }

  @Override
  public Workers.Body body() {
    return SoftplusSimd.SOFTPLUS;
  }

  @Override
  public Workers.Body slopeBody() {
    return SoftplusSimd.SOFTPLUS_SLOPE;
  }

  @Override
  public double flops() {
    return 32;
  }
}
