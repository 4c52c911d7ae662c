package dev.gatun.op.math;

import dev.gatun.autograd.Node;
import dev.gatun.device.Workers;
import dev.gatun.op.Keep;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/// `y = x^2`.
///
/// Shapes: `x`, `y` any, F32 or F64. Error: rounded to nearest. Gradient: `dx = 2 x dy`, one pass
/// ([Grad]).
public record Square() implements Unary {
  @Override
  public double f(double x) {
    return x * x;
  }

  @Override
  public String cl() {
    return "return x * x;";
  }

  @Override
  public Workers.Body body() {
    return SquareSimd.BODY;
  }

  @Override
  public double flops() {
    return 1;
  }

  @Override
  public Keep keep() {
    return Keep.inputs(0);
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    return List.of(dy.get(0).map(d -> new Grad().of(d, n.in(0))));
  }

  /// `dx = 2 x dy`.
  public record Grad() implements Binary {
    @Override
    public double f(double dy, double x) {
      return 2 * x * dy;
    }

    @Override
    public String cl() {
      return "return 2 * y * x;";
    }

    @Override
    public Workers.Body body() {
      return SquareSimd.GRAD;
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
          n.needs(1) ? Optional.of(new Grad().of(g, n.in(0))) : Optional.empty());
    }
  }
}
