package dev.gatun.nn;

import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import dev.gatun.tensor.Variable;

/// `y[..., :] = weight[indices[...], :]`; see [dev.gatun.op.linear.Embedding].
///
/// Shapes: `weight [V, D]`, `indices [...]` I32 or I64, `y [..., D]`.
public final class Embedding extends Layer {
  private final Variable weight;

  private Embedding(Scope scope, Tensor weight) {
    this.weight = parameter("weight", scope, weight);
  }

  /// F32 rows of standard normal numbers, one for each of `count` indices.
  public static Embedding of(Scope scope, long count, long width, long seed) {
    try (Scope initial = scope.device().scope("initial")) {
      return of(
          scope, Initializer.normal(1, seed).make(initial, DType.F32, Shape.of(count, width)));
    }
  }

  /// A copy of given rows. With BF16 rows the layer is for inference and its results are F32.
  ///
  /// @throws IllegalArgumentException unless `weight` is `[V, D]`
  public static Embedding of(Scope scope, Tensor weight) {
    if (weight.shape().rank() != 2) {
      throw new IllegalArgumentException(
          "Embedding: weight must be [V, D]; got weight " + weight.spec());
    }
    return new Embedding(scope, weight);
  }

  @Override
  public Tensor forward(Tensor indices) {
    return new dev.gatun.op.linear.Embedding().of(borrow(weight, indices), indices);
  }
}
