package dev.gatun.op.math;

import dev.gatun.device.Workers;

/// `y = 1 / sqrt x`.
///
/// Shapes: `x`, `y` any, F32 or F64. Error: 1.5 ulp; infinity at 0, NaN below. Gradient: `dx = -dy
/// y^3 / 2`, one pass.
public record Rsqrt() implements Curve {
  @Override
  public double f(double x) {
    return 1 / Math.sqrt(x);
  }

  @Override
  public double slope(double y) {
    return -0.5 * y * y * y;
  }

  @Override
  public boolean ofResult() {
    return true;
  }

  @Override
  public String cl() {
    return "return 1 / sqrt(x);";
  }

  @Override
  public String clSlope() {
    return "-0.5 * x * x * x";
  }

  @Override
  public Workers.Body body() {
    return RootSimd.RSQRT;
  }

  @Override
  public Workers.Body slopeBody() {
    return RootSimd.RSQRT_SLOPE;
  }

  @Override
  public double flops() {
    return 2;
  }
}
