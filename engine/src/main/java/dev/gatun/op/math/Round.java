package dev.gatun.op.math;

import dev.gatun.autograd.Node;
import dev.gatun.device.Workers;
import dev.gatun.op.Keep;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/// `y` = the integer nearest to `x`, the even one of two.
///
/// Shapes: `x`, `y` any, F32 or F64. Exact; NaN, infinities and the sign of zeros stay. Gradient:
/// none, since it is 0 wherever it exists.
public record Round() implements Unary {
  @Override
  public double f(double x) {
    return Math.rint(x);
  }

  @Override
  public String cl() {
    return "return rint(x);";
  }

  @Override
  public Workers.Body body() {
    return RoundSimd.BODY;
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
