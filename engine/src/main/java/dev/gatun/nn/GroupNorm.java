package dev.gatun.nn;

import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import dev.gatun.tensor.Variable;
import java.util.Optional;

/// [dev.gatun.op.reduce.GroupNorm] with a weight of ones and a bias of zeros to start from.
///
/// Shapes: `x [N, C, ...]`, `weight [C]`, `bias [C]`, `y` like `x`.
public final class GroupNorm extends Layer {
  private final Variable weight;
  private final Variable bias;
  private final int groups;
  private final double eps;

  private GroupNorm(Scope scope, Tensor weight, Tensor bias, int groups, double eps) {
    this.weight = parameter("weight", scope, weight);
    this.bias = parameter("bias", scope, bias);
    this.groups = groups;
    this.eps = eps;
  }

  /// F32 over `channels` channels in `groups` groups.
  ///
  /// @param eps added to the variance, usually 1e-5
  /// @throws IllegalArgumentException unless `groups` divides `channels`
  public static GroupNorm of(Scope scope, int groups, long channels, double eps) {
    if (groups < 1 || channels % groups != 0) {
      throw new IllegalArgumentException(
          "GroupNorm: groups must divide channels; got %d groups, %d channels"
              .formatted(groups, channels));
    }
    try (Scope initial = scope.device().scope("initial")) {
      Tensor ones = initial.full(DType.F32, Shape.of(channels), 1);
      Tensor zeros = initial.zeros(DType.F32, Shape.of(channels));
      return new GroupNorm(scope, ones, zeros, groups, eps);
    }
  }

  @Override
  public Tensor forward(Tensor x) {
    return dev.gatun.op.reduce.GroupNorm.of(
        x, groups, Optional.of(borrow(weight, x)), Optional.of(borrow(bias, x)), eps);
  }
}
