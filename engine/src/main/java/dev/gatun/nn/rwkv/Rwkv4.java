package dev.gatun.nn.rwkv;

import dev.gatun.op.sequence.scan.AssociativeScan;
import dev.gatun.op.sequence.scan.Combination;
import dev.gatun.op.shape.Concat;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/// Version 4: for each channel the mean of all values so far, weighted by `exp(k)` and by a decay
/// for each step since, and by `exp(u + k)` for this one: `y_t = (sum_(j<t) e^((t-1-j) w + k_j) v_j
/// + e^(u + k_t) v_t) / (the same without v)`. Numerator and denominator are kept divided by the
///   exponential of their greatest exponent. Source: Peng et al., "RWKV: Reinventing RNNs for the
///   Transformer Era", arXiv 2305.13048, equations 11 to 16.
record Rwkv4(Weights w) implements TimeMixing {
  /// Below every exponent, and finite: differences of it are numbers.
  private static final double NOTHING = -1e30;

  /// Elements are decay, greatest exponent, denominator and numerator.
  private static final Combination JOIN =
      (x, y) -> {
        Tensor earlier = x.get(1).add(y.get(0));
        Tensor m = earlier.maximum(y.get(1));
        Tensor p = earlier.sub(m).exp();
        Tensor q = y.get(1).sub(m).exp();
        return List.of(
            x.get(0).add(y.get(0)),
            m,
            p.mul(x.get(2)).add(q.mul(y.get(2))),
            p.mul(x.get(3)).add(q.mul(y.get(3))));
      };

  @Override
  public Result forward(Tensor x, Tensor before, Tensor memory, Optional<Tensor> value) {
    Tensor k = w.linear("key", Shift.mixed(x, before, w.vector("time_mix_k", x)));
    Tensor v = w.linear("value", Shift.mixed(x, before, w.vector("time_mix_v", x)));
    Tensor r = w.linear("receptance", Shift.mixed(x, before, w.vector("time_mix_r", x)));
    Tensor decay = w.vector("time_decay", x).broadcastTo(k.shape());
    Tensor one = k.scope().full(k.dtype(), k.shape(), 1);
    List<Tensor> start =
        List.of(
            memory.scope().zeros(k.dtype(), k.shape().with(1, 1)),
            memory.slice(1, 0, 1),
            memory.slice(1, 1, 2),
            memory.slice(1, 2, 3));
    List<Tensor> after = new AssociativeScan(JOIN, 1).of(List.of(decay, k, one, v), start);
    Tensor m = Shift.before(after.get(1), memory.select(1, 0));
    Tensor below = Shift.before(after.get(2), memory.select(1, 1));
    Tensor above = Shift.before(after.get(3), memory.select(1, 2));
    Tensor now = k.add(w.vector("time_first", x));
    Tensor most = m.maximum(now);
    Tensor p = m.sub(most).exp();
    Tensor q = now.sub(most).exp();
    Tensor y = p.mul(above).add(q.mul(v)).div(p.mul(below).add(q));
    Tensor last =
        Concat.stack(
            1, Shift.last(after.get(1)), Shift.last(after.get(2)), Shift.last(after.get(3)));
    return new Result(w.linear("output", r.sigmoid().mul(y)), last, v);
  }

  @Override
  public Tensor start(Scope scope, DType type, long batch) {
    try (Scope look = scope.device().scope("features")) {
      long d = w.vector("time_first", look.zeros(type, Shape.of())).dim(0);
      Tensor zero = look.zeros(type, Shape.of(batch, 2, d));
      return new Concat(1).of(look.full(type, Shape.of(batch, 1, d), NOTHING), zero).in(scope);
    }
  }
}
