package dev.gatun.samples.conform;

import dev.gatun.op.sequence.s4.Cauchy;
import dev.gatun.op.sequence.s4.Complex;
import dev.gatun.op.sequence.s4.Vandermonde;
import dev.gatun.op.sequence.s4.VandermondeTransposed;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Map;

/// `s4_cauchy_vandermonde`: sums over poles and over geometric series.
final class CauchySums implements Adapter {
  @Override
  public String file() {
    return "s4_cauchy_vandermonde";
  }

  @Override
  public Result call(Arguments a) {
    String op = a.flags().text("op").orElse("");
    return switch (op) {
      case "cauchy" -> poles(a);
      case "vandermonde" -> series(a);
      default -> throw Adapter.missing(op);
    };
  }

  private static Result poles(Arguments a) {
    Complex v = Complex.ofPairs(a.in("v"));
    Complex w = Complex.ofPairs(a.in("w"));
    Complex z = Complex.ofPairs(a.in("z"));
    List<Tensor> y = new Cauchy().apply(v.re(), v.im(), w.re(), w.im(), z.re(), z.im());
    Tensor pairs = new Complex(y.get(0), y.get(1)).pairs();
    return new Result(Cauchy.class, Map.of("y", pairs, "y_cauchy_mult_torch", pairs));
  }

  private static Result series(Arguments a) {
    Complex v = Complex.ofPairs(a.in("v"));
    Complex x = Complex.ofPairs(a.in("x"));
    Tensor u = a.in("u");
    long length = a.flags().integer("L", u.dim(-1));
    Tensor y = new Vandermonde(length).of(v.re(), v.im(), x.re(), x.im());
    List<Tensor> s = new VandermondeTransposed(false).apply(u, x.re(), x.im());
    Tensor transposed = v.times(new Complex(s.get(0), s.get(1))).pairs();
    return new Result(Vandermonde.class, Map.of("y", y, "yT", transposed));
  }
}
