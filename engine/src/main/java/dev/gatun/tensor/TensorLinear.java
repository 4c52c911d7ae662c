package dev.gatun.tensor;

import dev.gatun.op.linear.Activation;
import dev.gatun.op.linear.AvgPool;
import dev.gatun.op.linear.Conv;
import dev.gatun.op.linear.ConvTranspose;
import dev.gatun.op.linear.Einsum;
import dev.gatun.op.linear.MatMul;
import dev.gatun.op.linear.MaxPool;
import dev.gatun.op.linear.Window;
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

  /// Cross-correlation of `[N, C, W]` with `weight [O, C/groups, KW]`; see [Conv].
  default Tensor conv1d(Tensor weight, Optional<Tensor> bias, Window window, int groups) {
    return Conv.of(1, self(), weight, bias, window, groups, Activation.NONE);
  }

  /// Cross-correlation of `[N, C, H, W]` with `weight [O, C/groups, KH, KW]`; see [Conv].
  default Tensor conv2d(Tensor weight, Optional<Tensor> bias, Window window, int groups) {
    return Conv.of(2, self(), weight, bias, window, groups, Activation.NONE);
  }

  /// The transpose of [#conv1d]: `weight [C, O/groups, KW]`, and `more` elements at the end.
  default Tensor convTranspose1d(
      Tensor weight, Optional<Tensor> bias, Window window, int groups, int more) {
    return ConvTranspose.of(1, self(), weight, bias, window, groups, more);
  }

  /// The transpose of [#conv2d]: `weight [C, O/groups, KH, KW]`, and `moreH` rows and `moreW`
  /// columns at the end.
  default Tensor convTranspose2d(
      Tensor weight, Optional<Tensor> bias, Window window, int groups, int moreH, int moreW) {
    return ConvTranspose.of(2, self(), weight, bias, window, groups, moreH, moreW);
  }

  /// Maxima of windows of `kernel` elements of `[N, C, W]`; see [MaxPool].
  default Tensor maxPool1d(int kernel, Window window) {
    return new MaxPool(1, 1, kernel, window).of(self());
  }

  /// Maxima of windows of `[N, C, H, W]`; see [MaxPool].
  default Tensor maxPool2d(int kernelH, int kernelW, Window window) {
    return new MaxPool(2, kernelH, kernelW, window).of(self());
  }

  /// Means of windows of `kernel` elements of `[N, C, W]`, padding counted; see [AvgPool].
  default Tensor avgPool1d(int kernel, Window window) {
    return new AvgPool(1, 1, kernel, window, true).of(self());
  }

  /// Means of windows of `[N, C, H, W]`, padding counted; see [AvgPool].
  default Tensor avgPool2d(int kernelH, int kernelW, Window window) {
    return new AvgPool(2, kernelH, kernelW, window, true).of(self());
  }

  /// `sizes` means that share the last one or two axes evenly; see [AvgPool#adaptive].
  default Tensor adaptiveAvgPool(int... sizes) {
    return AvgPool.adaptive(self(), sizes);
  }

  /// Every element of this times every element of `other`: `[.., ..]`.
  default Tensor outer(Tensor other) {
    return Einsum.outer(self(), other);
  }

  /// Mean negative log-likelihood of the class indices `targets` under these logits.
  default Tensor crossEntropy(Tensor targets) {
    return CrossEntropy.mean().of(self(), targets);
  }
}
