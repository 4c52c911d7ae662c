package dev.gatun.op.math;

import dev.gatun.op.Call;
import dev.gatun.tensor.Shape;

/// How a call of [Where] is cut: rows along the innermost run of axes, under at most five others.
/// An operand that repeats one element along a row is spread over a piece of work memory first, so
/// that one loop serves all eight cases.
final class WherePlan {
  static final int OPERANDS = 3;

  /// Elements of a row that go through the loop at a time where an operand repeats.
  static final int SPREAD = 1024;

  // Registers.
  static final int INNER = 0;
  static final int ROWS = 1;
  private static final int AXES = 2;
  private static final int SIZE = 3;
  private static final int MAX_AXES = 6;
  private static final int STRIDE = SIZE + MAX_AXES;

  private WherePlan() {}

  /// Work memory: a piece for each operand, 8 bytes an element at most.
  static long scratch(int workers) {
    return (long) workers * OPERANDS * SPREAD * Long.BYTES;
  }

  /// Merges axes along which every operand runs on or repeats.
  ///
  /// @return false if more axes remain than the registers hold
  static boolean plan(Call c) {
    long[] r = c.registers();
    Shape z = c.outShape(0);
    int n = 0;
    for (int i = 1; i <= z.rank(); i++) {
      if (z.dim(-i) == 1) {
        continue;
      }
      if (n > 0 && joins(c, r, n - 1, i)) {
        r[SIZE + n - 1] *= z.dim(-i);
      } else if (n == MAX_AXES) {
        return false;
      } else {
        r[SIZE + n] = z.dim(-i);
        for (int k = 0; k < OPERANDS; k++) {
          r[STRIDE + k * MAX_AXES + n] = stride(c.inShape(k), i);
        }
        n++;
      }
    }
    if (n == 0) {
      r[SIZE] = 1;
      for (int k = 0; k < OPERANDS; k++) {
        r[STRIDE + k * MAX_AXES] = 0;
      }
      n = 1;
    }
    r[AXES] = n;
    r[INNER] = r[SIZE];
    r[ROWS] = 1;
    for (int a = 1; a < n; a++) {
      r[ROWS] *= r[SIZE + a];
    }
    return true;
  }

  private static boolean joins(Call c, long[] r, int last, int i) {
    for (int k = 0; k < OPERANDS; k++) {
      if (stride(c.inShape(k), i) != r[STRIDE + k * MAX_AXES + last] * r[SIZE + last]) {
        return false;
      }
    }
    return true;
  }

  /// Distance between neighbours of `x` along axis `-i` of the result; 0 where it repeats.
  private static long stride(Shape x, int i) {
    return i > x.rank() || x.dim(-i) == 1 ? 0 : x.elems(x.rank() - i + 1, x.rank());
  }

  /// Blocks of a planned call: rows in groups of about [Elementwise#BLOCK] elements, or pieces of a
  /// long row.
  static int blocks(Call c) {
    long[] r = c.registers();
    if (r[INNER] == 0 || r[ROWS] == 0) {
      return 0;
    }
    return Math.toIntExact(
        r[INNER] > Elementwise.BLOCK
            ? r[ROWS] * pieces(r)
            : (r[ROWS] + rowsPerBlock(r) - 1) / rowsPerBlock(r));
  }

  static long pieces(long[] r) {
    return (r[INNER] + Elementwise.BLOCK - 1) / Elementwise.BLOCK;
  }

  static long rowsPerBlock(long[] r) {
    return Elementwise.BLOCK / r[INNER];
  }

  /// Whether operand `k` repeats one element along a row.
  static boolean repeats(long[] r, int k) {
    return r[STRIDE + k * MAX_AXES] == 0;
  }

  /// Element number at which row `row` of operand `k` starts.
  static long rowStart(long[] r, int k, long row) {
    long at = 0;
    for (int a = 1; a < r[AXES]; a++) {
      at += row % r[SIZE + a] * r[STRIDE + k * MAX_AXES + a];
      row /= r[SIZE + a];
    }
    return at;
  }
}
