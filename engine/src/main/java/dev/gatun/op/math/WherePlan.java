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
  static final int SIZE = 3;
  static final int MAX_AXES = 6;
  static final int STRIDE = SIZE + MAX_AXES;
  static final int REGISTERS = STRIDE + OPERANDS * MAX_AXES;

  private WherePlan() {}

  /// Work memory: a piece for each operand, 8 bytes an element at most.
  static long scratch(int workers) {
    return (long) workers * OPERANDS * SPREAD * Long.BYTES;
  }

  /// Merges axes along which every operand runs on or repeats.
  ///
  /// @return false if more axes remain than the registers hold
  static boolean plan(Call c) {
    return plan(c.registers(), c.inShape(0), c.inShape(1), c.inShape(2), c.outShape(0));
  }

  /// The same into `r`.
  static boolean plan(long[] r, Shape c, Shape x, Shape y, Shape z) {
    int n = 0;
    for (int i = 1; i <= z.rank(); i++) {
      if (z.dim(-i) == 1) {
        continue;
      }
      if (n > 0 && joins(c, x, y, r, n - 1, i)) {
        r[SIZE + n - 1] *= z.dim(-i);
      } else if (n == MAX_AXES) {
        return false;
      } else {
        r[SIZE + n] = z.dim(-i);
        r[STRIDE + n] = stride(c, i);
        r[STRIDE + MAX_AXES + n] = stride(x, i);
        r[STRIDE + 2 * MAX_AXES + n] = stride(y, i);
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

  private static boolean joins(Shape c, Shape x, Shape y, long[] r, int last, int i) {
    return joins(c, r, last, i)
        && joins(x, r, last + MAX_AXES, i)
        && joins(y, r, last + 2 * MAX_AXES, i);
  }

  private static boolean joins(Shape operand, long[] r, int last, int i) {
    return stride(operand, i) == r[STRIDE + last] * r[SIZE + last % MAX_AXES];
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

  static int axes(long[] r) {
    return (int) r[AXES];
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
