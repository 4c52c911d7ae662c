package dev.gatun.op.math;

import dev.gatun.autograd.Node;
import dev.gatun.device.Workers;
import dev.gatun.op.Keep;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/// `y = |x|`.
///
/// Shapes: `x`, `y` any, F32 or F64. Exact; `|-0| = 0`. Gradient: `dx = dy sign(x)`, 0 at 0, one
/// pass ([Grad]).
public record Abs() implements Unary {
  @Override
  public double f(double x) {
    return Math.abs(x);
  }

  @Override
  public String cl() {
    return "return fabs(x);";
  }

  @Override
  public Workers.Body body() {
    return AbsSimd.BODY;
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

  /// `dx = dy sign(x)`; 0 at 0, NaN where `x` is.
  public record Grad() implements Binary {
    @Override
    public double f(double dy, double x) {
      return dy * Math.signum(x);
    }

    @Override
    public String cl() {
      return "return x * (isnan(y) ? y : sign(y));";
    }

    @Override
    public Workers.Body body() {
      return AbsSimd.GRAD;
    }

    @Override
    public Keep keep() {
      return Keep.inputs(1);
    }

    @Override
    public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dz) {
      return List.of(dz.get(0).map(g -> new Grad().of(g, n.in(1))), Optional.empty());
    }
  }
}
