package dev.gatun.op.math;

import dev.gatun.device.Workers;

/// `y = erf x`, the error function: `2 / sqrt(pi)` times the integral of `e^(-t^2)` from 0 to `x`.
///
/// Shapes: `x`, `y` any, F32 or F64. Error: 1.3 ulp in F32, 2 in F64. Gradient: `dx = 2 / sqrt(pi)
/// dy e^(-x^2)`, one pass.
public record Erf() implements Curve {
  @Override
  public double f(double x) {
    return NormalCdf.erf(x);
  }

  @Override
  public double slope(double x) {
    return 1.1283791670955126 * Math.exp(-x * x);
  }

  @Override
  public String cl() {
    return "return erf(x);";
  }

  @Override
  public String clSlope() {
    return "1.1283791670955126 * exp(-x * x)";
  }

  @Override
  public Workers.Body body() {
    return ErfSimd.ERF;
  }

  @Override
  public Workers.Body slopeBody() {
    return ErfSimd.ERF_SLOPE;
  }

  @Override
  public double flops() {
    return 34;
  }
}
