package dev.gatun.op.math;

import dev.gatun.device.Workers;

/// `y = x` above 0, else `a (e^x - 1)`.
///
/// Shapes: `x`, `y` any, F32 or F64. Error: 2 ulp in F32 and F64. Gradient: `dx = dy` above 0, else
/// `dy (y + a)`, one pass. Source: Clevert et al., arXiv 1511.07289.
///
/// @param a the negative of the limit at -infinity, positive, mostly 1
public record Elu(double a) implements Curve {
  /// Checks `a`.
  ///
  /// @throws IllegalArgumentException unless `a` is positive and finite
  public Elu {
    if (!(a > 0 && a < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("Elu: a must be positive and finite; got " + a);
    }
  }

  @Override
  public double f(double x) {
    return x > 0 ? x : a * Math.expm1(x);
  }

  @Override
  public double slope(double y) {
    return y > 0 ? 1 : y + a;
  }

  @Override
  public boolean ofResult() {
    return true;
  }

  @Override
  public double parameter() {
    return a;
  }

  @Override
  public String cl() {
    return "return x > 0 ? x : a * expm1(x);";
  }

  @Override
  public String clSlope() {
    return "x > 0 ? (V) (1) : x + a";
  }

  @Override
  public Workers.Body body() {
    return RampSimd.ELU;
  }

  @Override
  public Workers.Body slopeBody() {
    return RampSimd.ELU_SLOPE;
  }

  @Override
  public double flops() {
    return 20;
  }
}
