package dev.gatun.tensor;

import dev.gatun.op.linear.Activation;
import dev.gatun.op.linear.AvgPool;
import dev.gatun.op.linear.Conv;
import dev.gatun.op.linear.ConvTranspose;
import dev.gatun.op.linear.Einsum;
import dev.gatun.op.linear.Fft;
import dev.gatun.op.linear.FftConv;
import dev.gatun.op.linear.Irfft;
import dev.gatun.op.linear.MatMul;
import dev.gatun.op.linear.MaxPool;
import dev.gatun.op.linear.Rfft;
import dev.gatun.op.linear.Window;
import dev.gatun.op.loss.BinaryCrossEntropy;
import dev.gatun.op.loss.CosineSimilarity;
import dev.gatun.op.loss.CrossEntropy;
import dev.gatun.op.loss.Huber;
import dev.gatun.op.loss.KlDivergence;
import dev.gatun.op.loss.MeanAbsolute;
import dev.gatun.op.loss.Mse;
import dev.gatun.op.loss.Nll;
import dev.gatun.op.loss.Reduction;
import dev.gatun.op.sequence.attention.Attention;
import dev.gatun.op.sequence.attention.Mask;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

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

  /// Attention of these queries `[B, H, Sq, D]` over keys and values of `[B, Hk, Sk, ..]`; see
  /// [Attention], which takes all further options.
  default Tensor attention(Tensor keys, Tensor values, Mask mask) {
    return Attention.of(self(), keys, values, mask);
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

  /// Fourier transform of this real tensor along `axis`, [Rfft]: real and imaginary parts, `n / 2 +
  /// 1` along that axis.
  default List<Tensor> rfft(int axis) {
    return alongLast(axis, List.of(self()), in -> new Rfft().apply(in.get(0)));
  }

  /// The inverse of [#rfft], of real parts `this` and imaginary parts `im`: a real tensor with `n`
  /// elements along `axis`.
  default Tensor irfft(Tensor im, int axis, long n) {
    return alongLast(axis, List.of(self(), im), in -> new Irfft(n).apply(in.get(0), in.get(1)))
        .get(0);
  }

  /// Fourier transform of real parts `this` and imaginary parts `im` along `axis`, [Fft].
  default List<Tensor> fft(Tensor im, int axis) {
    return alongLast(axis, List.of(self(), im), in -> Fft.forward().apply(in.get(0), in.get(1)));
  }

  /// The inverse of [#fft].
  default List<Tensor> ifft(Tensor im, int axis) {
    return alongLast(axis, List.of(self(), im), in -> Fft.backward().apply(in.get(0), in.get(1)));
  }

  /// This `[B, H, L]` convolved with a filter `k [H, K]`, `K <= L`, for each channel, by Fourier
  /// transforms; no output sees a later input. [FftConv] has more.
  default Tensor fftConv(Tensor k) {
    return FftConv.of(self(), k, Optional.empty(), Optional.empty(), false);
  }

  /// As [#fftConv], but wrapped around after `period` elements.
  default Tensor circularConv(Tensor k, long period) {
    return FftConv.circular(self(), k, period);
  }

  private List<Tensor> alongLast(int axis, List<Tensor> in, UnaryOperator<List<Tensor>> f) {
    int rank = self().shape().rank();
    int a = self().shape().axis(axis);
    if (a == rank - 1) {
      return f.apply(in);
    }
    // Exchanging two axes undoes itself.
    int[] order = IntStream.range(0, rank).toArray();
    order[a] = rank - 1;
    order[rank - 1] = a;
    List<Tensor> out = f.apply(in.stream().map(t -> t.permute(order)).toList());
    return out.stream().map(t -> t.permute(order)).toList();
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
