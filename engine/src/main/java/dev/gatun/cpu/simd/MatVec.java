package dev.gatun.cpu.simd;

import java.lang.foreign.MemorySegment;

/// Products of at most three rows with a matrix, and of a matrix with one column: bound by the
/// memory that the matrix streams through, which is read once.
final class MatVec {
  private MatVec() {}

  /// Bytes of work memory: rows of `x` for BF16 weights, and one zero.
  static long scratch(long[] p) {
    return 64 + (GemmPlan.type(p) == GemmPlan.BF16 ? GemmPlan.m(p) * GemmPlan.k(p) * 4 : 0);
  }

  static void block(
      long[] p,
      MemorySegment a,
      long aAt,
      MemorySegment b,
      long bAt,
      MemorySegment bias,
      MemorySegment c,
      long cAt,
      MemorySegment scratch,
      long mine,
      Loop.Unary activation,
      int block) {
    int type = GemmPlan.type(p);
    int path = GemmPlan.path(p);
    int wide = Gemm.wide(type);
    int bWide = type == GemmPlan.BF16 ? 2 : wide;
    boolean swapped = path == GemmPlan.DOT_SWAPPED || path == GemmPlan.ROWS_SWAPPED;
    long size = swapped ? GemmPlan.mb(p) : GemmPlan.nb(p);
    long first = block * size;
    int n = (int) Math.min(size, (swapped ? GemmPlan.m(p) : GemmPlan.n(p)) - first);
    int m = swapped ? 1 : (int) GemmPlan.m(p);
    int k = (int) GemmPlan.k(p);
    long xRow = GemmPlan.aRow(p) * wide;
    long xStep = (swapped ? GemmPlan.bRow(p) : GemmPlan.aCol(p)) * wide;
    boolean dots = path == GemmPlan.DOT || path == GemmPlan.DOT_SWAPPED;
    // From one output to the next, or from one row of weights to the next.
    long across = swapped ? GemmPlan.aRow(p) * wide : GemmPlan.bCol(p) * bWide;
    long down = swapped ? GemmPlan.aCol(p) * wide : GemmPlan.bRow(p) * bWide;
    MemorySegment w = swapped ? a : b;
    MemorySegment x = swapped ? b : a;
    long wAt = (swapped ? aAt * wide : bAt * bWide) + first * across;
    long xAt = (swapped ? bAt : aAt) * wide;
    long yAt = (cAt + first) * wide;
    long yRow = GemmPlan.cRow(p) * wide;
    GemmPack.zero(scratch, mine, 64);
    int init = GemmPlan.init(p);
    MemorySegment in = init == GemmPlan.ZERO ? scratch : init == GemmPlan.BIAS ? bias : c;
    long inAt = init == GemmPlan.ZERO ? mine : init == GemmPlan.BIAS ? first * wide : yAt;
    long inRow = init == GemmPlan.ACCUMULATE ? yRow : 0;
    long inStep = init == GemmPlan.ZERO ? 0 : wide;
    if (dots) {
      dots(
          type, w, wAt, across, x, xAt, xRow, m, n, k, in, inAt, inRow, inStep, c, yAt, yRow,
          scratch, mine + 64);
    } else {
      rows(type, w, wAt, down, x, xAt, xRow, xStep, m, n, k, in, inAt, inRow, inStep, c, yAt, yRow);
    }
    if (activation != Gemm.IDENTITY) {
      for (int r = 0; r < m; r++) {
        long at = (yAt + r * yRow) / wide;
        activation.run(c, at, c, at, n);
      }
    }
  }

  private static void dots(
      int type,
      MemorySegment w,
      long wAt,
      long wRow,
      MemorySegment x0,
      long x0At,
      long x0Row,
      int m,
      int n,
      int k,
      MemorySegment in,
      long inAt,
      long inRow,
      long inStep,
      MemorySegment y,
      long yAt,
      long yRow,
      MemorySegment scratch,
      long spare) {
    MemorySegment x = x0;
    long xAt = x0At;
    long xRow = x0Row;
    if (type == GemmPlan.BF16) {
      for (int r = 0; r < m; r++) {
        MatVecBf16.split(x0, x0At + r * x0Row, k, scratch, spare + r * (long) k * 4);
      }
      x = scratch;
      xAt = spare;
      xRow = (long) k * 4;
    }
    int wide = Gemm.wide(type);
    // Four rows a quarter of the block apart: memory delivers four streams faster than one. The
    // rows
    // of x in the inner loop find them in L1 or L2.
    int quarter = n / 4;
    int fours = 4 * quarter;
    for (int j = 0; j < quarter; j++) {
      for (int r = 0; r < m; r++) {
        dots4(
            type,
            w,
            wAt + j * wRow,
            quarter * wRow,
            x,
            xAt + r * xRow,
            k,
            in,
            inAt + r * inRow + j * inStep,
            quarter * inStep,
            y,
            yAt + r * yRow + (long) j * wide,
            (long) quarter * wide);
      }
    }
    for (int j = fours; j < n; j++) {
      for (int r = 0; r < m; r++) {
        dot(
            type,
            w,
            wAt + j * wRow,
            x,
            xAt + r * xRow,
            k,
            in,
            inAt + r * inRow + j * inStep,
            y,
            yAt + r * yRow + (long) j * wide);
      }
    }
  }

  private static void dots4(
      int type,
      MemorySegment w,
      long wAt,
      long wRow,
      MemorySegment x,
      long xAt,
      int k,
      MemorySegment in,
      long inAt,
      long inStep,
      MemorySegment y,
      long yAt,
      long yStep) {
    switch (type) {
      case GemmPlan.F32 ->
          MatVecF32.dots4(w, wAt, wRow, x, xAt, 4, k, in, inAt, inStep, y, yAt, yStep);
      case GemmPlan.F64 ->
          MatVecF64.dots4(w, wAt, wRow, x, xAt, 8, k, in, inAt, inStep, y, yAt, yStep);
      default -> MatVecBf16.dots4(w, wAt, wRow, x, xAt, 4, k, in, inAt, inStep, y, yAt, yStep);
    }
  }

  private static void dot(
      int type,
      MemorySegment w,
      long wAt,
      MemorySegment x,
      long xAt,
      int k,
      MemorySegment in,
      long inAt,
      MemorySegment y,
      long yAt) {
    switch (type) {
      case GemmPlan.F32 -> MatVecF32.dot(w, wAt, x, xAt, 4, k, in, inAt, y, yAt);
      case GemmPlan.F64 -> MatVecF64.dot(w, wAt, x, xAt, 8, k, in, inAt, y, yAt);
      default -> MatVecBf16.dot(w, wAt, x, xAt, 4, k, in, inAt, y, yAt);
    }
  }

  private static void rows(
      int type,
      MemorySegment w,
      long wAt,
      long wRow,
      MemorySegment x,
      long xAt,
      long xRow,
      long xStep,
      int m,
      int n,
      int k,
      MemorySegment in,
      long inAt,
      long inRow,
      long inStep,
      MemorySegment y,
      long yAt,
      long yRow) {
    boolean f64 = type == GemmPlan.F64;
    long step = Gemm.wide(type);
    int rows;
    for (int i = 0; i < k; i += rows) {
      rows = k - i >= 8 ? 8 : 1;
      for (int r = 0; r < m; r++) {
        long wi = wAt + i * wRow;
        long xi = xAt + r * xRow + i * xStep;
        long yr = yAt + r * yRow;
        MemorySegment from = i == 0 ? in : y;
        long at = i == 0 ? inAt + r * inRow : yr;
        long next = i == 0 ? inStep : step;
        if (rows == 8 && f64) {
          MatVecF64.rows8(w, wi, wRow, x, xi, xStep, n, from, at, next, y, yr);
        } else if (rows == 8) {
          MatVecF32.rows8(w, wi, wRow, x, xi, xStep, n, from, at, next, y, yr);
        } else if (f64) {
          MatVecF64.row(w, wi, x, xi, n, from, at, next, y, yr);
        } else {
          MatVecF32.row(w, wi, x, xi, n, from, at, next, y, yr);
        }
      }
    }
  }
}
