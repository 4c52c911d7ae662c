package dev.gatun.io.onnx;

import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;

/// What flows along an edge of a graph: a tensor with the element type that ONNX gives it.
///
/// @param type the type by the standard
/// @param tensor of `type.carrier()`
record Value(ElementType type, Tensor tensor) {
  /// A tensor of the engine as it is.
  static Value of(Tensor t) {
    ElementType type = ElementType.of(t.dtype());
    return new Value(type, t.dtype() == type.carrier() ? t : t.to(type.carrier()));
  }

  Shape shape() {
    return tensor.shape();
  }
}
