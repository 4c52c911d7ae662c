package dev.gatun.op.sequence.scan;

import dev.gatun.tensor.Tensor;

/// Solves `h_t + J_t h_(t-1) = r_t` with `h_0 = 0` before the first step, as Newton's method for
/// nonlinear recurrences asks: a [Scan] with gates `-J`, with its gradient. The first `J` counts
/// for nothing. Source: Danieli et al., "ParaRNN", arXiv 2510.21450, section 3.
public final class Bidiagonal {
  private Bidiagonal() {}

  /// `j` and `r [B, T, N]`: a number for each channel.
  ///
  /// @throws IllegalArgumentException if shapes or types do not fit
  public static Tensor diagonal(Tensor j, Tensor r) {
    return Scan.affine(1).of(j.neg(), r);
  }

  /// `j [B, T, m N, m]`, rows of all `N` blocks for one row of a block after the other, and `r [B,
  /// T, m N]`: matrices of `m` rows.
  ///
  /// @throws IllegalArgumentException if shapes or types do not fit
  public static Tensor blocks(Tensor j, Tensor r) {
    long m = j.dim(-1);
    long n = r.dim(-1) / m;
    Tensor gates = j.neg().reshape(j.dim(0), j.dim(1), m, n, m).permute(0, 1, 2, 4, 3);
    Tensor addends = r.reshape(r.dim(0), r.dim(1), m, n);
    return Scan.blocks(1, Math.toIntExact(m)).of(gates, addends).reshape(r.shape().dims());
  }

  /// `j [B, T, N, N]` and `r [B, T, N]`: one matrix over all channels.
  ///
  /// @throws IllegalArgumentException if shapes or types do not fit
  public static Tensor dense(Tensor j, Tensor r) {
    return Scan.blocks(1, Math.toIntExact(r.dim(-1))).of(j.neg(), r);
  }
}
