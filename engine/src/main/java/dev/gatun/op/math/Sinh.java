package dev.gatun.op.math;

import dev.gatun.device.Workers;

/// `y = sinh x`.
///
/// Shapes: `x`, `y` any, F32 or F64. Error: 1.5 ulp in F32 and F64; overflow gives infinity.
/// Gradient: `dx = dy cosh x`, one pass.
public record Sinh() implements Curve {
  @Override
  public double f(double x) {
    return Math.sinh(x);
  }

  @Override
  public double slope(double x) {
    return Math.cosh(x);
  }

  @Override
  public String cl() {
    return "return sinh(x);";
  }

  @Override
  public String clSlope() {
    return "cosh(x)";
  }

  @Override
  public Workers.Body body() {
    return HyperbolicSimd.SINH;
  }

  @Override
  public Workers.Body slopeBody() {
    return HyperbolicSimd.SINH_SLOPE;
  }

  @Override
  public double flops() {
    return 34;
  }
}
