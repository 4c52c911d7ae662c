package dev.gatun.op.math;

import dev.gatun.autograd.Node;
import dev.gatun.device.Workers;
import dev.gatun.op.Keep;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/// `y = -x`.
///
/// Shapes: `x`, `y` any, F32 or F64. Exact. Gradient: `dx = -dy`.
public record Neg() implements Unary {
  @Override
  public double f(double x) {
    return -x;
  }

  @Override
  public Workers.Body body() {
    return NegSimd.BODY;
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
    return List.of(dy.get(0).map(d -> d.neg()));
  }
}
