package dev.gatun.op.math;

import dev.gatun.device.Workers;

/// `y = log2 x`.
///
/// Shapes: `x`, `y` any, F32 or F64. Error: 1.3 ulp in F32, 1.5 in F64, none at powers of 2; `log2
/// 0 = -inf`, NaN below 0. Gradient: `dx = dy / (x ln 2)`, one pass.
public record Log2() implements Curve {
  private static final double LN2 = 0.6931471805599453;

  @Override
  public double f(double x) {
    double y = Math.log(x) / LN2;
    double whole = Math.rint(y);
    // Near a power of 2, and 1 among them, the logarithm of the quotient has more digits.
    return Math.abs(whole) < 1022
        ? whole + Math.log1p(x / Math.scalb(1.0, (int) whole) - 1) / LN2
        : y;
  }

  @Override
  public double slope(double x) {
    return 1 / (x * LN2);
  }

  @Override
  public String cl() {
    return "return log2(x);";
  }

  @Override
  public String clSlope() {
    return "1 / (x * 0.6931471805599453)";
  }

  @Override
  public Workers.Body body() {
    return LogSimd.LOG2;
  }

  @Override
  public Workers.Body slopeBody() {
    return LogSimd.LOG2_SLOPE;
  }

  @Override
  public double flops() {
    return 22;
  }
}
