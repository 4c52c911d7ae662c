package dev.gatun.op.math;

import dev.gatun.autograd.Node;
import dev.gatun.device.Workers;
import dev.gatun.op.Keep;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/// `y = e^x`.
///
/// Shapes: `x`, `y` any, F32 or F64. Error: 1 ulp; overflow gives infinity, subnormal results are
/// rounded, not flushed. Gradient: `dx = dy y`.
public record Exp() implements Unary {
  @Override
  public double f(double x) {
    return Math.exp(x);
  }

  @Override
  public String cl() {
    return "return exp(x);";
  }

  @Override
  public Workers.Body body() {
    return ExpSimd.BODY;
  }

  @Override
  public double flops() {
    return 14;
  }

  @Override
  public Keep keep() {
    return Keep.outputs(0);
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    return List.of(dy.get(0).map(d -> d.mul(n.out(0))));
  }
}
