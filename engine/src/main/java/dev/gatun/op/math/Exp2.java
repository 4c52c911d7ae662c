package dev.gatun.op.math;

import dev.gatun.device.Workers;

/// `y = 2^x`.
///
/// Shapes: `x`, `y` any, F32 or F64. Error: 1.1 ulp in F32 and F64, none at integers; overflow
/// gives infinity, subnormal results are rounded, not flushed. Gradient: `dx = dy y ln 2`, one
/// pass.
public record Exp2() implements Curve {
  private static final double LN2 = 0.6931471805599453;

  @Override
  public double f(double x) {
    return Math.pow(2, x);
  }

  @Override
  public double slope(double y) {
    return LN2 * y;
  }

  @Override
  public boolean ofResult() {
    return true;
  }

  @Override
  public String cl() {
    return "return exp2(x);";
  }

  @Override
  public String clSlope() {
    return "0.6931471805599453 * x";
  }

  @Override
  public Workers.Body body() {
    return ExpSimd.EXP2;
  }

  @Override
  public Workers.Body slopeBody() {
    return ExpSimd.EXP2_SLOPE;
  }

  @Override
  public double flops() {
    return 14;
  }
}
