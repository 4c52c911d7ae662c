package dev.gatun.op.loss;

import dev.gatun.device.Workers;

/// Huber's loss: with `d = |x - t|`, `d^2 / 2` where `d <= delta` and `delta (d - delta / 2)`
/// beyond, element by element, reduced as `reduction` says. The smooth L1 loss is this over
/// `delta`.
///
/// Shapes: `x` and `t` agree, F32 or F64; the result is a scalar, or like `x` under
/// [Reduction#NONE]. The mean of no elements is NaN. Gradient: `dx = dy (x - t)`, held between
/// `-delta` and `delta`, over the number of elements for a mean, and `dt = -dx`. Cost: one read of
/// both. Error: 3 ulp an element; sums are those of [dev.gatun.op.reduce.Sum]. Source: Huber,
/// Robust estimation of a location parameter, Ann. Math. Stat. 35, 1964.
///
/// @param delta where the parabola becomes a line, above 0
/// @param reduction over elements
public record Huber(double delta, Reduction reduction) implements ElementLoss {
  /// @throws IllegalArgumentException unless `delta > 0`
  public Huber {
    if (!(delta > 0)) {
      throw new IllegalArgumentException("Huber: delta must be above 0; got " + delta);
    }
  }

  @Override
  public boolean symmetric() {
    return true;
  }

  @Override
  public double parameter() {
    return delta;
  }

  @Override
  public double f(double x, double t, double p) {
    double d = Math.abs(x - t);
    return d <= p ? d * d / 2 : p * (d - p / 2);
  }

  @Override
  public double dx(double x, double t, double p) {
    return Math.max(-p, Math.min(p, x - t));
  }

  @Override
  public double dt(double x, double t, double p) {
    return -dx(x, t, p);
  }

  @Override
  public String cl() {
    return "V d = fabs(x - t); return d <= p ? d * d / 2 : p * (d - p / 2);";
  }

  @Override
  public String clDx() {
    return "return bounded(x - t, p);";
  }

  @Override
  public String clDt() {
    return "return -bounded(x - t, p);";
  }

  @Override
  public Workers.Body body() {
    return HuberSimd.BODY;
  }

  @Override
  public Workers.Body dxBody() {
    return HuberSimd.DX;
  }

  @Override
  public Workers.Body dtBody() {
    return HuberSimd.DX;
  }
}
