package dev.gatun.op.math;

import dev.gatun.device.Workers;

/// `y = asin x`, the angle in `[-pi/2, pi/2]` whose sine is `x`.
///
/// Shapes: `x`, `y` any, F32 or F64. Error: 1.5 ulp in F32 and F64; NaN beyond 1. Gradient: `dx =
/// dy / sqrt((1 - x) (1 + x))`, one pass.
public record Asin() implements Curve {
  @Override
  public double f(double x) {
    return Math.asin(x);
  }

  @Override
  public double slope(double x) {
    return 1 / Math.sqrt((1 - x) * (1 + x));
  }

  @Override
  public String cl() {
    return "return asin(x);";
  }

  @Override
  public String clSlope() {
    return "1 / sqrt((1 - x) * (1 + x))";
  }

  @Override
  public Workers.Body body() {
    return ArcSimd.ASIN;
  }

  @Override
  public Workers.Body slopeBody() {
    return ArcSimd.ASIN_SLOPE;
  }

  @Override
  public double flops() {
    return 22;
  }
}
