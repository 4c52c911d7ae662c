package dev.gatun.nn.scan;

import dev.gatun.nn.Module;
import dev.gatun.op.linear.Activation;
import dev.gatun.op.linear.CausalConv1d;
import dev.gatun.op.linear.Window;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import dev.gatun.tensor.Variable;
import java.util.List;
import java.util.Optional;

/// A short filter of each channel with SiLU behind it; `weight [D, 1, W]`, `bias [D]`.
final class Filter extends Module {
  private final Variable weight;
  private final Variable bias;

  Filter(Scope scope, Scope initial, DType t, long channels, int width, long seed) {
    double bound = 1 / Math.sqrt(width);
    Shape shape = Shape.of(channels, 1, width);
    weight = parameter("weight", scope, ScanLayer.uniform(initial, t, shape, bound, seed));
    bias =
        parameter(
            "bias", scope, ScanLayer.uniform(initial, t, Shape.of(channels), bound, seed + 1));
  }

  /// `x [B, L, D]` and the inputs before, `[B, D, W - 1]`, to results and the inputs behind.
  List<Tensor> forward(Tensor x, Tensor before) {
    List<Tensor> y =
        new CausalConv1d(Activation.SILU, true, true, true)
            .apply(x.transpose(1, 2), borrow(weight, x).squeeze(1), borrow(bias, x), before);
    return List.of(y.get(0).transpose(1, 2), y.get(1));
  }

  Tensor start(Scope scope, long batch) {
    Tensor w = weight.value();
    return scope.zeros(w.dtype(), Shape.of(batch, w.dim(0), w.dim(2) - 1));
  }

  /// Both sides are seen, zeros beyond the ends; odd widths.
  Tensor both(Tensor x) {
    Tensor w = borrow(weight, x);
    int side = (int) w.dim(2) / 2;
    return x.transpose(1, 2)
        .conv1d(w, Optional.of(borrow(bias, x)), Window.of(1, side, 1), (int) w.dim(0))
        .silu()
        .transpose(1, 2);
  }
}
