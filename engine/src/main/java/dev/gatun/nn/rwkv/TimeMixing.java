package dev.gatun.nn.rwkv;

import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Tensor;
import java.util.Optional;

/// The part of a block that remembers: a linear recurrence over time.
interface TimeMixing {
  /// What a call gives.
  ///
  /// @param y `[B, T, D]`
  /// @param memory after the last step
  /// @param value of the first block, which later ones of version 7 mix with theirs
  record Result(Tensor y, Tensor memory, Tensor value) {}

  /// The mixing of `x [B, T, D]`, of which `before` is the same one step earlier.
  ///
  /// @param value of the first block, for the others
  Result forward(Tensor x, Tensor before, Tensor memory, Optional<Tensor> value);

  /// Memory before the first token.
  Tensor start(Scope scope, DType type, long batch);

  /// The mixing that `w` has the parameters of.
  ///
  /// @throws IllegalArgumentException if it is of no version that is known
  static TimeMixing of(Weights w, Scope scope) {
    if (w.has("x_rwkvag")) {
      return new Rwkv7(w, scope);
    }
    if (w.has("time_maa_x")) {
      return new Rwkv6(w, scope);
    }
    if (w.has("time_faaaa")) {
      return new Rwkv5(w, scope);
    }
    if (w.has("time_first")) {
      return new Rwkv4(w);
    }
    throw new IllegalArgumentException(
        "Rwkv: a model must be of version 4, 5.2, 6 or 7; got parameters "
            + w.parameters().keySet());
  }
}
