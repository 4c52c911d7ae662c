package dev.gatun.op.math;

import dev.gatun.autograd.Node;
import dev.gatun.device.Workers;
import dev.gatun.op.Keep;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/// `y = tanh x`.
///
/// Shapes: `x`, `y` any, F32 or F64. Error: 1.5 ulp in F32, 2 in F64; `tanh(+-inf) = +-1`.
/// Gradient: `dx = dy (1 - y^2)`, one pass ([Grad]).
public record Tanh() implements Unary {
  @Override
  public double f(double x) {
    return Math.tanh(x);
  }

  @Override
  public String cl() {
    return "return tanh(x);";
  }

  @Override
  public Workers.Body body() {
    return TanhSimd.BODY;
  }

  @Override
  public double flops() {
    return 26;
  }

  @Override
  public Keep keep() {
    return Keep.outputs(0);
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    return List.of(dy.get(0).map(d -> new Grad().of(d, n.out(0))));
  }

  /// `dx = dy (1 - y^2)` from `dy` and `y`.
  public record Grad() implements Binary {
    @Override
    public double f(double dy, double y) {
      return dy * (1 - y) * (1 + y);
    }

    @Override
    public String cl() {
      return "return x * (1 - y) * (1 + y);";
    }

    @Override
    public Workers.Body body() {
      return TanhSimd.GRAD;
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
          n.needs(1) ? Optional.of(g.mul(dy).mul(y).mul(-2)) : Optional.empty());
    }
  }
}
