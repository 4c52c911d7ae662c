package dev.gatun.op.sequence.rnn;

import dev.gatun.op.linear.Activation;
import dev.gatun.tensor.Tensor;
import java.util.Optional;

/// `h' = activation(a)` with `a` the sum of the input's and the state's part, but for units that
/// are linear, `h' = a`: a memory beside what reads and writes it.
///
/// Source: Elman, Finding structure in time, 1990; Voelker et al., Legendre Memory Units, 2019, for
/// a cell with both.
///
/// @param activation [Activation#TANH] usually
/// @param clip bounds `a` of units that are not linear; infinite for none
/// @param linear so many of the first units are linear
public record RnnCell(Activation activation, double clip, int linear) implements Cell {
  /// @throws IllegalArgumentException if the activation is GELU or SILU, `clip` not positive, or
  ///   `linear` negative
  public RnnCell {
    Squash.require("RnnCell", clip, activation);
    if (linear < 0) {
      throw new IllegalArgumentException(
          "RnnCell: the number of linear units must not be negative; got " + linear);
    }
  }

  /// A cell without linear units.
  public RnnCell(Activation activation, double clip) {
    this(activation, clip, 0);
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
      h[j] = j < linear ? a[j] : Squash.f(activation, clip, a[j]);
    }
  }

  /// Gradient of `a` from that of `h'`.
  void back(double[] a, double[] h, double[] dh, double[] da) {
    for (int j = 0; j < h.length; j++) {
      da[j] = j < linear ? dh[j] : dh[j] * Squash.slope(activation, clip, a[j], h[j]);
    }
  }
}
