package dev.gatun.nn.rwkv;

import dev.gatun.op.shape.Concat;
import dev.gatun.tensor.Tensor;

/// Features of this step and the one before it.
final class Shift {
  private Shift() {}

  /// `x [B, T, D]` one step earlier, beginning with `last [B, D]`.
  static Tensor before(Tensor x, Tensor last) {
    return new Concat(1).of(last.unsqueeze(1), x.slice(1, 0, Math.max(0, x.dim(1) - 1)));
  }

  /// The last step of `x [B, T, D]`, `[B, D]`.
  static Tensor last(Tensor x) {
    return x.select(1, x.dim(1) - 1);
  }

  /// `mix x + (1 - mix) before`.
  static Tensor mixed(Tensor x, Tensor before, Tensor mix) {
    return before.add(x.sub(before).mul(mix));
  }
}
