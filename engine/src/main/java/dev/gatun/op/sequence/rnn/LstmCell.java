package dev.gatun.op.sequence.rnn;

import dev.gatun.op.linear.Activation;
import dev.gatun.tensor.Tensor;
import java.util.Optional;

/// Long short-term memory, with `a` the sum of the input's and the state's part:
///
/// ```
/// i = gate(a_i + p_i c)        f = gate(a_f + p_f c)        g = candidate(a_g)
/// c' = f c + i g               o = gate(a_o + p_o c')       h' = o hidden(c')
/// ```
///
/// Source: Hochreiter, Schmidhuber 1997; Gers et al. 2000 (forget gate), 2002 (peepholes).
///
/// @param order of the gates in weights and pre-activations
/// @param gate [Activation#SIGMOID] usually
/// @param candidate [Activation#TANH] usually
/// @param hidden [Activation#TANH] usually
/// @param clip bounds the argument of every activation; infinite for none
/// @param inputForget whether `f = 1 - i`
public record LstmCell(
    GateOrder order,
    Activation gate,
    Activation candidate,
    Activation hidden,
    double clip,
    boolean inputForget)
    implements Cell {
  /// @throws IllegalArgumentException if an activation is GELU or SILU, or `clip` not positive
  public LstmCell {
    Squash.require("LstmCell", clip, gate, candidate, hidden);
  }

  /// The usual cell.
  public static LstmCell of(GateOrder order) {
    return new LstmCell(
        order,
        Activation.SIGMOID,
        Activation.TANH,
        Activation.TANH,
        Double.POSITIVE_INFINITY,
        false);
  }

  @Override
  public int gates() {
    return 4;
  }

  int i() {
    return 0;
  }

  int f() {
    return order == GateOrder.TORCH ? 1 : 2;
  }

  int g() {
    return order == GateOrder.TORCH ? 2 : 3;
  }

  int o() {
    return order == GateOrder.TORCH ? 3 : 1;
  }

  @Override
  public Recurrent.Result run(
      Tensor x,
      Recurrent.Weights w,
      Optional<Tensor> h0,
      Optional<Tensor> c0,
      Optional<Tensor> lengths,
      boolean reverse) {
    return Recurrent.lstm(this, x, w, h0, c0, lengths, reverse);
  }

  /// One step on one row.
  ///
  /// @param a `[4H]`, on return with the peepholes' part
  /// @param p peepholes `[3H]` of input, output and forget gate, or empty
  /// @param c the cell, on return the new one
  /// @param s gates on return, `[4H]`
  /// @param m `h'` on return
  void step(double[] a, double[] p, double[] c, double[] s, double[] m) {
    int n = c.length;
    for (int j = 0; j < n; j++) {
      if (p.length > 0) {
        a[i() * n + j] += p[j] * c[j];
        a[f() * n + j] += p[2 * n + j] * c[j];
      }
      double i = Squash.f(gate, clip, a[i() * n + j]);
      s[i() * n + j] = i;
      double f = inputForget ? 1 - i : Squash.f(gate, clip, a[f() * n + j]);
      s[f() * n + j] = f;
      double g = Squash.f(candidate, clip, a[g() * n + j]);
      s[g() * n + j] = g;
      c[j] = f * c[j] + i * g;
      a[o() * n + j] += p.length > 0 ? p[n + j] * c[j] : 0;
      double o = Squash.f(gate, clip, a[o() * n + j]);
      s[o() * n + j] = o;
      m[j] = o * Squash.f(hidden, clip, c[j]);
    }
  }

  /// Gradient of [#step], whose `a` and `s` it reads.
  ///
  /// @param before the cell that the step read
  /// @param after the cell that it made
  /// @param dm gradient of `h'`
  /// @param dc gradient of the new cell, on return of the one before
  /// @param da gradient of `a` on return
  void back(
      double[] a,
      double[] p,
      double[] before,
      double[] after,
      double[] s,
      double[] dm,
      double[] dc,
      double[] da) {
    int n = dc.length;
    for (int j = 0; j < n; j++) {
      double i = s[i() * n + j];
      double f = s[f() * n + j];
      double g = s[g() * n + j];
      double o = s[o() * n + j];
      double y = Squash.f(hidden, clip, after[j]);
      double dao = dm[j] * y * Squash.slope(gate, clip, a[o() * n + j], o);
      double d = dc[j] + dm[j] * o * Squash.slope(hidden, clip, after[j], y);
      d += p.length > 0 ? dao * p[n + j] : 0;
      double di = d * g - (inputForget ? d * before[j] : 0);
      double dai = di * Squash.slope(gate, clip, a[i() * n + j], i);
      double daf = inputForget ? 0 : d * before[j] * Squash.slope(gate, clip, a[f() * n + j], f);
      da[i() * n + j] = dai;
      da[f() * n + j] = daf;
      da[g() * n + j] = d * i * Squash.slope(candidate, clip, a[g() * n + j], g);
      da[o() * n + j] = dao;
      dc[j] = d * f + (p.length > 0 ? dai * p[j] + daf * p[2 * n + j] : 0);
    }
  }
}
