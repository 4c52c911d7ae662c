package dev.gatun.op.linear;

/// The discrete Fourier transform by its definition, in double: what the references of transforms
/// are made of.
final class Dft {
  private Dft() {}

  /// Real and imaginary parts of `sum_j x_j e^(-2 pi i j k / n)`, or with `+`. What each addition
  /// rounds away is summed too: `n` roundings would be more than a fast transform is off by.
  static double[][] transform(double[] re, double[] im, boolean inverse) {
    int n = re.length;
    double[] cos = new double[n];
    double[] sin = new double[n];
    for (int j = 0; j < n; j++) {
      cos[j] = cosine(4L * j, n);
      sin[j] = inverse ? cosine(4L * j - n, n) : -cosine(4L * j - n, n);
    }
    double[][] y = new double[2][n];
    for (int k = 0; k < n; k++) {
      int at = 0;
      double lostRe = 0;
      double lostIm = 0;
      for (int j = 0; j < n; j++) {
        double r = re[j] * cos[at] - im[j] * sin[at];
        double i = re[j] * sin[at] + im[j] * cos[at];
        double sumRe = y[0][k] + r;
        double sumIm = y[1][k] + i;
        lostRe += lost(y[0][k], r, sumRe);
        lostIm += lost(y[1][k], i, sumIm);
        y[0][k] = sumRe;
        y[1][k] = sumIm;
        at += k;
        at -= at >= n ? n : 0;
      }
      y[0][k] += lostRe;
      y[1][k] += lostIm;
    }
    return y;
  }

  private static double lost(double a, double b, double sum) {
    return Math.abs(a) > Math.abs(b) ? a - sum + b : b - sum + a;
  }

  /// `cos(pi quarters / (2 n))`, the angle brought within an eighth of a turn first.
  private static double cosine(long quarters, long n) {
    long q = Math.floorMod(quarters, 4 * n);
    q = Math.min(q, 4 * n - q);
    if (q > n) {
      return -cosine(2 * n - q, n);
    }
    return 2 * q > n ? Math.sin(Math.PI / 2 * (n - q) / n) : Math.cos(Math.PI / 2 * q / n);
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
