package dev.gatun.op.math;

import dev.gatun.device.Workers;

/// `y = x / (1 + |x|)`.
///
/// Shapes: `x`, `y` any, F32 or F64. Error: 1.5 ulp; NaN at infinities. Gradient: `dx = dy / (1 +
/// |x|)^2`, one pass.
public record Softsign() implements Curve {
  @Override
  public double f(double x) {
    return x / (1 + Math.abs(x));
  }

  @Override
  public double slope(double x) {
    double d = 1 + Math.abs(x);
    return 1 / (d * d);
  }

  @Override
  public String cl() {
    return "return x / (1 + fabs(x));";
  }

  @Override
  public String clSlope() {
    return "1 / ((1 + fabs(x)) * (1 + fabs(x)))";
  }

  @Override
  public Workers.Body body() {
    return RampSimd.SOFTSIGN;
  }

  @Override
  public Workers.Body slopeBody() {
    return RampSimd.SOFTSIGN_SLOPE;
  }

  @Override
  public double flops() {
    return 3;
  }
}
