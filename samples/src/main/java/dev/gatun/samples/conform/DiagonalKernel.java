package dev.gatun.samples.conform;

import dev.gatun.op.sequence.s4.Complex;
import dev.gatun.op.sequence.s4.Diagonal;
import dev.gatun.op.sequence.s4.Vandermonde;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/// `s4d_diag_kernel`: kernels of diagonal models, steps and states.
final class DiagonalKernel implements Adapter {
  @Override
  public String file() {
    return "s4d_diag_kernel";
  }

  @Override
  public Result call(Arguments a) {
    a.flags().integer("H");
    a.flags().integer("N");
    a.flags().integer("channels");
    a.flags().text("B_init");
    Diagonal model = new SsmParameters(a, "").diagonal();
    double rate = a.flags().number("rate", 1);
    long length = Math.round(a.flags().integer("L", 0) / rate);
    Optional<Tensor> state = a.find("state");
    Map<String, Tensor> out = new LinkedHashMap<>();
    out.put("K", model.kernel(length));
    state.ifPresent(s -> out.put("K_state", model.stateKernel(Complex.ofPairs(s), length)));
    if (model.rule() != Diagonal.Rule.SOFTMAX) {
      a.find("u").ifPresent(u -> steps(model, u, state, out));
    } else {
      a.find("u");
    }
    return new Result(Vandermonde.class, out);
  }

  private static void steps(
      Diagonal model, Tensor u, Optional<Tensor> initial, Map<String, Tensor> out) {
    out.put("dA", model.discreteMatrix().pairs());
    out.put("dB", model.discreteInput().pairs());
    Tensor zeros = u.scope().zeros(u.dtype(), Shape.of(u.dim(0), u.dim(1), model.c().re().dim(2)));
    Complex first = initial.map(Complex::ofPairs).orElseGet(() -> Complex.real(zeros));
    Complex state = first;
    Optional<Tensor> y = Optional.empty();
    for (long l = 0; l < u.dim(2); l++) {
      state = model.step(state, u.select(2, l));
      Tensor one = model.output(state).unsqueeze(3);
      y = Optional.of(y.map(t -> t.concat(3, one)).orElse(one));
    }
    y.ifPresent(t -> out.put("y_step", t));
    out.put("state_step", state.pairs());
    out.put("state_forward", model.after(u, first).pairs());
  }
}
