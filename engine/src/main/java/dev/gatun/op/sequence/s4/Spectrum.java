package dev.gatun.op.sequence.s4;

import java.util.Arrays;

/// First eigenvalues and inputs of diagonal state space models, one of each pair of conjugates, in
/// the order of their frequencies.
///
/// Source: Gu, Gupta, Goel, Re, arXiv 2206.11893, section 4.
public enum Spectrum {
  /// S4D-Lin: `-1/2 - i pi n`, the frequencies of Fourier series.
  LIN,
  /// S4D-Inv: `-1/2 - i (M / pi) (M / (2 n + 1) - 1)` for `M = 2 N`, close to LegS's.
  INV,
  /// S4D-LegS: the eigenvalues of HiPPO-LegS's normal part, and its input in their basis.
  LEGS,
  /// S4D-Real: `-(n + 1)`, nothing oscillates.
  REAL;

  /// `Re lambda`, `n` numbers below 0.
  public double[] real(int n) {
    double[] x = new double[n];
    for (int i = 0; i < n; i++) {
      x[i] = this == REAL ? -(i + 1) : -0.5;
    }
    return x;
  }

  /// `Im lambda`, `n` numbers, none above 0.
  ///
  /// @throws IllegalArgumentException if `n` is 0 and the spectrum LegS's
  public double[] imaginary(int n) {
    double m = 2.0 * n;
    double[] x = this == LEGS ? Hippo.LEGS.nplr(2 * n, 1).frequencies().clone() : new double[n];
    for (int i = 0; i < n; i++) {
      x[i] =
          switch (this) {
            case LIN -> -Math.PI * i;
            case INV -> -(m / Math.PI) * (m / (2.0 * i + 1) - 1);
            case LEGS -> x[i];
            case REAL -> 0;
          };
    }
    return x;
  }

  /// `B`, `n` real numbers: 1, or LegS's.
  public double[] input(int n) {
    if (this == LEGS) {
      return Hippo.LEGS.nplr(2 * n, 1).input();
    }
    double[] b = new double[n];
    Arrays.fill(b, 1);
    return b;
  }
}
