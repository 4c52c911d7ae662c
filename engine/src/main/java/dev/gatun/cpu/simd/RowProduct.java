package dev.gatun.cpu.simd;

import java.lang.foreign.MemorySegment;

/// One row times a matrix, for kernels that have a single row at a time or no room for the plan of
/// a second product. Offsets are in elements; `zeros` holds a vector of zeros.
public final class RowProduct {
  private static final int ROWS = 8;
  private static final int PANEL = 6;

  private RowProduct() {}

  /// `y[i] = sum_l w[i, l] x[l]` for `n` rows of `w`.
  public static void dots(
      int wide,
      MemorySegment w,
      long wAt,
      int n,
      int k,
      MemorySegment x,
      long xAt,
      MemorySegment y,
      long yAt,
      MemorySegment zeros,
      long zerosAt) {
    long row = (long) k * wide;
    long z = zerosAt * wide;
    long from = xAt * wide;
    int i = 0;
    for (; i + 4 <= n; i += 4) {
      long at = wAt * wide + i * row;
      long to = (yAt + i) * wide;
      if (wide == 4) {
        MatVecF32.dots4(w, at, row, x, from, wide, k, zeros, z, 0, y, to, wide);
      } else {
        MatVecF64.dots4(w, at, row, x, from, wide, k, zeros, z, 0, y, to, wide);
      }
    }
    for (; i < n; i++) {
      long at = wAt * wide + i * row;
      long to = (yAt + i) * wide;
      if (wide == 4) {
        MatVecF32.dot(w, at, x, from, wide, k, zeros, z, y, to);
      } else {
        MatVecF64.dot(w, at, x, from, wide, k, zeros, z, y, to);
      }
    }
  }

  /// `y[j] = sum_l x[l] w[l, j]` for `n` columns of `w`, whose rows are `stride` apart.
  public static void sums(
      int wide,
      MemorySegment w,
      long wAt,
      long stride,
      int n,
      int k,
      MemorySegment x,
      long xAt,
      MemorySegment y,
      long yAt,
      MemorySegment zeros,
      long zerosAt) {
    long row = stride * wide;
    int panel = wide == 4 ? PANEL * Lanes.F32.length() : PANEL * Lanes.F64.length();
    int j = 0;
    for (; j + panel <= n; j += panel) {
      long at = (wAt + j) * wide;
      if (wide == 4) {
        MatVecF32.columns6(w, at, row, x, xAt * wide, k, y, (yAt + j) * wide);
      } else {
        MatVecF64.columns6(w, at, row, x, xAt * wide, k, y, (yAt + j) * wide);
      }
    }
    if (j < n) {
      rest(wide, w, wAt + j, row, n - j, k, x, xAt, y, yAt + j, zeros, zerosAt);
    }
  }

  private static void rest(
      int wide,
      MemorySegment w,
      long wAt,
      long row,
      int n,
      int k,
      MemorySegment x,
      long xAt,
      MemorySegment y,
      long yAt,
      MemorySegment zeros,
      long zerosAt) {
    long to = yAt * wide;
    if (k == 0) {
      Lanes.clear(y, to, (long) n * wide);
    }
    int rows;
    for (int l = 0; l < k; l += rows) {
      rows = k - l >= ROWS ? ROWS : 1;
      long at = wAt * wide + l * row;
      long from = (xAt + l) * wide;
      MemorySegment in = l == 0 ? zeros : y;
      long inAt = l == 0 ? zerosAt * wide : to;
      long step = l == 0 ? 0 : wide;
      if (rows == ROWS && wide == 4) {
        MatVecF32.rows8(w, at, row, x, from, wide, n, in, inAt, step, y, to);
      } else if (rows == ROWS) {
        MatVecF64.rows8(w, at, row, x, from, wide, n, in, inAt, step, y, to);
      } else if (wide == 4) {
        MatVecF32.row(w, at, x, from, n, in, inAt, step, y, to);
      } else {
        MatVecF64.row(w, at, x, from, n, in, inAt, step, y, to);
      }
    }
  }
}
