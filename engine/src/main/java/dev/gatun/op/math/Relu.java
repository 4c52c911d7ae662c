package dev.gatun.op.math;

import dev.gatun.autograd.Node;
import dev.gatun.device.Workers;
import dev.gatun.op.Keep;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/// `y = max(0, x)`, NaN where `x` is.
///
/// Error: none. Gradient: `dy` where `y > 0`, else 0; at `x = 0` it is 0.
public record Relu() implements Unary {
  @Override
  public double f(double x) {
    return Double.isNaN(x) ? x : Math.max(0, x);
  }

  @Override
  public double flops() {
    return 1;
  }

  @Override
  public String cl() {
    return "return isnan(x) | (x > 0) ? x : (V) (0);";
  }

  @Override
  public Workers.Body body() {
    return ReluSimd.BODY;
  }

  @Override
  public Keep keep() {
    return Keep.outputs(0);
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    return List.of(dy.get(0).map(d -> new Grad().of(d, n.out(0))));
  }

  /// `dx = y > 0 ? dy : 0`. No gradient of its own.
  public record Grad() implements Binary {
    @Override
    public double f(double dy, double y) {
      return y > 0 ? dy : 0;
    }

    @Override
    public String cl() {
      return "return y > 0 ? x : (V) (0);";
    }

    @Override
    public Workers.Body body() {
      return ReluSimd.GRAD;
    }

    @Override
    public Keep keep() {
      return Keep.NOTHING;
    }

    @Override
    public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
      return List.of(Optional.empty(), Optional.empty());
    }
  }
}
