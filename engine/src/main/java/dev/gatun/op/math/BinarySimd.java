package dev.gatun.op.math;

import static dev.gatun.op.math.Elementwise.AXES;
import static dev.gatun.op.math.Elementwise.BLOCK;
import static dev.gatun.op.math.Elementwise.INNER;
import static dev.gatun.op.math.Elementwise.ROWS;
import static dev.gatun.op.math.Elementwise.SIZE;
import static dev.gatun.op.math.Elementwise.X_INNER;
import static dev.gatun.op.math.Elementwise.X_STRIDE;
import static dev.gatun.op.math.Elementwise.Y_INNER;
import static dev.gatun.op.math.Elementwise.Y_STRIDE;

import dev.gatun.cpu.simd.Loop;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;

/// Blocks of a binary op over its two loops, after [Elementwise#plan]: that for elements of 4 bytes
/// and that for 8, floats or integers.
record BinarySimd(Loop.Pairwise f32, Loop.Pairwise f64) implements Workers.Body {
  @Override
  public void run(Call c, long phase, int block, int worker) {
    long[] r = c.registers();
    Loop.Pairwise loop = c.dtype().bytes() == 4 ? f32 : f64;
    if (r[INNER] > BLOCK) {
      long pieces = Elementwise.piecesPerRow(r);
      long from = block % pieces * BLOCK;
      rows(c, loop, block / pieces, 1, from, (int) Math.min(BLOCK, r[INNER] - from));
      return;
    }
    long row = block * Elementwise.rowsPerBlock(r);
    long end = Math.min(r[ROWS], row + Elementwise.rowsPerBlock(r));
    while (row < end) {
      // Rows that follow one another along the innermost of the outer axes share their steps.
      long run = r[AXES] == 1 ? 1 : Math.min(end - row, r[SIZE + 1] - row % r[SIZE + 1]);
      rows(c, loop, row, run, 0, (int) r[INNER]);
      row += run;
    }
  }

  private static void rows(Call c, Loop.Pairwise loop, long row, long rows, long from, int n) {
    long[] r = c.registers();
    long x = Elementwise.rowStart(r, row, X_STRIDE) + from * r[X_INNER];
    long y = Elementwise.rowStart(r, row, Y_STRIDE) + from * r[Y_INNER];
    long z = row * r[INNER] + from;
    long xStep = r[AXES] == 1 ? 0 : r[X_STRIDE + 1];
    long yStep = r[AXES] == 1 ? 0 : r[Y_STRIDE + 1];
    if (r[X_INNER] == 0) {
      loop.runLeft(c.in(0), x, xStep, c.in(1), y, yStep, c.out(0), z, rows, n);
    } else if (r[Y_INNER] == 0) {
      loop.runRight(c.in(0), x, xStep, c.in(1), y, yStep, c.out(0), z, rows, n);
    } else {
      loop.run(c.in(0), x, xStep, c.in(1), y, yStep, c.out(0), z, rows, n);
    }
  }
}
