package dev.gatun.tensor;

import dev.gatun.op.linear.Activation;
import dev.gatun.op.linear.MatMul;
import dev.gatun.op.loss.CrossEntropy;
import java.util.Optional;

/// Matrix products, convolutions, transforms and losses, as methods of a [Tensor].
public sealed interface TensorLinear permits Tensor {
  private Tensor self() {
    return (Tensor) this;
  }

  /// Matrix product over the last two axes, leading axes broadcast. Transposed operands are read as
  /// they are. A vector is a row on the left and a column on the right, and goes away again.
  default Tensor matmul(Tensor other) {
    return MatMul.product(self(), other, Optional.empty(), Activation.NONE);
  }

  /// `activation(this * weight^T + bias)` over the last axis, in one pass; `weight` is `[outputs,
  /// inputs]`, in F32, F64 or BF16.
  default Tensor linear(Tensor weight, Optional<Tensor> bias, Activation activation) {
    return MatMul.linear(self(), weight, bias, activation);
  }

  /// Mean negative log-likelihood of the class indices `targets` under these logits.
  default Tensor crossEntropy(Tensor targets) {
    return CrossEntropy.mean().of(self(), targets);
  }
}
