package dev.gatun.op.math;

import dev.gatun.autograd.Node;
import dev.gatun.device.Workers;
import dev.gatun.op.Keep;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/// `y = 1 / (1 + e^-x)`.
///
/// Shapes: `x`, `y` any, F32 or F64. Error: 1.5 ulp in F32, 2 in F64, in the left tail too;
/// `sigmoid(-inf) = 0`. Gradient: `dx = dy y (1 - y)`, one pass ([Grad]).
public record Sigmoid() implements Unary {
  @Override
  public double f(double x) {
    double e = Math.exp(-Math.abs(x));
    return (x < 0 ? e : 1) / (1 + e);
  }

  @Override
  public String cl() {
    return "V e = exp(-fabs(x)); return (x < 0 ? e : (V) (1)) / (1 + e);";
  }

  @Override
  public Workers.Body body() {
    return SigmoidSimd.BODY;
  }

  @Override
  public double flops() {
    return 20;
  }

  @Override
  public Keep keep() {
    return Keep.outputs(0);
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    return List.of(dy.get(0).map(d -> new Grad().of(d, n.out(0))));
  }

  /// `dx = dy y (1 - y)` from `dy` and `y`.
  public record Grad() implements Binary {
    @Override
    public double f(double dy, double y) {
      return dy * y * (1 - y);
    }

    @Override
    public String cl() {
      return "return x * y * (1 - y);";
    }

    @Override
    public Workers.Body body() {
      return SigmoidSimd.GRAD;
    }

    @Override
    public Keep keep() {
      return Keep.inputs(0, 1);
    }

    @Override
    public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dz) {
      Tensor g = dz.get(0).orElseThrow();
      Tensor dy = n.in(0);
      Tensor y = n.in(1);
      return List.of(
          n.needs(0) ? Optional.of(new Grad().of(g, y)) : Optional.empty(),
          n.needs(1) ? Optional.of(g.mul(dy).mul(y.mul(-2).add(1))) : Optional.empty());
    }
  }
}
