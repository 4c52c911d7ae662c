package dev.gatun.op.math;

import dev.gatun.device.Workers;

/// `y = x tanh(log(1 + e^x))`.
///
/// Shapes: `x`, `y` any, F32 or F64. Error: 4 ulp in F32 and F64, in the left tail too; 0 at
/// -infinity. Gradient: one pass. Source: Misra, Mish, arXiv 1908.08681.
public record Mish() implements Curve {
  @Override
  public double f(double x) {
    double w = Math.exp(Math.min(x, 40));
    double n = w * (w + 2);
    return x == Double.NEGATIVE_INFINITY ? 0 : x * (n / (n + 2));
  }

  @Override
  public double slope(double x) {
    double w = Math.exp(Math.min(x, 40));
    double n = w * (w + 2);
    double finite = Math.clamp(x, -800, 800);
    return n / (n + 2) + finite * 4 * w * (w + 1) / ((n + 2) * (n + 2));
  }

  @Override
  public String cl() {
    return "V w = exp(x > 40 ? (V) (40) : x); V n = w * (w + 2); return "
        + "x == (V) (LOWEST) ? (V) (0) : x * (n / (n + 2));";
  }

  @Override
  public String clSlope() {
    return "MISH_SLOPE(x)";
  }

  @Override
  public Workers.Body body() {
    return SoftplusSimd.MISH;
  }

  @Override
  public Workers.Body slopeBody() {
    return SoftplusSimd.MISH_SLOPE;
  }

  @Override
  public double flops() {
    return 26;
  }
}
