package dev.gatun.op.math;

import dev.gatun.device.Workers;

/// `y = sqrt x`.
///
/// Shapes: `x`, `y` any, F32 or F64. Error: rounded to nearest; NaN below 0. Gradient: `dx = dy /
/// (2 y)`, one pass.
public record Sqrt() implements Curve {
  @Override
  public double f(double x) {
    return Math.sqrt(x);
  }

  @Override
  public double slope(double y) {
    return 0.5 / y;
  }

  @Override
  public boolean ofResult() {
    return true;
  }

  @Override
  public String cl() {
    return "return sqrt(x);";
  }

  @Override
  public String clSlope() {
    return "0.5 / x";
  }

  @Override
  public Workers.Body body() {
    return RootSimd.SQRT;
  }

  @Override
  public Workers.Body slopeBody() {
    return RootSimd.SQRT_SLOPE;
  }

  @Override
  public double flops() {
    return 1;
  }
}
