package dev.gatun.op.loss;

import dev.gatun.device.Workers;

/// Negative log-likelihood of yes or no under logits: with `s(x) = log(1 + e^x)`, `(1 - t) s(x) + p
/// t s(-x)` element by element, reduced as `reduction` says.
///
/// Shapes: logits `x` and targets `t` agree, F32 or F64, `t` between 0 and 1; then a factor
/// `weight` of each loss if `weighted` and `p`, the weight of a yes, if `positive`, both with the
/// last axes of `x`, such as `[C]` under `x [.., C]`. The result is a scalar, or like `x` under
/// [Reduction#NONE]; a mean is over the number of elements, NaN for none. Gradient, with the
/// sigmoid `q` of `x`: `dx = weight ((1 - t) q - p t (1 - q)) dy`, `dt = weight (p s(-x) - s(x))
/// dy`, over the number of elements for a mean; none of the weights. Cost: one read of all. Error:
/// 6 ulp an element: all terms are positive and nothing overflows; sums are those of
/// [dev.gatun.op.reduce.Sum].
///
/// @param weighted whether a third input multiplies the losses
/// @param positive whether the last input multiplies what a yes costs
/// @param reduction over elements
public record BinaryCrossEntropy(boolean weighted, boolean positive, Reduction reduction)
    implements ElementLoss {
  @Override
  public double f(double x, double t, double p) {
    double l = Math.log1p(Math.exp(-Math.abs(x)));
    return (1 - t) * (l + Math.max(x, 0)) + p * t * (l + Math.max(-x, 0));
  }

  @Override
  public double dx(double x, double t, double p) {
    double e = Math.exp(-Math.abs(x));
    double yes = (x < 0 ? e : 1) / (1 + e);
    double no = (x < 0 ? 1 : e) / (1 + e);
    return (1 - t) * yes - p * t * no;
  }

  @Override
  public double dt(double x, double t, double p) {
    double l = Math.log1p(Math.exp(-Math.abs(x)));
    return p * (l + Math.max(-x, 0)) - (l + Math.max(x, 0));
  }

  @Override
  public String cl() {
    return "V l = log1p(exp(-fabs(x)));"
        + " return (1 - t) * (l + positive_part(x)) + p * t * (l + positive_part(-x));";
  }

  @Override
  public String clDx() {
    return "V e = exp(-fabs(x)); V a = (x < ZERO ? e : ONE) / (1 + e);"
        + " V b = (x < ZERO ? ONE : e) / (1 + e);"
        + " return (1 - t) * a - p * t * b;";
  }

  @Override
  public String clDt() {
    return "V l = log1p(exp(-fabs(x))); return p * (l + positive_part(-x)) - (l +"
        + " positive_part(x));";
  }

  @Override
  public Workers.Body body() {
    return positive ? BinaryCrossEntropySimd.POSITIVE_BODY : BinaryCrossEntropySimd.BODY;
  }

  @Override
  public Workers.Body dxBody() {
    return positive ? BinaryCrossEntropySimd.POSITIVE_DX : BinaryCrossEntropySimd.DX;
  }

  @Override
  public Workers.Body dtBody() {
    return positive ? BinaryCrossEntropySimd.POSITIVE_DT : BinaryCrossEntropySimd.DT;
  }
}
