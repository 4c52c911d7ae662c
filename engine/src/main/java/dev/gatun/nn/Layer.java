package dev.gatun.nn;

import dev.gatun.tensor.Tensor;

/// A module that maps one tensor to one tensor.
public abstract class Layer extends Module {
  /// For subclasses.
  protected Layer() {}

  /// The layer's result for `x`, in the scope of `x`.
  ///
  /// @throws IllegalArgumentException if shape or type of `x` do not fit
  /// @throws IllegalStateException if the scope of `x` or of a parameter is closed
  public abstract Tensor forward(Tensor x);
}
