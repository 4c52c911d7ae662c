package dev.gatun.nn.rwkv;

import dev.gatun.op.sequence.linear.LinearAttention;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Tensor;
import java.util.Optional;

/// Version 5.2: heads with a matrix each and decays that training fixed. Source: Peng et al.,
/// "Eagle and Finch", arXiv 2404.05892, section 4.
record Rwkv5(Weights w, Heads heads) implements TimeMixing {
  Rwkv5(Weights w, Scope scope) {
    this(w, Heads.of(w, "time_faaaa", scope));
  }

  @Override
  public Result forward(Tensor x, Tensor before, Tensor memory, Optional<Tensor> value) {
    Tensor k = w.linear("key", Shift.mixed(x, before, w.vector("time_mix_k", x)));
    Tensor v = w.linear("value", Shift.mixed(x, before, w.vector("time_mix_v", x)));
    Tensor r = w.linear("receptance", Shift.mixed(x, before, w.vector("time_mix_r", x)));
    Tensor g = w.linear("gate", Shift.mixed(x, before, w.vector("time_mix_g", x)));
    LinearAttention.Result o =
        LinearAttention.plain()
            .withState(memory)
            .rwkv5(
                heads.split(r),
                heads.split(k),
                heads.split(v),
                heads.table(w.get("time_decay", x)).log(),
                heads.table(w.get("time_faaaa", x)));
    Tensor y = w.part("ln_x").norm(heads.join(o.y()), heads.count(), 1e-5);
    return new Result(w.linear("output", y.mul(g.silu())), o.last(), v);
  }

  @Override
  public Tensor start(Scope scope, DType type, long batch) {
    return heads.start(scope, type, batch);
  }
}
