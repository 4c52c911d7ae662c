package dev.gatun.jmh;

import dev.gatun.op.reduce.LayerNorm;
import dev.gatun.op.reduce.RmsNorm;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;

/// The ops that PyTorch is compared on, along the last axis where they have one.
// The functions capture nothing.
@SuppressWarnings("ImmutableEnumChecker")
public enum Subject {
  EXP(1, 2, -4, 4, in -> in.get(0).exp()),
  LOG(1, 2, 0.01, 4, in -> in.get(0).log()),
  TANH(1, 2, -4, 4, in -> in.get(0).tanh()),
  SIGMOID(1, 2, -4, 4, in -> in.get(0).sigmoid()),
  GELU(1, 2, -4, 4, in -> in.get(0).gelu()),
  ERF(1, 2, -4, 4, in -> in.get(0).erf()),
  GELU_TANH(1, 2, -4, 4, in -> in.get(0).geluTanh()),
  SILU(1, 2, -4, 4, in -> in.get(0).silu()),
  SOFTMAX(1, 2, -4, 4, in -> in.get(0).softmax(-1)),
  LAYER_NORM(1, 2, -4, 4, in -> LayerNorm.of(in.get(0), Optional.empty(), Optional.empty(), 1e-5)),
  RMS_NORM(1, 2, -4, 4, in -> RmsNorm.of(in.get(0), Optional.empty(), 1e-5)),
  SUM(1, 1, -1, 1, in -> in.get(0).sum(-1)),
  ADD(2, 3, -4, 4, in -> in.get(0).add(in.get(1)));

  private final int inputs;
  private final int arrays;
  private final double low;
  private final double high;
  private final Function<List<Tensor>, Tensor> form;

  Subject(int inputs, int arrays, double low, double high, Function<List<Tensor>, Tensor> form) {
    this.inputs = inputs;
    this.arrays = arrays;
    this.low = low;
    this.high = high;
    this.form = form;
  }

  Tensor apply(List<Tensor> in) {
    return form.apply(in);
  }

  /// The resource of the same function in PyTorch.
  String peer() {
    return name().toLowerCase(Locale.ROOT);
  }

  int inputs() {
    return inputs;
  }

  /// Arrays of the input's size that must go through memory.
  int arrays() {
    return arrays;
  }

  /// Least input.
  double low() {
    return low;
  }

  /// Greatest input.
  double high() {
    return high;
  }
}
