package dev.gatun.op.math;

import dev.gatun.autograd.Node;
import dev.gatun.device.Workers;
import dev.gatun.op.Keep;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/// `y = x Phi(x)`, the Gaussian error linear unit (Hendrycks and Gimpel, arXiv 1606.08415) in its
/// exact form: `Phi(x) = (1 + erf(x / sqrt 2)) / 2`, not the approximation by `tanh`.
///
/// Shapes: `x`, `y` any, F32 or F64. Error: some ulp of the true value, in the left tail too;
/// `gelu(-inf) = 0`. Gradient: `dx = dy (Phi(x) + x phi(x))` with the density `phi`, one pass
/// ([Grad]).
public record Gelu() implements Unary {
  @Override
  public double f(double x) {
    return NormalCdf.gelu(x);
  }

  @Override
  public String cl() {
    return "return x == (V) (LOWEST) ? (V) (0) : x * (0.5 * erfc(x * " + "-0.7071067811865476));";
  }

  @Override
  public Workers.Body body() {
    return GeluSimd.BODY;
  }

  @Override
  public double flops() {
    return 40;
  }

  @Override
  public Keep keep() {
    return Keep.inputs(0);
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    return List.of(dy.get(0).map(d -> new Grad().of(d, n.in(0))));
  }

  /// `dx = dy (Phi(x) + x phi(x))` from `dy` and `x`.
  public record Grad() implements Binary {
    @Override
    public double f(double dy, double x) {
      return dy * NormalCdf.geluDerivative(x);
    }

    @Override
    public String cl() {
      return "V e = 0.3989422804014327 * exp(-0.5 * y * y); return x * "
          + "(0.5 * erfc(y * -0.7071067811865476) + (isinf(y) ? (V) (0) "
          + ": y * e));";
    }

    @Override
    public Workers.Body body() {
      return GeluSimd.GRAD;
    }

    @Override
    public Keep keep() {
      return Keep.inputs(0, 1);
    }

    @Override
    public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dz) {
      Tensor g = dz.get(0).orElseThrow();
      Tensor dy = n.in(0);
      Tensor x = n.in(1);
      return List.of(
          n.needs(0) ? Optional.of(new Grad().of(g, x)) : Optional.empty(),
          n.needs(1) ? Optional.of(g.mul(dy).mul(second(x))) : Optional.empty());
    }
  }

  /// `phi(x) (2 - x^2)`
  private static Tensor second(Tensor x) {
    Tensor square = x.mul(x);
    return square.mul(-0.5).exp().mul(square.add(-2)).mul(-NormalCdf.density(0));
  }
}
