package dev.gatun.op.math;

import dev.gatun.autograd.Node;
import dev.gatun.device.Workers;
import dev.gatun.op.Keep;
import dev.gatun.op.shape.Broadcast;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/// `z = x y`.
///
/// Shapes: `x`, `y` broadcast to `z`, F32 or F64, or I32 or I64, which wrap. Error: rounded to
/// nearest. Gradient: `dx = dz y`, `dy = dz x`, summed over broadcast axes.
public record Mul() implements Arithmetic {
  @Override
  public double f(double x, double y) {
    return x * y;
  }

  @Override
  public long f(long x, long y) {
    return x * y;
  }

  @Override
  public String cl() {
    return "return x * y;";
  }

  @Override
  public Workers.Body body() {
    return MulSimd.BODY;
  }

  @Override
  public Keep keep() {
    return Keep.inputs(0, 1);
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    Tensor dz = dy.get(0).orElseThrow();
    return List.of(
        n.needs(0)
            ? Optional.of(Broadcast.sumTo(dz.mul(n.in(1)), n.inSpec(0).shape()))
            : Optional.empty(),
        n.needs(1)
            ? Optional.of(Broadcast.sumTo(dz.mul(n.in(0)), n.inSpec(1).shape()))
            : Optional.empty());
  }
}
