package dev.gatun.nn;

import dev.gatun.op.linear.Activation;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import dev.gatun.tensor.Variable;
import java.util.Optional;

/// `y = activation(x W^T + b)`, one pass over the result; see [Tensor#linear].
///
/// Shapes: `x [..., in]`, `weight [out, in]`, `bias [out]`, `y [..., out]`.
public final class Linear extends Layer {
  private final Variable weight;
  private final Optional<Variable> bias;
  private final Activation activation;

  private Linear(Scope scope, Tensor weight, Optional<Tensor> bias, Activation activation) {
    this.weight = parameter("weight", scope, weight);
    this.bias = bias.map(b -> parameter("bias", scope, b));
    this.activation = activation;
  }

  /// F32 with a bias of zeros and weights by [Initializer#kaimingUniform].
  public static Linear of(Scope scope, long in, long out, Activation activation, long seed) {
    try (Scope initial = scope.device().scope("initial")) {
      Tensor w = Initializer.kaimingUniform(seed).make(initial, DType.F32, Shape.of(out, in));
      Tensor b = initial.zeros(DType.F32, Shape.of(out));
      return new Linear(scope, w, Optional.of(b), activation);
    }
  }

  /// Copies of given weights. With BF16 weights the layer is for inference: inputs stay F32, the
  /// weights have no gradient.
  ///
  /// @throws IllegalArgumentException unless `weight` is `[out, in]` and `bias` is `[out]`
  public static Linear of(
      Scope scope, Tensor weight, Optional<Tensor> bias, Activation activation) {
    boolean fits =
        weight.shape().rank() == 2
            && bias.stream().allMatch(b -> b.shape().equals(Shape.of(weight.dim(0))));
    if (!fits) {
      throw new IllegalArgumentException(
          "Linear: weight must be [out, in] and bias [out]; got weight %s, bias %s"
              .formatted(weight.spec(), bias.map(b -> b.spec().toString()).orElse("none")));
    }
    return new Linear(scope, weight, bias, activation);
  }

  @Override
  public Tensor forward(Tensor x) {
    return x.linear(borrow(weight, x), bias.map(b -> borrow(b, x)), activation);
  }
}
