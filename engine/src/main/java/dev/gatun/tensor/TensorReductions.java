package dev.gatun.tensor;

import dev.gatun.op.reduce.LogSoftmax;
import dev.gatun.op.reduce.Max;
import dev.gatun.op.reduce.Mean;
import dev.gatun.op.reduce.Softmax;
import dev.gatun.op.reduce.Sum;

/// Operators along axes, as methods of a [Tensor].
public sealed interface TensorReductions permits Tensor {
  private Tensor self() {
    return (Tensor) this;
  }

  /// Sum over `axes`, all of them where none is named; the axes go away.
  default Tensor sum(int... axes) {
    return new Sum(self().shape().axes(axes), false).of(self());
  }

  /// Mean over `axes`, all of them where none is named; the axes go away.
  default Tensor mean(int... axes) {
    return new Mean(self().shape().axes(axes), false).of(self());
  }

  /// Maximum over `axes`, all of them where none is named; the axes go away. NaN wins.
  default Tensor max(int... axes) {
    return new Max(self().shape().axes(axes), false).of(self());
  }

  /// `e^x / sum(e^x)` along `axis`.
  default Tensor softmax(int axis) {
    return new Softmax(self().shape().axis(axis)).of(self());
  }

  /// `x - log(sum(e^x))` along `axis`.
  default Tensor logSoftmax(int axis) {
    return new LogSoftmax(self().shape().axis(axis)).of(self());
  }
}
