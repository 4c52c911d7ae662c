package dev.gatun.op.math;

import dev.gatun.device.Workers;

/// `y = acos x`, the angle in `[0, pi]` whose cosine is `x`.
///
/// Shapes: `x`, `y` any, F32 or F64. Error: 1.5 ulp in F32 and F64; NaN beyond 1. Gradient: `dx =
/// -dy / sqrt((1 - x) (1 + x))`, one pass.
public record Acos() implements Curve {
  @Override
  public double f(double x) {
    return Math.acos(x);
  }

  @Override
  public double slope(double x) {
    return -1 / Math.sqrt((1 - x) * (1 + x));
  }

  @Override
  public String cl() {
    return "return acos(x);";
  }

  @Override
  public String clSlope() {
    return "-1 / sqrt((1 - x) * (1 + x))";
  }

  @Override
  public Workers.Body body() {
    return ArcSimd.ACOS;
  }

  @Override
  public Workers.Body slopeBody() {
    return ArcSimd.ACOS_SLOPE;
  }

  @Override
  public double flops() {
    return 24;
  }
}
