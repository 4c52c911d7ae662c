package dev.gatun.op.math;

import dev.gatun.autograd.Node;
import dev.gatun.device.Workers;
import dev.gatun.op.Keep;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/// `y = log x`, the natural logarithm.
///
/// Shapes: `x`, `y` any, F32 or F64. Error: 1 ulp; `log 0 = -inf`, NaN below 0. Gradient: `dx = dy
/// / x`.
public record Log() implements Unary {
  @Override
  public double f(double x) {
    return Math.log(x);
  }

  @Override
  public String cl() {
    return "return log(x);";
  }

  @Override
  public Workers.Body body() {
    return LogSimd.BODY;
  }

  @Override
  public double flops() {
    return 20;
  }

  @Override
  public Keep keep() {
    return Keep.inputs(0);
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    return List.of(dy.get(0).map(d -> d.div(n.in(0))));
  }
}
