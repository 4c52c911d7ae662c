package dev.gatun.op.sequence.s4;

/// Exponentials of small dense matrices, in double on the host: a Taylor series of a fraction of
/// the matrix, squared again and again.
///
/// Error: some `2^-53` for each squaring, of which there are `log2` of twice the matrix's norm.
/// Source: Moler, Van Loan, "Nineteen Dubious Ways", SIAM Review 45, 2003, method 3.
final class Exponential {
  /// `0.5^17 / 17!` is below the rounding of 1.
  private static final int TERMS = 16;

  private Exponential() {}

  static double[][] of(double[][] a) {
    int n = a.length;
    double norm = 0;
    for (double[] row : a) {
      double sum = 0;
      for (double v : row) {
        sum += Math.abs(v);
      }
      norm = Math.max(norm, sum);
    }
    int squarings = Math.max(0, Math.getExponent(norm) + 2);
    double[][] x = new double[n][n];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        x[i][j] = Math.scalb(a[i][j], -squarings);
      }
    }
    // Horner: I + x (I + x / 2 (I + x / 3 (...))).
    double[][] e = identityPlus(new double[n][n], 1);
    for (int k = TERMS; k >= 1; k--) {
      e = identityPlus(product(x, e), 1.0 / k);
    }
    for (int k = 0; k < squarings; k++) {
      e = product(e, e);
    }
    return e;
  }

  private static double[][] identityPlus(double[][] m, double scale) {
    for (int i = 0; i < m.length; i++) {
      for (int j = 0; j < m.length; j++) {
        m[i][j] = m[i][j] * scale + (i == j ? 1 : 0);
      }
    }
    return m;
  }

  private static double[][] product(double[][] a, double[][] b) {
    int n = a.length;
    double[][] y = new double[n][n];
    for (int i = 0; i < n; i++) {
      for (int k = 0; k < n; k++) {
        for (int j = 0; j < n; j++) {
          y[i][j] += a[i][k] * b[k][j];
        }
      }
    }
    return y;
  }
}
