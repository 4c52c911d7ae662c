package dev.gatun.op.math;

import dev.gatun.autograd.Node;
import dev.gatun.device.Workers;
import dev.gatun.op.Keep;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/// `y = x / (1 + e^-x)`.
///
/// Error: 3 ulp. Gradient: `dy s (1 + x (1 - s))` with `s` the sigmoid of `x`. Source: Elfwing et
/// al., Sigmoid-weighted linear units, section 2.
public record Silu() implements Unary {
  @Override
  public double f(double x) {
    return x / (1 + Math.exp(-x));
  }

  @Override
  public double flops() {
    return 20;
  }

  @Override
  public String cl() {
    return "return x / (1 + exp(-x));";
  }

  @Override
  public Workers.Body body() {
    return SiluSimd.BODY;
  }

  @Override
  public Keep keep() {
    return Keep.inputs(0);
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    return List.of(dy.get(0).map(d -> new Grad().of(d, n.in(0))));
  }

  /// `dx = dy s (1 + x (1 - s))`. No gradient of its own.
  public record Grad() implements Binary {
    @Override
    public double f(double dy, double x) {
      double s = 1 / (1 + Math.exp(-x));
      return dy * s * (1 + x * (1 - s));
    }

    @Override
    public String cl() {
      return "V s = 1 / (1 + exp(-y)); return x * s * (1 + y * (1 - s));";
    }

    @Override
    public Workers.Body body() {
      return SiluSimd.GRAD;
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
