package dev.gatun.op.linear;

/// The discrete Fourier transform by its definition, in double: what the references of transforms
/// are made of.
final class Dft {
  private Dft() {}

  /// Real and imaginary parts of `sum_j x_j e^(-2 pi i j k / n)`, or with `+`.
  static double[][] transform(double[] re, double[] im, boolean inverse) {
    int n = re.length;
    double[] cos = new double[n];
    double[] sin = new double[n];
    for (int j = 0; j < n; j++) {
      // Small angles: that of the far half is off by more than a rounding of the result.
      double a = 2 * Math.PI * (2 * j > n ? j - n : j) / n;
      cos[j] = Math.cos(a);
      sin[j] = inverse ? Math.sin(a) : -Math.sin(a);
    }
    double[][] y = new double[2][n];
    for (int k = 0; k < n; k++) {
      int at = 0;
      for (int j = 0; j < n; j++) {
        y[0][k] += re[j] * cos[at] - im[j] * sin[at];
        y[1][k] += re[j] * sin[at] + im[j] * cos[at];
        at += k;
        at -= at >= n ? n : 0;
      }
    }
    return y;
  }

  /// 0, or NaN where an element is infinite or NaN: to be added to every result.
  static double nanUnlessFinite(double[] x) {
    for (double v : x) {
      if (!Double.isFinite(v)) {
        return Double.NaN;
      }
    }
    return 0;
  }
}
