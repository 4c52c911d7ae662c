package dev.gatun.tensor;

import dev.gatun.op.linear.Activation;
import dev.gatun.op.linear.MatMul;
import dev.gatun.op.loss.BinaryCrossEntropy;
import dev.gatun.op.loss.CosineSimilarity;
import dev.gatun.op.loss.CrossEntropy;
import dev.gatun.op.loss.Huber;
import dev.gatun.op.loss.KlDivergence;
import dev.gatun.op.loss.MeanAbsolute;
import dev.gatun.op.loss.Mse;
import dev.gatun.op.loss.Nll;
import dev.gatun.op.loss.Reduction;
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

  /// Mean negative log-likelihood of the class indices `targets` under these logarithms of
  /// probabilities.
  default Tensor nll(Tensor targets) {
    return new Nll(Reduction.MEAN).of(self(), targets);
  }

  /// Mean squared difference to `target`.
  default Tensor mse(Tensor target) {
    return new Mse(Reduction.MEAN).of(self(), target);
  }

  /// Mean absolute difference to `target`.
  default Tensor meanAbsolute(Tensor target) {
    return new MeanAbsolute(Reduction.MEAN).of(self(), target);
  }

  /// Mean Huber loss: half the squared difference up to `delta`, a line beyond.
  default Tensor huber(Tensor target, double delta) {
    return new Huber(delta, Reduction.MEAN).of(self(), target);
  }

  /// Mean smooth L1 loss: [#huber] over `beta`.
  default Tensor smoothL1(Tensor target, double beta) {
    return huber(target, beta).div(beta);
  }

  /// Mean negative log-likelihood of `target`, between 0 and 1, under these logits.
  default Tensor binaryCrossEntropy(Tensor target) {
    return new BinaryCrossEntropy(false, false, Reduction.MEAN).of(self(), target);
  }

  /// Divergence of the probabilities `target` from those whose logarithms these are, summed.
  default Tensor klDivergence(Tensor target) {
    return new KlDivergence(false, Reduction.SUM).of(self(), target);
  }

  /// Cosine of the angles between rows.
  default Tensor cosineSimilarity(Tensor other) {
    return CosineSimilarity.standard().of(self(), other);
  }
}
