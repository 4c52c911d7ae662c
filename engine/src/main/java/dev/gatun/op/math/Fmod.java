package dev.gatun.op.math;

import dev.gatun.autograd.Node;
import dev.gatun.device.Workers;
import dev.gatun.op.Keep;
import dev.gatun.op.shape.Broadcast;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/// `z = x - y trunc(x / y)`, the remainder with the sign of `x`, as C's `fmod` and Java's `%`.
///
/// Shapes: `x`, `y` broadcast to `z`, F32 or F64. Exact, whatever the quotient; NaN where `y = 0`
/// or `x` is infinite. Gradient: `dx = dz`, `dy = -dz trunc(x / y)`, summed over broadcast axes;
/// the steps where the quotient changes count for nothing. Cost: a quotient of 2^22 (2^51 in F64)
/// or more takes some hundred cycles.
public record Fmod() implements Binary {
  @Override
  public double f(double x, double y) {
    return x % y;
  }

  @Override
  public String cl() {
    return "return FMOD(x, y);";
  }

  @Override
  public Workers.Body body() {
    return FmodSimd.BODY;
  }

  @Override
  public Keep keep() {
    return Keep.inputs(0, 1).andOutputs(0);
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    Tensor dz = dy.get(0).orElseThrow();
    return List.of(
        n.needs(0) ? Optional.of(Broadcast.sumTo(dz, n.inSpec(0).shape())) : Optional.empty(),
        n.needs(1)
            ? Optional.of(
                Broadcast.sumTo(dz.mul(n.out(0).sub(n.in(0))).div(n.in(1)), n.inSpec(1).shape()))
            : Optional.empty());
  }
}
