package dev.gatun.op.math;

import dev.gatun.device.Workers;

/// `y = min(max(x + 3, 0), 6) / 6`.
///
/// Shapes: `x`, `y` any, F32 or F64. Error: 1 ulp. Gradient: `dy / 6` between -3 and 3, else 0, one
/// pass.
public record HardSigmoid() implements Curve {
  @Override
  public double f(double x) {
    return Math.min(Math.max(x + 3, 0), 6) / 6;
  }

  @Override
  public double slope(double x) {
    return Math.abs(x) < 3 ? 1.0 / 6 : 0;
  }

  @Override
  public String cl() {
    return "V z = x + 3; z = z < 0 ? (V) (0) : z; z = z > 6 ? (V) (6) : " + "z; return z / 6;";
  }

  @Override
  public String clSlope() {
    return "fabs(x) < 3 ? (V) (1.0 / 6) : (V) (0)";
  }

  @Override
  public Workers.Body body() {
    return RampSimd.HARD_SIGMOID;
  }

  @Override
  public Workers.Body slopeBody() {
    return RampSimd.HARD_SIGMOID_SLOPE;
  }

  @Override
  public double flops() {
    return 4;
  }
}
