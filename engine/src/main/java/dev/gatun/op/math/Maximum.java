package dev.gatun.op.math;

import dev.gatun.autograd.Node;
import dev.gatun.device.Workers;
import dev.gatun.op.Keep;
import dev.gatun.op.shape.Broadcast;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/// `z` = the larger of `x` and `y`.
///
/// Shapes: `x`, `y` broadcast to `z`, F32 or F64, or I32 or I64. Exact; NaN wins and `-0 < +0`.
/// Gradient: `dz` to the larger of the two and half to each where they are equal, summed over
/// broadcast axes; where one is NaN, 0 to both.
public record Maximum() implements Arithmetic {
  @Override
  public double f(double x, double y) {
    return Math.max(x, y);
  }

  @Override
  public long f(long x, long y) {
    return Math.max(x, y);
  }

  @Override
  public String cl() {
    return "return GREATER(x, y);";
  }

  @Override
  public Workers.Body body() {
    return MaximumSimd.BODY;
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
            ? Optional.of(
                Broadcast.sumTo(
                    dz.mul(new Greater.Share().of(n.in(0), n.in(1))), n.inSpec(0).shape()))
            : Optional.empty(),
        n.needs(1)
            ? Optional.of(
                Broadcast.sumTo(
                    dz.mul(new Greater.Share().of(n.in(1), n.in(0))), n.inSpec(1).shape()))
            : Optional.empty());
  }
}
