package dev.gatun.op.sequence.rnn;

import dev.gatun.op.linear.Activation;
import dev.gatun.tensor.Tensor;
import java.util.Optional;

/// Gated recurrent unit, with `x` the input's part and `u` the state's:
///
/// ```
/// r = gate(x_r + u_r)    z = gate(x_z + u_z)    n = candidate(x_n + v)    h' = (1 - z) n + z h
/// ```
///
/// where `v = r (R_n h + b_n)` if linear before reset, as in PyTorch, or `v = R_n (r h)`.
///
/// Source: Cho et al., arXiv 1406.1078.
///
/// @param order of the gates in weights and pre-activations
/// @param gate [Activation#SIGMOID] usually
/// @param candidate [Activation#TANH] usually
/// @param clip bounds the argument of every activation; infinite for none
/// @param linearBeforeReset whether the reset gate acts on the product
public record GruCell(
    GateOrder order, Activation gate, Activation candidate, double clip, boolean linearBeforeReset)
    implements Cell {
  /// @throws IllegalArgumentException if an activation is GELU or SILU, or `clip` not positive
  public GruCell {
    Squash.require("GruCell", clip, gate, candidate);
  }

  /// The usual cell.
  public static GruCell of(GateOrder order, boolean linearBeforeReset) {
    return new GruCell(
        order, Activation.SIGMOID, Activation.TANH, Double.POSITIVE_INFINITY, linearBeforeReset);
  }

  @Override
  public int gates() {
    return 3;
  }

  int r() {
    return order == GateOrder.TORCH ? 0 : 1;
  }

  int z() {
    return order == GateOrder.TORCH ? 1 : 0;
  }

  @Override
  public Recurrent.Result run(
      Tensor x,
      Recurrent.Weights w,
      Optional<Tensor> h0,
      Optional<Tensor> c0,
      Optional<Tensor> lengths,
      boolean reverse) {
    return Recurrent.gru(this, x, w, h0, c0, lengths, reverse);
  }

  /// Reset and update gate of one row, into `s [3H]`.
  void open(double[] x, double[] u, double[] s) {
    for (int j = 0; j < x.length / 3 * 2; j++) {
      s[j] = Squash.f(gate, clip, x[j] + u[j]);
    }
  }

  /// What the candidate's activation sees of element `j`.
  private double argument(double[] x, double[] u, double[] s, int j) {
    int n = x.length / 3;
    return x[2 * n + j] + (linearBeforeReset ? s[r() * n + j] : 1) * u[2 * n + j];
  }

  /// The candidate, into `s`, and the new state, over `h`.
  void close(double[] x, double[] u, double[] s, double[] h) {
    int n = h.length;
    for (int j = 0; j < n; j++) {
      double z = s[z() * n + j];
      double c = Squash.f(candidate, clip, argument(x, u, s, j));
      s[2 * n + j] = c;
      h[j] = (1 - z) * c + z * h[j];
    }
  }

  /// Gradient of the candidate and of the update gate before their activations.
  ///
  /// @param h the state that the step read
  /// @param dh gradient of the new state, on return the part of the old one that came past the
  ///   gates
  /// @param da `[3H]`
  void backClose(double[] x, double[] u, double[] s, double[] h, double[] dh, double[] da) {
    int n = h.length;
    for (int j = 0; j < n; j++) {
      double z = s[z() * n + j];
      double c = s[2 * n + j];
      int at = z() * n + j;
      da[at] = dh[j] * (h[j] - c) * Squash.slope(gate, clip, x[at] + u[at], z);
      da[2 * n + j] = dh[j] * (1 - z) * Squash.slope(candidate, clip, argument(x, u, s, j), c);
      dh[j] *= z;
    }
  }

  /// Gradient of the reset gate before its activation, from `dr` after it.
  void backOpen(double[] x, double[] u, double[] s, double[] dr, double[] da) {
    int n = dr.length;
    for (int j = 0; j < n; j++) {
      int at = r() * n + j;
      da[at] = dr[j] * Squash.slope(gate, clip, x[at] + u[at], s[at]);
    }
  }
}
