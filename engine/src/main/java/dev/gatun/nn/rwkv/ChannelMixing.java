package dev.gatun.nn.rwkv;

import dev.gatun.tensor.Tensor;

/// The part of a block without memory but of the step before: `sigmoid(R x_r) (V relu(K x_k)^2)`,
/// in version 7 without the gate.
record ChannelMixing(Weights w) {
  Tensor forward(Tensor x, Tensor before) {
    Tensor k = w.linear("key", mixed(x, before, 'k')).relu().square();
    Tensor y = w.linear("value", k);
    return w.has("receptance") ? y.mul(w.linear("receptance", mixed(x, before, 'r')).sigmoid()) : y;
  }

  /// Versions 6 and 7 have the share of the step before, earlier ones that of this.
  private Tensor mixed(Tensor x, Tensor before, char of) {
    if (w.has("time_mix_" + of)) {
      return Shift.mixed(x, before, w.vector("time_mix_" + of, x));
    }
    String name = (w.has("x_" + of) ? "x_" : "time_maa_") + of;
    return Shift.mixed(before, x, w.vector(name, x));
  }
}
