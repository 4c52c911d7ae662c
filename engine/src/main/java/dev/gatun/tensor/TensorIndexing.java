package dev.gatun.tensor;

import dev.gatun.op.shape.Cast;

/// Operators that move elements or choose among them, as methods of a [Tensor]; views are methods
/// of [Tensor] itself.
public sealed interface TensorIndexing permits Tensor {
  private Tensor self() {
    return (Tensor) this;
  }

  /// The elements as another type.
  default Tensor to(DType dtype) {
    return dtype == self().dtype() ? self() : new Cast(dtype).of(self());
  }
}
