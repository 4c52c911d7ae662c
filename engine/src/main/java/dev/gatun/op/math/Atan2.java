package dev.gatun.op.math;

import dev.gatun.autograd.Node;
import dev.gatun.device.Workers;
import dev.gatun.op.Keep;
import dev.gatun.op.shape.Broadcast;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/// `z = atan2(y, x)`, the angle in `[-pi, pi]` of the point `(x, y)`.
///
/// Shapes: `y`, `x` broadcast to `z`, F32 or F64. Error: 1.5 ulp in F32, 2 in F64; signed zeros and
/// infinities as in [Math#atan2]. Gradient: `dy = dz x / (x^2 + y^2)`, `dx = -dz y / (x^2 + y^2)`,
/// summed over broadcast axes.
public record Atan2() implements Binary {
  @Override
  public double f(double up, double right) {
    return Math.atan2(up, right);
  }

  @Override
  public String cl() {
    return "return atan2(x, y);";
  }

  @Override
  public Workers.Body body() {
    return ArcSimd.ATAN2;
  }

  @Override
  public Keep keep() {
    return Keep.inputs(0, 1);
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    Tensor y = n.in(0);
    Tensor x = n.in(1);
    Tensor part = dy.get(0).orElseThrow().div(x.mul(x).add(y.mul(y)));
    return List.of(
        n.needs(0)
            ? Optional.of(Broadcast.sumTo(part.mul(x), n.inSpec(0).shape()))
            : Optional.empty(),
        n.needs(1)
            ? Optional.of(Broadcast.sumTo(part.mul(y).neg(), n.inSpec(1).shape()))
            : Optional.empty());
  }
}
