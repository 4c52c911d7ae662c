package dev.gatun.op.math;

import dev.gatun.autograd.Node;
import dev.gatun.device.Workers;
import dev.gatun.op.Keep;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/// `y` = the greatest integer that is at most `x`.
///
/// Shapes: `x`, `y` any, F32 or F64. Exact; NaN, infinities and the sign of zeros stay. Gradient:
/// none, since it is 0 wherever it exists.
public record Floor() implements Unary {
  @Override
  public double f(double x) {
    return Math.floor(x);
  }

  @Override
  public String cl() {
    return "return floor(x);";
  }

  @Override
  public Workers.Body body() {
    return FloorSimd.BODY;
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
