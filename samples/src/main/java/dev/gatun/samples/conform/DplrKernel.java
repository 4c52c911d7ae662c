package dev.gatun.samples.conform;

import dev.gatun.op.sequence.s4.BilinearCauchy;
import dev.gatun.op.sequence.s4.Complex;
import dev.gatun.op.sequence.s4.Dplr;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalLong;

/// `s4_dplr_kernel`: S4's kernel, its discretised model, and states.
final class DplrKernel implements Adapter {
  @Override
  public String file() {
    return "s4_dplr_kernel";
  }

  @Override
  public Result call(Arguments a) {
    a.flags().integer("H");
    a.flags().integer("N");
    a.flags().integer("channels");
    a.flags().integer("rank");
    a.flags().text("disc");
    double rate = a.flags().number("rate", 1);
    long length = a.flags().integer("L", 0);
    OptionalLong called = a.flags().integer("Lcall");
    Dplr model = new SsmParameters(a, "").dplr();
    long whole = Math.round(length / rate);
    long wanted = called.orElse(whole);
    Dplr prepared = model;
    for (; whole < wanted; whole *= 2) {
      prepared = prepared.doubled(whole);
    }
    Map<String, Tensor> out = new LinkedHashMap<>();
    Dplr trained = prepared;
    long all = whole;
    out.put("K", trained.kernel(all).slice(2, 0, wanted));
    a.find("state")
        .ifPresent(s ->
            out.put("K_state", trained.stateKernel(Complex.ofPairs(s), all).slice(3, 0, wanted)));
    if (rate == 1) {
      discrete(a, model, length, out);
    }
    return new Result(BilinearCauchy.class, out);
  }

  private static void discrete(Arguments a, Dplr model, long length, Map<String, Tensor> out) {
    Complex input = model.discreteInput();
    out.put("dA", model.discreteMatrix().pairs());
    out.put("dB", input.concat(1, input.conj()).pairs());
    Dplr raw = model.fromLength(length);
    Complex c = raw.c();
    out.put("dC", c.concat(2, c.conj()).pairs());
    Dplr prepared = model.forLength(length);
    out.put("Ctilde", prepared.c().pairs());
    out.put("K_fromC", prepared.kernel(length));
    out.put("K_krylov", responses(raw, length));
    a.find("state")
        .ifPresent(s -> out.put("next_state", model.after(a.in("u"), Complex.ofPairs(s)).pairs()));
  }

  /// The response to an impulse, step by step, `[K, H, L]`.
  private static Tensor responses(Dplr model, long length) {
    Complex state = model.discreteInput().view(t -> t.unsqueeze(0));
    Scope scope = state.re().scope();
    Tensor nothing = scope.zeros(state.re().dtype(), Shape.of(1, state.re().dim(1)));
    Tensor y = model.output(state).unsqueeze(3);
    for (long l = 1; l < length; l++) {
      state = model.step(state, nothing);
      y = y.concat(3, model.output(state).unsqueeze(3));
    }
    return y.select(0, 0);
  }
}
