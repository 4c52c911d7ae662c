package dev.gatun.nn;

import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import dev.gatun.tensor.Variable;
import java.util.Optional;

/// [dev.gatun.op.reduce.RmsNorm] over the last axis, or groups of it, with a weight of ones to
/// start from, plain or gated.
///
/// Shapes: `x [..., D]`, `gate` like `x`, `weight [D]`, `y [..., D]`.
public final class RmsNorm extends Layer {
  private final Variable weight;
  private final double eps;
  private final long groupSize;

  private RmsNorm(Scope scope, Tensor weight, double eps, long groupSize) {
    this.weight = parameter("weight", scope, weight);
    this.eps = eps;
    this.groupSize = groupSize;
  }

  /// F32 over a last axis of `width` elements, with `eps` of 1e-5.
  public static RmsNorm of(Scope scope, long width) {
    return of(scope, width, 1e-5, 0);
  }

  /// F32 over groups of the last axis.
  ///
  /// @param eps added to the mean square
  /// @param groupSize elements that share a mean square; 0 for all
  public static RmsNorm of(Scope scope, long width, double eps, long groupSize) {
    try (Scope initial = scope.device().scope("initial")) {
      return new RmsNorm(scope, initial.full(DType.F32, Shape.of(width), 1), eps, groupSize);
    }
  }

  @Override
  public Tensor forward(Tensor x) {
    return gated(x, Optional.empty(), true);
  }

  /// `norm(x) silu(gate)`, or `norm(x silu(gate))` unless `normBeforeGate`.
  ///
  /// @throws IllegalArgumentException if shapes or types do not fit
  public Tensor forward(Tensor x, Tensor gate, boolean normBeforeGate) {
    return gated(x, Optional.of(gate), normBeforeGate);
  }

  private Tensor gated(Tensor x, Optional<Tensor> gate, boolean normBeforeGate) {
    return dev.gatun.op.reduce.RmsNorm.of(
        x, gate, Optional.of(borrow(weight, x)), Optional.empty(), eps, groupSize, normBeforeGate);
  }
}
