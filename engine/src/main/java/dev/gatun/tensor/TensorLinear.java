package dev.gatun.tensor;

import dev.gatun.op.linear.Activation;
import dev.gatun.op.linear.Fft;
import dev.gatun.op.linear.FftConv;
import dev.gatun.op.linear.Irfft;
import dev.gatun.op.linear.MatMul;
import dev.gatun.op.linear.Rfft;
import dev.gatun.op.loss.CrossEntropy;
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
}
