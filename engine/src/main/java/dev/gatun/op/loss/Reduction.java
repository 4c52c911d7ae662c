package dev.gatun.op.loss;

import dev.gatun.tensor.Shape;

/// What becomes of the losses of the rows or elements.
public enum Reduction {
  /// Their mean.
  MEAN,
  /// Their sum.
  SUM,
  /// Each is a result.
  NONE;

  /// Shape of the result where the losses have shape `each`.
  Shape of(Shape each) {
    return this == NONE ? each : Shape.of();
  }
}
