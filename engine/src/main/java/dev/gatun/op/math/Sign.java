package dev.gatun.op.math;

import dev.gatun.autograd.Node;
import dev.gatun.device.Workers;
import dev.gatun.op.Keep;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/// `y` = -1, 0 or 1, as `x` is negative, zero or positive.
///
/// Shapes: `x`, `y` any, F32 or F64. Exact; zeros keep their sign and NaN stays. Gradient: none,
/// since it is 0 wherever it exists.
public record Sign() implements Unary {
  @Override
  public double f(double x) {
    return Math.signum(x);
  }

  @Override
  public String cl() {
    return "return isnan(x) ? x : sign(x);";
  }

  @Override
  public Workers.Body body() {
    return SignSimd.BODY;
  }

  @Override
  public double flops() {
    return 1;
  }

  @Override
  public Keep keep() {
    return Keep.NOTHING;
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    return Pairs.noGradient(n);
  }
}
