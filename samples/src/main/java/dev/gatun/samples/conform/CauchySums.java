package dev.gatun.samples.conform;

import dev.gatun.op.sequence.s4.Cauchy;
import dev.gatun.op.sequence.s4.Complex;
import dev.gatun.op.sequence.s4.Vandermonde;
import dev.gatun.op.sequence.s4.VandermondeTransposed;
import dev.gatun.tensor.Tensor;
import java.util.LinkedHashMap;
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
    Complex v = Complex.ofPairs(a.in("v"));
    Map<String, Tensor> out = new LinkedHashMap<>();
    switch (op) {
      case "cauchy" -> {
        Complex w = Complex.ofPairs(a.in("w"));
        Complex z = Complex.ofPairs(a.in("z"));
        List<Tensor> y = new Cauchy().apply(v.re(), v.im(), w.re(), w.im(), z.re(), z.im());
        out.put("y", new Complex(y.get(0), y.get(1)).pairs());
        out.put("y_cauchy_mult_torch", out.get("y"));
        return new Result(Cauchy.class, out);
      }
      case "vandermonde" -> {
        Complex x = Complex.ofPairs(a.in("x"));
        Tensor u = a.in("u");
        long length = a.flags().integer("L", u.dim(-1));
        out.put("y", new Vandermonde(length).of(v.re(), v.im(), x.re(), x.im()));
        List<Tensor> s = new VandermondeTransposed(false).apply(u, x.re(), x.im());
        out.put("yT", v.times(new Complex(s.get(0), s.get(1))).pairs());
        return new Result(Vandermonde.class, out);
      }
      default -> throw Adapter.missing(op);
    }
  }
}
