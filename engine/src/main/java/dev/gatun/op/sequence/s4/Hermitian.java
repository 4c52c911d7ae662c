package dev.gatun.op.sequence.s4;

/// Eigenvalues and eigenvectors of a Hermitian matrix by Jacobi's rotations, cyclically, in double:
/// each sweep takes `12 n^3` flops, and some ten make all of them right to rounding, small ones
/// too. Source: Golub, Van Loan, "Matrix Computations", 4th edition, section 8.5.
///
/// @param values in no order
/// @param re real parts of the eigenvectors, which are columns
/// @param im imaginary parts
record Hermitian(double[] values, double[][] re, double[][] im) {
  private static final int MOST_SWEEPS = 60;

  /// Of the matrix with these parts, which are overwritten.
  static Hermitian of(double[][] re, double[][] im) {
    int n = re.length;
    double[][] vr = new double[n][n];
    double[][] vi = new double[n][n];
    for (int i = 0; i < n; i++) {
      vr[i][i] = 1;
    }
    for (int sweep = 0; sweep < MOST_SWEEPS && aside(re, im) > 0; sweep++) {
      for (int p = 0; p < n; p++) {
        for (int q = p + 1; q < n; q++) {
          rotate(re, im, vr, vi, p, q);
        }
      }
    }
    double[] values = new double[n];
    for (int i = 0; i < n; i++) {
      values[i] = re[i][i];
    }
    return new Hermitian(values, vr, vi);
  }

  /// The largest element beside the diagonal, or 0 where rounding would hide it.
  private static double aside(double[][] re, double[][] im) {
    double most = 0;
    double scale = 0;
    for (int i = 0; i < re.length; i++) {
      for (int j = 0; j < re.length; j++) {
        double size = Math.hypot(re[i][j], im[i][j]);
        scale = Math.max(scale, size);
        most = i == j ? most : Math.max(most, size);
      }
    }
    return most <= scale * 0x1p-60 ? 0 : most;
  }

  private static void rotate(
      double[][] re, double[][] im, double[][] vr, double[][] vi, int p, int q) {
    double size = Math.hypot(re[p][q], im[p][q]);
    if (size == 0) {
      return;
    }
    double er = re[p][q] / size;
    double ei = im[p][q] / size;
    double tau = (re[q][q] - re[p][p]) / (2 * size);
    double t = Math.copySign(1, tau) / (Math.abs(tau) + Math.sqrt(1 + tau * tau));
    double c = 1 / Math.sqrt(1 + t * t);
    double s = t * c;
    columns(re, im, p, q, c, s, er, ei);
    columns(vr, vi, p, q, c, s, er, ei);
    for (int k = 0; k < re.length; k++) {
      double ar = re[p][k];
      double ai = im[p][k];
      double br = er * re[q][k] - ei * im[q][k];
      double bi = er * im[q][k] + ei * re[q][k];
      re[p][k] = c * ar - s * br;
      im[p][k] = c * ai - s * bi;
      re[q][k] = s * ar + c * br;
      im[q][k] = s * ai + c * bi;
    }
    re[p][q] = 0;
    im[p][q] = 0;
    re[q][p] = 0;
    im[q][p] = 0;
  }

  /// Columns `p` and `q` become `c p - s e' q` and `s p + c e' q`, `e'` being the conjugate of the
  /// phase.
  private static void columns(
      double[][] re, double[][] im, int p, int q, double c, double s, double er, double ei) {
    for (int k = 0; k < re.length; k++) {
      double ar = re[k][p];
      double ai = im[k][p];
      double br = er * re[k][q] + ei * im[k][q];
      double bi = er * im[k][q] - ei * re[k][q];
      re[k][p] = c * ar - s * br;
      im[k][p] = c * ai - s * bi;
      re[k][q] = s * ar + c * br;
      im[k][q] = s * ai + c * bi;
    }
  }
}
