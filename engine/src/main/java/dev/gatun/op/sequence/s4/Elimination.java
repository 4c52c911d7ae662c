package dev.gatun.op.sequence.s4;

/// Solves small dense systems in double, by elimination with exchange of rows.
final class Elimination {
  private Elimination() {}

  /// Replaces `rows` rows `r` of `n` elements at `at` by the solutions `x` of `x - x A = r`, where
  /// `A^T` lies at `matrix`, `[n, n]`.
  static void solve(double[] a, int matrix, double[] r, int at, int rows, int n) {
    // (I - A)^T x^T = r^T, and the transposed of A is what is there.
    double[][] m = new double[n][n + rows];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        m[i][j] = (i == j ? 1 : 0) - a[matrix + i * n + j];
      }
      for (int k = 0; k < rows; k++) {
        m[i][n + k] = r[at + k * n + i];
      }
    }
    for (int p = 0; p < n; p++) {
      exchange(m, p);
      for (int i = 0; i < n; i++) {
        double factor = i == p ? 0 : m[i][p] / m[p][p];
        for (int j = p; j < n + rows && factor != 0; j++) {
          m[i][j] -= factor * m[p][j];
        }
      }
    }
    for (int i = 0; i < n; i++) {
      for (int k = 0; k < rows; k++) {
        r[at + k * n + i] = m[i][n + k] / m[i][i];
      }
    }
  }

  private static void exchange(double[][] m, int p) {
    int best = p;
    for (int i = p + 1; i < m.length; i++) {
      best = Math.abs(m[i][p]) > Math.abs(m[best][p]) ? i : best;
    }
    double[] row = m[p];
    m[p] = m[best];
    m[best] = row;
  }
}
