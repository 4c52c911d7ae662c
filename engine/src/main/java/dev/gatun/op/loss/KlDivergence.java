package dev.gatun.op.loss;

import dev.gatun.device.Workers;

/// Terms of the divergence of Kullback and Leibler of targets from predictions: `x` are logarithms
/// of predicted probabilities, `t` target probabilities, or their logarithms too if `logTarget`; `t
/// (log t - x)` or `e^t (t - x)` element by element, 0 where the target's probability is 0, reduced
/// as `reduction` says. For the mean over rows divide the sum by their number.
///
/// Shapes: `x` and `t` agree, F32 or F64; the result is a scalar, or like `x` under
/// [Reduction#NONE]. The mean of no elements is NaN. Gradient: `dx = -t dy` or `-e^t dy`, `dt =
/// (log t + 1 - x) dy` or `e^t (t - x + 1) dy`, over the number of elements for a mean. Cost: one
/// read of both. Error: a few ulp of the larger of `|t log t|` and `|t x|`; sums are those of
/// [dev.gatun.op.reduce.Sum].
///
/// @param logTarget whether targets are logarithms
/// @param reduction over elements
public record KlDivergence(boolean logTarget, Reduction reduction) implements ElementLoss {
  @Override
  public double f(double x, double t, double p) {
    if (logTarget) {
      return t == Double.NEGATIVE_INFINITY ? 0 : Math.exp(t) * (t - x);
    }
    return t == 0 ? 0 : t * (Math.log(t) - x);
  }

  @Override
  public double dx(double x, double t, double p) {
    return logTarget ? -Math.exp(t) : -t;
  }

  @Override
  public double dt(double x, double t, double p) {
    return logTarget ? Math.exp(t) * (t - x + 1) : Math.log(t) + 1 - x;
  }

  @Override
  public String cl() {
    return logTarget
        ? "return t == LOWEST ? ZERO : exp(t) * (t - x);"
        : "return t == ZERO ? ZERO : t * (log(t) - x);";
  }

  @Override
  public String clDx() {
    return logTarget ? "return -exp(t);" : "return -t;";
  }

  @Override
  public String clDt() {
    return logTarget ? "return exp(t) * (t - x + 1);" : "return log(t) + 1 - x;";
  }

  @Override
  public Workers.Body body() {
    return logTarget ? KlDivergenceSimd.LOG_BODY : KlDivergenceSimd.BODY;
  }

  @Override
  public Workers.Body dxBody() {
    return logTarget ? KlDivergenceSimd.LOG_DX : KlDivergenceSimd.DX;
  }

  @Override
  public Workers.Body dtBody() {
    return logTarget ? KlDivergenceSimd.LOG_DT : KlDivergenceSimd.DT;
  }
}
