package dev.gatun.op.loss;

import dev.gatun.device.Workers;

/// Absolute error, `|x - t|` element by element, reduced as `reduction` says; L1 loss.
///
/// Shapes: `x` and `t` agree, F32 or F64; the result is a scalar, or like `x` under
/// [Reduction#NONE]. The mean of no elements is NaN. Gradient: `dx = sign(x - t) dy`, 0 where they
/// are equal, over the number of elements for a mean, and `dt = -dx`. Cost: one read of both.
/// Error: rounded to nearest; sums are those of [dev.gatun.op.reduce.Sum].
///
/// @param reduction over elements
public record MeanAbsolute(Reduction reduction) implements ElementLoss {
  @Override
  public boolean symmetric() {
    return true;
  }

  @Override
  public double f(double x, double t, double p) {
    return Math.abs(x - t);
  }

  @Override
  public double dx(double x, double t, double p) {
    return Math.signum(x - t);
  }

  @Override
  public double dt(double x, double t, double p) {
    return Math.signum(t - x);
  }

  @Override
  public String cl() {
    return "return fabs(x - t);";
  }

  @Override
  public String clDx() {
    return "return signum(x - t);";
  }

  @Override
  public String clDt() {
    return "return signum(t - x);";
  }

  @Override
  public Workers.Body body() {
    return MeanAbsoluteSimd.BODY;
  }

  @Override
  public Workers.Body dxBody() {
    return MeanAbsoluteSimd.DX;
  }

  @Override
  public Workers.Body dtBody() {
    return MeanAbsoluteSimd.DX;
  }
}
