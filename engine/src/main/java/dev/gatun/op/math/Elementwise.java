package dev.gatun.op.math;

import dev.gatun.op.Call;
import dev.gatun.tensor.Shape;

/// How elementwise ops are cut into blocks: 16,384 elements, 64 KiB of F32, so that a block of two
/// inputs and an output stays in the second-level cache and is long against the hand-out of work.
final class Elementwise {
  static final int BLOCK = 16_384;

  // Registers of a broadcast call: rows of `INNER` elements under outer axes of these sizes, and
  // each operand's distance between neighbours along them; a stride of 0 repeats.
  static final int INNER = 0;
  static final int X_INNER = 1;
  static final int Y_INNER = 2;
  static final int ROWS = 3;
  static final int AXES = 4;
  static final int SIZE = 5;
  static final int MAX_AXES = 8;
  static final int X_STRIDE = SIZE + MAX_AXES;
  static final int Y_STRIDE = X_STRIDE + MAX_AXES;

  private Elementwise() {}

  /// Blocks of a call that goes through `shape` once.
  static int blocks(Shape shape) {
    return Math.toIntExact((shape.elems() + BLOCK - 1) / BLOCK);
  }

  /// Blocks of a binary call after [#plan]: whole rows in groups of about [#BLOCK] elements, or
  /// pieces of a long row.
  static int rowBlocks(Call c) {
    long[] r = c.registers();
    if (r[INNER] == 0 || r[ROWS] == 0) {
      return 0;
    }
    return Math.toIntExact(
        r[INNER] > BLOCK
            ? r[ROWS] * piecesPerRow(r)
            : (r[ROWS] + rowsPerBlock(r) - 1) / rowsPerBlock(r));
  }

  static long piecesPerRow(long[] r) {
    return (r[INNER] + BLOCK - 1) / BLOCK;
  }

  static long rowsPerBlock(long[] r) {
    return BLOCK / r[INNER];
  }

  /// Reduces a broadcast to few axes: neighbours merge where both operands run on or both repeat.
  /// The innermost run becomes a row; rows longer than a block are cut.
  static void plan(Call c) {
    plan(c.registers(), c.inShape(0), c.inShape(1), c.outShape(0));
  }

  static void plan(long[] r, Shape x, Shape y, Shape z) {
    int n = 0;
    long sx = 1;
    long sy = 1;
    for (int i = 1; i <= z.rank(); i++) {
      long d = z.dim(-i);
      long dx = i <= x.rank() ? x.dim(-i) : 1;
      long dy = i <= y.rank() ? y.dim(-i) : 1;
      if (d != 1) {
        n = push(r, n, d, dx == 1 ? 0 : sx, dy == 1 ? 0 : sy);
      }
      sx *= dx;
      sy *= dy;
    }
    if (n == 0) {
      n = push(r, n, 1, 1, 1);
    }
    r[INNER] = r[SIZE];
    r[X_INNER] = r[X_STRIDE];
    r[Y_INNER] = r[Y_STRIDE];
    r[AXES] = n;
    r[ROWS] = 1;
    for (int a = 1; a < n; a++) {
      r[ROWS] *= r[SIZE + a];
    }
  }

  private static int push(long[] r, int n, long d, long x, long y) {
    if (n > 0) {
      long last = r[SIZE + n - 1];
      boolean joinsX = x == r[X_STRIDE + n - 1] * last;
      boolean joinsY = y == r[Y_STRIDE + n - 1] * last;
      if (joinsX && joinsY) {
        r[SIZE + n - 1] = last * d;
        return n;
      }
    }
    if (n == MAX_AXES) {
      throw new IllegalArgumentException(
          "broadcast: at most "
              + MAX_AXES
              + " runs of axes may differ in how they repeat; got more");
    }
    r[SIZE + n] = d;
    r[X_STRIDE + n] = x;
    r[Y_STRIDE + n] = y;
    return n + 1;
  }

  /// Element number at which row `row` of the operand with strides from register `stride` on
  /// starts.
  static long rowStart(long[] r, long row, int stride) {
    long at = 0;
    for (int a = 1; a < r[AXES]; a++) {
      at += row % r[SIZE + a] * r[stride + a];
      row /= r[SIZE + a];
    }
    return at;
  }
}
