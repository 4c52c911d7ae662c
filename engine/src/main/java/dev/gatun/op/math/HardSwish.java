package dev.gatun.op.math;

import dev.gatun.device.Workers;

/// `y = x min(max(x + 3, 0), 6) / 6` (Howard et al., Searching for MobileNetV3, arXiv 1905.02244).
///
/// Shapes: `x`, `y` any, F32 or F64. Error: 1.5 ulp. Gradient: 0 up to -3, `dy (2 x + 3) / 6`, `dy`
/// from 3 on, one pass.
public record HardSwish() implements Curve {
  @Override
  public double f(double x) {
    return x * Math.min(Math.max(x + 3, 0), 6) / 6;
  }

  @Override
  public double slope(double x) {
    return x <= -3 ? 0 : x >= 3 ? 1 : (2 * x + 3) / 6;
  }

  @Override
  public String cl() {
    return "V z = x + 3; z = z < 0 ? (V) (0) : z; z = z > 6 ? (V) (6) : " + "z; return x * z / 6;";
  }

  @Override
  public String clSlope() {
    return "x <= -3 ? (V) (0) : x >= 3 ? (V) (1) : (2 * x + 3) / 6";
  }

  @Override
  public Workers.Body body() {
    return RampSimd.HARD_SWISH;
  }

  @Override
  public Workers.Body slopeBody() {
    return RampSimd.HARD_SWISH_SLOPE;
  }

  @Override
  public double flops() {
    return 5;
  }
}
