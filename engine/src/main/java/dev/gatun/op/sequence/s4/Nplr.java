package dev.gatun.op.sequence.s4;

import java.util.Comparator;
import java.util.stream.IntStream;

/// A HiPPO matrix as normal plus low rank, `A = V diag(lambda) V^H - P P^T`, by those half of its
/// modes whose frequency is 0 or negative; the others are their conjugates. Everything is in
/// double, on the host; complex numbers are two arrays.
///
/// Eigenvectors are defined up to a phase only. Here `V^H B` is real and not negative, so that an
/// initial `B` means the same for every mode. (The authors' code leaves the phase to LAPACK and
/// then clips the imaginary part of `B` to 2, so that its `B` depends on a library.)
public final class Nplr {
  /// What is taken for the eigenvalue 0.
  private static final double NOTHING = 1e-4;

  private final int n;
  private final double real;
  private final double[] frequencies;
  private final double[][] vRe;
  private final double[][] vIm;
  private final double[] input;
  private final double[][] correction;

  private Nplr(double[] input, double[][] correction, double real, Hermitian eigen) {
    this.n = input.length;
    this.input = input;
    this.correction = correction;
    this.real = real;
    frequencies = new double[n / 2];
    vRe = new double[n][n / 2];
    vIm = new double[n][n / 2];
    int[] order =
        IntStream.range(0, n)
            .boxed()
            .sorted(Comparator.comparingDouble(i -> eigen.values()[i]))
            .mapToInt(i -> i)
            .toArray();
    for (int j = 0; j < n / 2; j++) {
      frequencies[j] = eigen.values()[order[j]];
      for (int i = 0; i < n; i++) {
        vRe[i][j] = eigen.re()[i][order[j]];
        vIm[i][j] = eigen.im()[i][order[j]];
      }
    }
    if (Math.abs(frequencies[n / 2 - 1]) < NOTHING) {
      pairOfZeros();
    }
    for (int j = 0; j < n / 2; j++) {
      turn(j);
    }
  }

  static Nplr of(Hippo measure, int n, int rank) {
    if (n < 2 || n % 2 != 0) {
      throw new IllegalArgumentException("Nplr: n must be even and 2 or more; got " + n);
    }
    double[][] a = measure.matrix(n);
    double[][] p = measure.correction(rank, n);
    double[][] im = new double[n][n];
    double trace = 0;
    for (int i = 0; i < n; i++) {
      trace += a[i][i];
      for (double[] row : p) {
        trace += row[i] * row[i];
      }
      for (int j = 0; j < n; j++) {
        // The correction is symmetric; -i times what is left of A without its diagonal is
        // Hermitian.
        im[i][j] = (a[j][i] - a[i][j]) / 2;
      }
    }
    return new Nplr(measure.input(n), p, trace / n, Hermitian.of(new double[n][n], im));
  }

  /// Two modes of frequency 0, of which the eigenvectors may be any in their plane: one pair like
  /// all others, of the first two elements of the basis.
  private void pairOfZeros() {
    int j = n / 2 - 1;
    for (int i = 0; i < n; i++) {
      vRe[i][j] = i == 0 ? Math.sqrt(0.5) : 0;
      vIm[i][j] = i == 1 ? Math.sqrt(0.5) : 0;
    }
  }

  /// Turns vector `j` so that `V^H B` is real and not negative.
  private void turn(int j) {
    double re = 0;
    double im = 0;
    for (int i = 0; i < n; i++) {
      re += vRe[i][j] * input[i];
      im += vIm[i][j] * input[i];
    }
    double size = Math.hypot(re, im);
    if (size == 0) {
      return;
    }
    // V^H B is the conjugate of (re, im); V times (re, -im) / size makes it size.
    for (int i = 0; i < n; i++) {
      double a = vRe[i][j];
      double b = vIm[i][j];
      vRe[i][j] = (a * re + b * im) / size;
      vIm[i][j] = (b * re - a * im) / size;
    }
  }

  /// Real part of all eigenvalues.
  public double real() {
    return real;
  }

  /// Imaginary parts, ascending to 0, `[n/2]`.
  public double[] frequencies() {
    return frequencies.clone();
  }

  /// `V^H B`, `[n/2]`.
  public double[] input() {
    double[] b = new double[n / 2];
    for (int j = 0; j < n / 2; j++) {
      b[j] = project(input, vRe, j);
    }
    return b;
  }

  /// Real parts of `V^H P`, `[rank, n/2]`.
  public double[][] correctionRe() {
    return projected(vRe, 1);
  }

  /// Imaginary parts of `V^H P`, `[rank, n/2]`.
  public double[][] correctionIm() {
    return projected(vIm, -1);
  }

  private double[][] projected(double[][] v, double sign) {
    double[][] p = new double[correction.length][n / 2];
    for (int r = 0; r < p.length; r++) {
      for (int j = 0; j < n / 2; j++) {
        p[r][j] = sign * project(correction[r], v, j);
      }
    }
    return p;
  }

  private double project(double[] x, double[][] v, int j) {
    double sum = 0;
    for (int i = 0; i < n; i++) {
      sum += v[i][j] * x[i];
    }
    return sum;
  }

  /// `2 Re(V diag(lambda) V^H) - P P^T`: the matrix again.
  public double[][] matrix() {
    double[][] a = new double[n][n];
    for (int i = 0; i < n; i++) {
      for (int k = 0; k < n; k++) {
        double sum = 0;
        for (int j = 0; j < n / 2; j++) {
          double re = vRe[i][j] * vRe[k][j] + vIm[i][j] * vIm[k][j];
          double im = vIm[i][j] * vRe[k][j] - vRe[i][j] * vIm[k][j];
          sum += 2 * (real * re - frequencies[j] * im);
        }
        for (double[] p : correction) {
          sum -= p[i] * p[k];
        }
        a[i][k] = sum;
      }
    }
    return a;
  }
}
