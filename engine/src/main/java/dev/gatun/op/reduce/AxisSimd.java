package dev.gatun.op.reduce;

import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;

/// Blocks of an op along an axis: whole rows where the axis is the last, elsewhere tiles of columns
/// side by side, so that every load is contiguous and nothing is transposed.
record AxisSimd(Form f32, Form f64) implements Workers.Body {
  /// Columns of a tile.
  static final int TILE = 256;

  private static final int BLOCK = 16_384;

  static final int N = 0;
  static final int INNER = 1;
  static final int RUNS = 2;

  /// One type's kernels.
  record Form(Rows rows, Columns columns) {}

  /// Rows `begin` to `end` of `n` elements.
  @FunctionalInterface
  interface Rows {
    void run(Call c, long begin, long end, int n);
  }

  /// `width` columns from element `at` on, each of `n` elements `inner` apart, with three rows of
  /// [#TILE] elements of scratch from element `spare` on.
  @FunctionalInterface
  interface Columns {
    void run(Call c, long at, long n, long inner, int width, long spare);
  }

  static int blocks(long[] r) {
    if (r[INNER] == 1) {
      long rows = rowsPerBlock(r);
      return Math.toIntExact((r[RUNS] + rows - 1) / rows);
    }
    return Math.toIntExact(r[RUNS] / r[INNER] * tiles(r));
  }

  private static long rowsPerBlock(long[] r) {
    return Math.max(1, BLOCK / r[N]);
  }

  private static long tiles(long[] r) {
    return (r[INNER] + TILE - 1) / TILE;
  }

  @Override
  public void run(Call c, long phase, int block, int worker) {
    long[] r = c.registers();
    Form form = c.dtype() == DType.F32 ? f32 : f64;
    if (r[INNER] == 1) {
      long rows = rowsPerBlock(r);
      long begin = block * rows;
      form.rows().run(c, begin, Math.min(r[RUNS], begin + rows), Math.toIntExact(r[N]));
    } else {
      long column = block % tiles(r) * TILE;
      long at = block / tiles(r) * r[N] * r[INNER] + column;
      int width = (int) Math.min(TILE, r[INNER] - column);
      form.columns().run(c, at, r[N], r[INNER], width, 3L * TILE * worker);
    }
  }
}
