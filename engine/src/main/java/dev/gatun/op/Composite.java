package dev.gatun.op;

import dev.gatun.tensor.Tensor;
import java.util.List;

/// An op written in other ops and recorded as one node with a gradient of its own: views, and
/// algorithms that decide as they go.
public non-sealed interface Composite extends Op {
  /// Computes the outputs, extras last, from inputs that carry no gradient. All checks come first.
  ///
  /// @throws IllegalArgumentException in the form `Op[attributes]: rule; got name shape, ...`
  List<Tensor> forward(List<Tensor> in);
}
