package dev.gatun.nn.rwkv;

import dev.gatun.op.sequence.linear.LinearAttention;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Tensor;
import java.util.Optional;

/// Version 6: how steps mix and how memory decays depend on the input. Source: Peng et al., "Eagle
/// and Finch", arXiv 2404.05892, section 4.
record Rwkv6(Weights w, Heads heads) implements TimeMixing {
  Rwkv6(Weights w, Scope scope) {
    this(w, Heads.of(w, "time_faaaa", scope));
  }

  @Override
  public Result forward(Tensor x, Tensor before, Tensor memory, Optional<Tensor> value) {
    Tensor step = before.sub(x);
    Tensor mixed = x.add(step.mul(w.vector("time_maa_x", x)));
    Tensor low = w.project("time_maa_w1", mixed).tanh();
    Tensor up = w.get("time_maa_w2", x);
    Tensor[] in = new Tensor[5];
    for (int i = 0; i < in.length; i++) {
      long rank = up.dim(2);
      Tensor own = low.slice(2, i * rank, (i + 1) * rank).matmul(up.select(0, i).transpose());
      String name = "time_maa_" + "wkvrg".charAt(i);
      in[i] = x.add(step.mul(w.vector(name, x).add(own)));
    }
    Tensor fade = w.project("time_decay_w2", w.project("time_decay_w1", in[0]).tanh());
    Tensor decay = w.vector("time_decay", x).add(fade).exp().neg();
    Tensor v = w.linear("value", in[2]);
    LinearAttention.Result o =
        LinearAttention.plain()
            .withState(memory)
            .rwkv6(
                heads.split(w.linear("receptance", in[3])),
                heads.split(w.linear("key", in[1])),
                heads.split(v),
                heads.split(decay),
                heads.table(w.get("time_faaaa", x)));
    Tensor y = w.part("ln_x").norm(heads.join(o.y()), heads.count(), 64e-5);
    return new Result(w.linear("output", y.mul(w.linear("gate", in[4]).silu())), o.last(), v);
  }

  @Override
  public Tensor start(Scope scope, DType type, long batch) {
    return heads.start(scope, type, batch);
  }
}
