package dev.gatun.op.math;

import dev.gatun.autograd.Node;
import dev.gatun.device.Workers;
import dev.gatun.op.Keep;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/// `y = 1 / x`.
///
/// Shapes: `x`, `y` any, F32 or F64. Error: rounded to nearest. Gradient: `dx = -dy y^2`, one pass
/// ([Grad]).
public record Reciprocal() implements Unary {
  @Override
  public double f(double x) {
    return 1 / x;
  }

  @Override
  public String cl() {
    return "return 1 / x;";
  }

  @Override
  public Workers.Body body() {
    return ReciprocalSimd.BODY;
  }

  @Override
  public double flops() {
    return 1;
  }

  @Override
  public Keep keep() {
    return Keep.outputs(0);
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    return List.of(dy.get(0).map(d -> new Grad().of(d, n.out(0))));
  }

  /// `dx = -dy y^2` from `dy` and `y`.
  public record Grad() implements Binary {
    @Override
    public double f(double dy, double y) {
      return -dy * y * y;
    }

    @Override
    public String cl() {
      return "return -x * y * y;";
    }

    @Override
    public Workers.Body body() {
      return ReciprocalSimd.GRAD;
    }

    @Override
    public Keep keep() {
      return Keep.inputs(0, 1);
    }

    @Override
    public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dz) {
      Tensor g = dz.get(0).orElseThrow();
      return List.of(
          n.needs(0) ? Optional.of(new Grad().of(g, n.in(1))) : Optional.empty(),
          n.needs(1) ? Optional.of(g.mul(n.in(0)).mul(n.in(1)).mul(-2)) : Optional.empty());
    }
  }
}
