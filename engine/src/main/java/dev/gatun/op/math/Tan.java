package dev.gatun.op.math;

import dev.gatun.device.Workers;

/// `y = tan x`.
///
/// Shapes: `x`, `y` any, F32 or F64. Error: 1.5 ulp in F32, 2 in F64, for every `x`. Up to 51,000
/// (F32) and 1,000,000 (F64) in vectors, beyond that one by one. Infinities give NaN. Gradient: `dx
/// = dy (1 + y^2)`, one pass.
public record Tan() implements Curve {
  @Override
  public double f(double x) {
    return Math.tan(x);
  }

  @Override
  public double slope(double y) {
    return 1 + y * y;
  }

  @Override
  public boolean ofResult() {
    return true;
  }

  @Override
  public String cl() {
    return "return tan(x);";
  }

  @Override
  public String clSlope() {
    return "1 + x * x";
  }

  @Override
  public Workers.Body body() {
    return TrigSimd.TAN;
  }

  @Override
  public Workers.Body slopeBody() {
    return TrigSimd.TAN_SLOPE;
  }

  @Override
  public double flops() {
    return 36;
  }
}
