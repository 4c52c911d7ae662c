package dev.gatun.op.math;

/// The error function in the form that definitions here want it, the standard normal distribution
/// `Phi(x) = (1 + erf(x / sqrt 2)) / 2`: within 1e-15 of its value everywhere, the tails included,
/// at the cost of up to a thousand divisions.
///
/// Near 0 the distribution function is `1/2 + phi(x) (x + x^3/3 + x^5/(3 5) + ...)`, whose terms
/// all have one sign; further out the upper tail is Laplace's continued fraction `phi(x) / (x +
/// 1/(x + 2/(x + 3/(x + ...))))` (Abramowitz and Stegun 26.2.11 and 26.2.14).
public final class NormalCdf {
  private static final double DENSITY_AT_0 = 0.3989422804014327;
  private static final double TWO_OVER_ROOT_PI = 1.1283791670955126;
  private static final double SERIES_BELOW = 0.7;

  private NormalCdf() {}

  /// `erf(x) = 2 Phi(sqrt(2) x) - 1`, below 1 by its Maclaurin series, whose first term counts
  /// most.
  static double erf(double x) {
    double a = Math.abs(x);
    if (!(a < 1)) {
      return Math.copySign(1 - 2 * upperTail(a * Math.sqrt(2)), x);
    }
    double power = x;
    double sum = 0;
    for (int n = 1; n < 25; n++) {
      power *= -x * x / n;
      sum += power / (2 * n + 1);
    }
    return TWO_OVER_ROOT_PI * (x + sum);
  }

  /// `x Phi(x)`
  public static double gelu(double x) {
    return x == Double.NEGATIVE_INFINITY ? 0 : x * cdf(x);
  }

  /// `d gelu(x) / dx = Phi(x) + x phi(x)`
  public static double geluDerivative(double x) {
    return cdf(x) + (Double.isInfinite(x) ? 0 : x * density(x));
  }

  /// `phi(x) = exp(-x^2 / 2) / sqrt(2 pi)`
  static double density(double x) {
    double square = x * x;
    double e = Math.exp(-0.5 * square);
    // What rounding took from the square counts in full in the tail. Out of range there is no tail.
    return DENSITY_AT_0 * (e == 0 ? 0 : Math.fma(-0.5 * Math.fma(x, x, -square), e, e));
  }

  /// `Phi(x)`, the integral of the density up to `x`.
  static double cdf(double x) {
    if (Math.abs(x) < SERIES_BELOW) {
      return 0.5 + series(x);
    }
    double tail = upperTail(Math.abs(x));
    return x < 0 ? tail : 1 - tail;
  }

  private static double series(double x) {
    double term = x;
    double sum = x;
    for (int n = 3; Math.abs(term) > 1e-18 * Math.abs(sum); n += 2) {
      term *= x * x / n;
      sum += term;
    }
    return density(x) * sum;
  }

  private static double upperTail(double x) {
    if (!(x < 40)) {
      return Double.isNaN(x) ? x : 0;
    }
    int terms = 20 + (int) (500 / (x * x));
    double f = x;
    for (int k = terms; k >= 1; k--) {
      f = x + k / f;
    }
    return density(x) / f;
  }
}
