package dev.gatun.nn.rwkv;

import dev.gatun.op.sequence.linear.LinearAttention;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Tensor;
import java.util.Optional;

/// Version 7: a generalised delta rule, which replaces what memory holds for a key. Source: Peng et
/// al., "RWKV-7 Goose", arXiv 2503.14456, section 4.
record Rwkv7(Weights w, Heads heads) implements TimeMixing {
  /// `e^-1/2`: a decay is `exp(-e^-1/2 sigmoid(.))`, at least 0.545. Equation 12.
  private static final double LEAST = -Math.exp(-0.5);

  Rwkv7(Weights w, Scope scope) {
    this(w, Heads.of(w, "r_k", scope));
  }

  /// `b W2 f(W1 x)`, a change of low rank, where `f` was applied to `low`.
  private Tensor low(String base, String up, Tensor low) {
    return w.vector(base, low).add(w.project(up, low));
  }

  @Override
  public Result forward(Tensor x, Tensor before, Tensor memory, Optional<Tensor> first) {
    Tensor mix = w.get("x_rwkvag", x);
    Tensor step = before.sub(x);
    Tensor[] in = new Tensor[6];
    for (int i = 0; i < in.length; i++) {
      in[i] = x.add(step.mul(mix.select(0, i).flatten()));
    }
    Tensor r = w.linear("receptance", in[0]);
    Tensor k = w.linear("key", in[2]);
    Tensor v = w.linear("value", in[3]);
    Tensor own = v;
    Tensor decay = low("w0", "w2", w.project("w1", in[1]).tanh()).sigmoid().mul(LEAST);
    Tensor a = low("a0", "a2", w.project("a1", in[4])).sigmoid();
    Tensor g = w.project("g2", w.project("g1", in[5]).sigmoid());
    Tensor key = heads.split(k.mul(w.vector("k_k", x)));
    Tensor norm = key.square().sumKeep(3).sqrt().maximum(1e-12);
    Tensor removal = key.div(norm);
    k = k.mul(a.add(-1).mul(w.vector("k_a", x)).add(1));
    if (first.isPresent()) {
      Tensor share = low("v0", "v2", w.project("v1", in[3])).sigmoid();
      v = v.add(first.get().sub(v).mul(share));
    }
    LinearAttention.Result o =
        LinearAttention.plain()
            .withState(memory)
            .rwkv7(
                heads.split(r),
                heads.split(decay),
                heads.split(k),
                heads.split(v),
                removal.neg(),
                removal.mul(heads.split(a)));
    Tensor y = w.part("ln_x").norm(heads.join(o.y()), heads.count(), 64e-5);
    Tensor bonus = heads.split(r.mul(k).mul(w.vector("r_k", x))).sumKeep(3);
    Tensor all = y.add(heads.join(heads.split(v).mul(bonus)));
    return new Result(w.linear("output", all.mul(g)), o.last(), own);
  }

  @Override
  public Tensor start(Scope scope, DType type, long batch) {
    return heads.start(scope, type, batch);
  }
}
