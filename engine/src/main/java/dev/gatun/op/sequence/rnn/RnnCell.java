package dev.gatun.op.sequence.rnn;

import dev.gatun.op.linear.Activation;
import dev.gatun.tensor.Tensor;
import java.util.Optional;

/// `h' = activation(a)` with `a` the sum of the input's and the state's part.
///
/// Source: Elman, Finding structure in time, 1990.
///
/// @param activation [Activation#TANH] usually
/// @param clip bounds `a`; infinite for none
public record RnnCell(Activation activation, double clip) implements Cell {
  /// @throws IllegalArgumentException if the activation is GELU or SILU, or `clip` not positive
  public RnnCell {
    Squash.require("RnnCell", clip, activation);
  }

  /// A cell without clipping.
  public static RnnCell of(Activation activation) {
    return new RnnCell(activation, Double.POSITIVE_INFINITY);
  }

  @Override
  public int gates() {
    return 1;
  }

  @Override
  public Recurrent.Result run(
      Tensor x,
      Recurrent.Weights w,
      Optional<Tensor> h0,
      Optional<Tensor> c0,
      Optional<Tensor> lengths,
      boolean reverse) {
    return Recurrent.rnn(this, x, w, h0, c0, lengths, reverse);
  }

  /// One step on one row.
  void step(double[] a, double[] h) {
    for (int j = 0; j < h.length; j++) {
      h[j] = Squash.f(activation, clip, a[j]);
    }
  }

  /// Gradient of `a` from that of `h'`.
  void back(double[] a, double[] h, double[] dh, double[] da) {
    for (int j = 0; j < h.length; j++) {
      da[j] = dh[j] * Squash.slope(activation, clip, a[j], h[j]);
    }
  }
}
