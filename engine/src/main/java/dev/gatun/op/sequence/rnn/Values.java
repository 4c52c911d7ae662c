package dev.gatun.op.sequence.rnn;

import dev.gatun.op.Call;

/// Rows of operands as doubles, for reference kernels.
final class Values {
  private Values() {}

  static double[] get(Call c, int input, long row, int n) {
    double[] v = new double[n];
    for (int j = 0; j < n; j++) {
      v[j] = c.get(input, row * n + j);
    }
    return v;
  }

  static void set(Call c, int output, long row, double[] v) {
    for (int j = 0; j < v.length; j++) {
      c.set(output, row * v.length + j, v[j]);
    }
  }

  static double[] sum(double[] x, double[] y) {
    double[] z = x.clone();
    for (int j = 0; j < z.length; j++) {
      z[j] += y[j];
    }
    return z;
  }

  /// `W v` for rows `[from, to)` of `W`, added to these elements of `y`.
  static void times(Call c, int w, int from, int to, double[] v, double[] y) {
    for (int i = from; i < to; i++) {
      for (int k = 0; k < v.length; k++) {
        y[i] += c.get(w, (long) i * v.length + k) * v[k];
      }
    }
  }

  /// `W^T v` with rows `[from, to)` of `W`, added to `y`.
  static void timesTransposed(Call c, int w, int from, int to, double[] v, double[] y) {
    for (int i = from; i < to; i++) {
      for (int k = 0; k < y.length; k++) {
        y[k] += c.get(w, (long) i * y.length + k) * v[i];
      }
    }
  }
}
