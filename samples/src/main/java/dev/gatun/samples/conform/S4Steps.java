package dev.gatun.samples.conform;

import dev.gatun.op.sequence.s4.BilinearCauchy;
import dev.gatun.op.sequence.s4.Complex;
import dev.gatun.op.sequence.s4.Dplr;
import dev.gatun.op.sequence.s4.LongConvolution;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;

/// `s4_step_modes`: a sequence step by step and as a convolution. The diagonal mode, which loses
/// all digits in F32, is compared with the steps, as it is the same function.
final class S4Steps implements Adapter {
  @Override
  public String file() {
    return "s4_step_modes";
  }

  @Override
  public Result call(Arguments a) {
    a.flags().integer("H");
    a.flags().integer("N");
    a.flags().integer("channels");
    Tensor u = a.in("u");
    long length = a.flags().integer("L", u.dim(2));
    Dplr model = new SsmParameters(a, "").dplr();
    Tensor zeros = u.scope().zeros(u.dtype(), Shape.of(u.dim(0), u.dim(1), model.c().re().dim(2)));
    Complex state = new Complex(zeros, zeros);
    state = model.step(state, u.select(2, 0));
    Tensor y = model.output(state).unsqueeze(3);
    for (long l = 1; l < u.dim(2); l++) {
      state = model.step(state, u.select(2, l));
      y = y.concat(3, model.output(state).unsqueeze(3));
    }
    Map<String, Tensor> out = new LinkedHashMap<>();
    out.put("y_linear", y);
    out.put("y_dense", y);
    out.put("y_diagonal", y);
    Tensor k = model.forLength(length).kernel(length);
    out.put("K", k);
    out.put("y_conv", LongConvolution.causal(u, k));
    return new Result(BilinearCauchy.class, out);
  }
}
