package dev.gatun.op.math;

import static dev.gatun.op.math.Elementwise.BLOCK;
import static dev.gatun.op.math.Elementwise.INNER;
import static dev.gatun.op.math.Elementwise.ROWS;
import static dev.gatun.op.math.Elementwise.X_INNER;
import static dev.gatun.op.math.Elementwise.X_STRIDE;
import static dev.gatun.op.math.Elementwise.Y_INNER;
import static dev.gatun.op.math.Elementwise.Y_STRIDE;

import dev.gatun.cpu.simd.NanSearch;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;

/// Blocks of a binary op whose fast loop leaves NaN where it cannot tell; the op's definition then
/// settles these elements one by one, while the block is still in the cache.
record RepairedSimd(BinarySimd fast, Binary definition) implements Workers.Body {
  @Override
  public void run(Call c, long phase, int block, int worker) {
    fast.run(c, phase, block, worker);
    long[] r = c.registers();
    if (r[INNER] > BLOCK) {
      long pieces = Elementwise.piecesPerRow(r);
      long from = block % pieces * BLOCK;
      long row = block / pieces * r[INNER];
      repair(c, row + from, row + Math.min(r[INNER], from + BLOCK));
    } else {
      long row = block * Elementwise.rowsPerBlock(r);
      long end = Math.min(r[ROWS], row + Elementwise.rowsPerBlock(r));
      repair(c, row * r[INNER], end * r[INNER]);
    }
  }

  private void repair(Call c, long from, long end) {
    long[] r = c.registers();
    for (long i = next(c, from, end); i < end; i = next(c, i + 1, end)) {
      long row = i / r[INNER];
      long column = i % r[INNER];
      double x = c.get(0, Elementwise.rowStart(r, row, X_STRIDE) + column * r[X_INNER]);
      double y = c.get(1, Elementwise.rowStart(r, row, Y_STRIDE) + column * r[Y_INNER]);
      c.set(0, i, definition.f(x, y));
    }
  }

  private static long next(Call c, long from, long end) {
    return c.dtype() == DType.F32
        ? NanSearch.f32(c.out(0), from, end)
        : NanSearch.f64(c.out(0), from, end);
  }
}
