package dev.gatun.nn;

import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import dev.gatun.tensor.Variable;
import java.util.Optional;

/// [dev.gatun.op.reduce.LayerNorm] over the last axis with a weight of ones and a bias of zeros to
/// start from.
///
/// Shapes: `x [..., D]`, `weight [D]`, `bias [D]`, `y [..., D]`.
public final class LayerNorm extends Layer {
  private final Variable weight;
  private final Variable bias;
  private final double eps;

  private LayerNorm(Scope scope, Tensor weight, Tensor bias, double eps) {
    this.weight = parameter("weight", scope, weight);
    this.bias = parameter("bias", scope, bias);
    this.eps = eps;
  }

  /// F32 over a last axis of `width` elements, with `eps` of 1e-5.
  public static LayerNorm of(Scope scope, long width) {
    return of(scope, width, 1e-5);
  }

  /// F32 over a last axis of `width` elements.
  ///
  /// @param eps added to the variance
  public static LayerNorm of(Scope scope, long width, double eps) {
    try (Scope initial = scope.device().scope("initial")) {
      Tensor ones = initial.full(DType.F32, Shape.of(width), 1);
      return new LayerNorm(scope, ones, initial.zeros(DType.F32, Shape.of(width)), eps);
    }
  }

  @Override
  public Tensor forward(Tensor x) {
    return dev.gatun.op.reduce.LayerNorm.of(
        x, Optional.of(borrow(weight, x)), Optional.of(borrow(bias, x)), eps);
  }
}
