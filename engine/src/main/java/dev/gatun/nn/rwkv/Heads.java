package dev.gatun.nn.rwkv;

import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;

/// Heads of a matrix-valued memory.
///
/// @param count of heads
/// @param size of a head's keys and values
record Heads(int count, int size) {
  /// From a parameter whose first axis is that of heads.
  static Heads of(Weights w, String name, Scope scope) {
    try (Scope look = scope.device().scope("heads")) {
      Tensor t = w.get(name, look.zeros(DType.F32, Shape.of()));
      long count = t.shape().rank() == 0 ? 0 : t.dim(0);
      long size = count == 0 ? 0 : t.shape().elems() / count;
      if (count == 0 || size == 0) {
        throw new IllegalArgumentException(
            "Rwkv: %s must have an axis of heads; got %s".formatted(name, t.spec()));
      }
      return new Heads(Math.toIntExact(count), Math.toIntExact(size));
    }
  }

  /// `[B, T, D]` as `[B, T, heads, size]`.
  Tensor split(Tensor x) {
    return x.reshape(x.dim(0), x.dim(1), count, size);
  }

  /// The reverse.
  Tensor join(Tensor x) {
    return x.reshape(x.dim(0), x.dim(1), (long) count * size);
  }

  /// A parameter as `[heads, size]`.
  Tensor table(Tensor x) {
    return x.reshape(count, size);
  }

  Tensor start(Scope scope, DType type, long batch) {
    return scope.zeros(type, Shape.of(batch, count, size, size));
  }
}
