package dev.gatun.op.sequence.s4;

import java.util.Locale;

/// HiPPO's matrices: the differential equations `x' = A x + B u` whose states are coefficients of
/// the past of `u` in a basis of functions. Everything is in double, on the host.
///
/// Source: Gu, Dao, Ermon, Rudra, Re, "HiPPO", arXiv 2008.07669; Gu, Johnson, Timalsina, Rudra, Re,
/// "How to Train Your HiPPO", arXiv 2206.12037; Voelker, Kajic, Eliasmith, "Legendre Memory Units",
/// NeurIPS 2019, for the delay.
public enum Hippo {
  /// Legendre polynomials over all the past, scaled: `A[n, k] = -sqrt((2n + 1)(2k + 1))` below the
  /// diagonal, `-(n + 1)` on it, 0 above; `B[n] = sqrt(2n + 1)`.
  LEGS,
  /// Legendre polynomials over a window: `A[n, k] = -sqrt((2n + 1)(2k + 1)) / 2 ((-1)^(n - k)`
  /// above the diagonal, else `1)`; `B[n] = sqrt(2n + 1) / 2`.
  LEGT,
  /// The Legendre delay of length 1 as the LMU has it: `A[n, k] = (2n + 1) (-1` above the diagonal,
  /// else `(-1)^(n - k + 1))`; `B[n] = (2n + 1) (-1)^n`.
  LMU,
  /// Fourier functions over a window: rotations by pi times 0, 1, ... less `B B^T`; `B` is `1, 0,
  /// sqrt 2, 0, sqrt 2, ...`.
  FOURIER;

  /// `A [n, n]`.
  ///
  /// @throws IllegalArgumentException if `n` is not a size of the basis
  public double[][] matrix(int n) {
    requireSize(n);
    double[][] a = new double[n][n];
    double[] b = input(n);
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        double root = Math.sqrt((2.0 * i + 1) * (2.0 * j + 1));
        double sign = (i - j) % 2 == 0 ? 1 : -1;
        a[i][j] =
            switch (this) {
              case LEGS -> i > j ? -root : i == j ? -(i + 1) : 0;
              case LEGT -> -root / 2 * (i < j ? sign : 1);
              case LMU -> (2 * i + 1) * (i < j ? -1 : -sign);
              case FOURIER -> rotation(i, j) - b[i] * b[j];
            };
      }
    }
    return a;
  }

  /// The rotation of frequency `k`: elements `(2 k, 2 k + 1)` are `-pi k`, their mirror images `pi
  /// k`.
  private static double rotation(int i, int j) {
    if (i + 1 == j && i % 2 == 0) {
      return -Math.PI * (i / 2);
    }
    return i == j + 1 && j % 2 == 0 ? Math.PI * (j / 2) : 0;
  }

  /// `B [n]`.
  ///
  /// @throws IllegalArgumentException if `n` is not a size of the basis
  public double[] input(int n) {
    requireSize(n);
    double[] b = new double[n];
    for (int i = 0; i < n; i++) {
      b[i] =
          switch (this) {
            case LEGS -> Math.sqrt(2.0 * i + 1);
            case LEGT -> Math.sqrt(2.0 * i + 1) / 2;
            case LMU -> (2 * i + 1) * (i % 2 == 0 ? 1 : -1);
            case FOURIER -> i == 0 ? 1 : i % 2 == 0 ? Math.sqrt(2) : 0;
          };
    }
    return b;
  }

  /// The least rank of a correction that makes the matrix normal.
  ///
  /// @throws IllegalArgumentException if there is none of low rank that this class knows
  public int rank() {
    return switch (this) {
      case LEGS, FOURIER -> 1;
      case LEGT -> 2;
      case LMU ->
          throw new IllegalArgumentException(
              "Hippo: the matrix must have a correction of low rank; got LMU");
    };
  }

  /// `P [rank, n]` with `A + sum_r P[r] P[r]^T` normal: a multiple of the identity plus a
  /// skew-symmetric matrix; rows beyond [#rank()] are 0. For [#FOURIER] that holds to 2e-8: its
  /// root of 2 is a float's, as in the authors' code, whose models are these.
  ///
  /// @throws IllegalArgumentException if `rank` is less than [#rank()]
  public double[][] correction(int rank, int n) {
    requireSize(n);
    if (rank < rank()) {
      throw new IllegalArgumentException(
          "Hippo: rank must be %d or more for %s; got %d".formatted(rank(), this, rank));
    }
    double[][] p = new double[rank][n];
    for (int i = 0; i < n; i++) {
      switch (this) {
        case LEGS -> p[0][i] = Math.sqrt(i + 0.5);
        case FOURIER -> p[0][i] = (float) input(n)[i];
        default -> p[i % 2 == 1 ? 0 : 1][i] = Math.sqrt(i + 0.5);
      }
    }
    return p;
  }

  /// The matrix as a diagonal one less a correction of low rank, in the basis of its eigenvectors.
  ///
  /// @param n even
  public Nplr nplr(int n, int rank) {
    return Nplr.of(this, n, rank);
  }

  private void requireSize(int n) {
    if (n < 1 || this == FOURIER && n % 2 != 0) {
      throw new IllegalArgumentException(
          "Hippo: the size must be 1 or more%s; got %d"
              .formatted(this == FOURIER ? " and even for FOURIER" : "", n));
    }
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
