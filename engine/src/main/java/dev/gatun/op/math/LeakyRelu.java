package dev.gatun.op.math;

import dev.gatun.device.Workers;

/// `y = x` above 0, else `a x`.
///
/// Shapes: `x`, `y` any, F32 or F64. Error: 1 ulp, for `a` is rounded to the type. Gradient: `dx =
/// dy` above 0, else `a dy`, one pass.
///
/// @param a the slope below 0
public record LeakyRelu(double a) implements Curve {
  @Override
  public double f(double x) {
    return x > 0 ? x : a * x;
  }

  @Override
  public double slope(double x) {
    return x > 0 ? 1 : a;
  }

  @Override
  public double parameter() {
    return a;
  }

  @Override
  public String cl() {
    return "return x > 0 ? x : a * x;";
  }

  @Override
  public String clSlope() {
    return "x > 0 ? (V) (1) : (V) (a)";
  }

  @Override
  public Workers.Body body() {
    return RampSimd.LEAKY;
  }

  @Override
  public Workers.Body slopeBody() {
    return RampSimd.LEAKY_SLOPE;
  }

  @Override
  public double flops() {
    return 2;
  }
}
