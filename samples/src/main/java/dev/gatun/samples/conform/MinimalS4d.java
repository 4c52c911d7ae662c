package dev.gatun.samples.conform;

import dev.gatun.op.linear.Activation;
import dev.gatun.op.sequence.s4.Complex;
import dev.gatun.op.sequence.s4.Diagonal;
import dev.gatun.op.sequence.s4.LongConvolution;
import dev.gatun.op.sequence.s4.Vandermonde;
import dev.gatun.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/// `s4d_minimal`: the small S4D layer, with its mixing of features and gated linear unit.
final class MinimalS4d implements Adapter {
  @Override
  public String file() {
    return "s4d_minimal";
  }

  @Override
  public Result call(Arguments a) {
    a.flags().integer("H");
    a.flags().integer("N");
    Tensor u = a.in("u");
    long length = a.flags().integer("L", u.dim(2));
    Tensor re = a.in("kernel__log_A_real").exp().neg();
    Complex lambda = new Complex(re, a.in("kernel__A_imag"));
    Complex c = Complex.ofPairs(a.in("kernel__C")).view(t -> t.unsqueeze(0));
    Tensor ones = u.scope().full(u.dtype(), re.shape(), 1);
    Tensor dt = a.in("kernel__log_dt").exp().unsqueeze(1);
    Diagonal model = new Diagonal(lambda, Complex.real(ones), c, dt, Diagonal.Rule.HOLD);
    Tensor k = model.kernel(length);
    Tensor y = LongConvolution.causal(u, k).select(1, 0);
    y = y.add(u.mul(a.in("D").unsqueeze(1)));
    y = S4Layer.activated(y, a.flags().text("activation").orElse("none"));
    Tensor weight = a.in("output_linear__0__weight").squeeze(2);
    Tensor mixed =
        y.transpose(1, 2)
            .linear(weight, Optional.of(a.in("output_linear__0__bias")), Activation.NONE)
            .transpose(1, 2);
    Map<String, Tensor> out = new LinkedHashMap<>();
    if (!a.flags().text("glu").orElse("last").equals("last")) {
      throw new UncoveredCase("the gate must be the last half");
    }
    long half = mixed.dim(1) / 2;
    out.put("y", mixed.slice(1, 0, half).mul(mixed.slice(1, half, 2 * half).sigmoid()));
    out.put("K", k.select(0, 0));
    return new Result(Vandermonde.class, out);
  }
}
