package dev.gatun.op.math;

import dev.gatun.device.Workers;

/// `y = e^x - 1`, right near 0 too.
///
/// Shapes: `x`, `y` any, F32 or F64. Error: 1.5 ulp in F32 and F64; -1 at -infinity, overflow gives
/// infinity. Gradient: `dx = dy (y + 1)`, one pass.
public record Expm1() implements Curve {
  @Override
  public double f(double x) {
    return Math.expm1(x);
  }

  @Override
  public double slope(double y) {
    return y + 1;
  }

  @Override
  public boolean ofResult() {
    return true;
  }

  @Override
  public String cl() {
    return "return expm1(x);";
  }

  @Override
  public String clSlope() {
    return "x + 1";
  }

  @Override
  public Workers.Body body() {
    return ExpSimd.EXPM1;
  }

  @Override
  public Workers.Body slopeBody() {
    return ExpSimd.EXPM1_SLOPE;
  }

  @Override
  public double flops() {
    return 18;
  }
}
