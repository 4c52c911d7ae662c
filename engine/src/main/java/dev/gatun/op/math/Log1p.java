package dev.gatun.op.math;

import dev.gatun.device.Workers;

/// `y = log(1 + x)`, right near 0 too.
///
/// Shapes: `x`, `y` any, F32 or F64. Error: 1.5 ulp in F32 and F64; `-inf` at -1, NaN below.
/// Gradient: `dx = dy / (1 + x)`, one pass.
public record Log1p() implements Curve {
  @Override
  public double f(double x) {
    return Math.log1p(x);
  }

  @Override
  public double slope(double x) {
    return 1 / (1 + x);
  }

  @Override
  public String cl() {
    return "return log1p(x);";
  }

  @Override
  public String clSlope() {
    return "1 / (1 + x)";
  }

  @Override
  public Workers.Body body() {
    return LogSimd.LOG1P;
  }

  @Override
  public Workers.Body slopeBody() {
    return LogSimd.LOG1P_SLOPE;
  }

  @Override
  public double flops() {
    return 26;
  }
}
