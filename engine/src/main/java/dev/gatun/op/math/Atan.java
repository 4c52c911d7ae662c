package dev.gatun.op.math;

import dev.gatun.device.Workers;

/// `y = atan x`, the angle in `[-pi/2, pi/2]` whose tangent is `x`.
///
/// Shapes: `x`, `y` any, F32 or F64. Error: 1.5 ulp in F32 and F64. Gradient: `dx = dy / (1 +
/// x^2)`, one pass.
public record Atan() implements Curve {
  @Override
  public double f(double x) {
    return Math.atan(x);
  }

  @Override
  public double slope(double x) {
    return 1 / (1 + x * x);
  }

  @Override
  public String cl() {
    return "return atan(x);";
  }

  @Override
  public String clSlope() {
    return "1 / (1 + x * x)";
  }

  @Override
  public Workers.Body body() {
    return ArcSimd.ATAN;
  }

  @Override
  public Workers.Body slopeBody() {
    return ArcSimd.ATAN_SLOPE;
  }

  @Override
  public double flops() {
    return 26;
  }
}
