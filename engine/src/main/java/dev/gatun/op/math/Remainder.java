package dev.gatun.op.math;

import dev.gatun.autograd.Node;
import dev.gatun.device.Workers;
import dev.gatun.op.Keep;
import dev.gatun.op.shape.Broadcast;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/// `z = x - y floor(x / y)`, the remainder with the sign of `y`, as Python's and NumPy's `mod`.
///
/// Shapes: `x`, `y` broadcast to `z`, F32 or F64. Error: exact where `x` and `y` have one sign,
/// else rounded to nearest, whatever the quotient; NaN where `y = 0` or `x` is infinite. Gradient:
/// `dx = dz`, `dy = -dz floor(x / y)`, summed over broadcast axes; the steps where the quotient
/// changes count for nothing. Cost: a quotient of 2^22 (2^51 in F64) or more takes some hundred
/// cycles.
public record Remainder() implements Binary {
  @Override
  public double f(double x, double y) {
    double r = x % y;
    if (r == 0) {
      return Math.copySign(0, y);
    }
    return r < 0 != y < 0 ? r + y : r;
  }

  @Override
  public String cl() {
    return "V r = FMOD(x, y); return r == 0 ? copysign((V) (0), y) : (r "
        + "< 0) != (y < 0) ? r + y : r;";
  }

  @Override
  public Workers.Body body() {
    return RemainderSimd.BODY;
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
