package dev.gatun.op.loss;

import dev.gatun.device.Workers;

/// Squared error, `(x - t)^2` element by element, reduced as `reduction` says.
///
/// Shapes: `x` and `t` agree, F32 or F64; the result is a scalar, or like `x` under
/// [Reduction#NONE]. The mean of no elements is NaN. Gradient: `dx = 2 (x - t) dy`, over the number
/// of elements for a mean, and `dt = -dx`. Cost: one read of both. Error: 2 ulp an element; sums
/// are those of [dev.gatun.op.reduce.Sum].
///
/// @param reduction over elements
public record Mse(Reduction reduction) implements ElementLoss {
  @Override
  public boolean symmetric() {
    return true;
  }

  @Override
  public double f(double x, double t, double p) {
    return (x - t) * (x - t);
  }

  @Override
  public double dx(double x, double t, double p) {
    return 2 * (x - t);
  }

  @Override
  public double dt(double x, double t, double p) {
    return 2 * (t - x);
  }

  @Override
  public String cl() {
    return "return (x - t) * (x - t);";
  }

  @Override
  public String clDx() {
    return "return 2 * (x - t);";
  }

  @Override
  public String clDt() {
    return "return 2 * (t - x);";
  }

  @Override
  public Workers.Body body() {
    return MseSimd.BODY;
  }

  @Override
  public Workers.Body dxBody() {
    return MseSimd.DX;
  }

  @Override
  public Workers.Body dtBody() {
    return MseSimd.DX;
  }
}
