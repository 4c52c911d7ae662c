package dev.gatun.op.reduce;

import dev.gatun.cpu.simd.Scan;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;

/// Blocks of a [Running] total: whole rows where the axis is the last, elsewhere strips of columns
/// side by side, walked from row to row.
record RunningSimd(Form form) implements Workers.Body {
  /// Columns of a strip at most: as long a run of each row as the first-level cache has totals for.
  static final int TILE = 256;

  private static final int LEAST = 64;

  private static final int BLOCK = 16_384;

  static final int N = 0;
  static final int INNER = 1;
  static final int OUTER = 2;
  private static final int WIDTH = 3;

  /// Fills the registers and returns the number of blocks. Strips are as wide as leaves one for
  /// each worker: a column has the same bits in any strip.
  static int plan(long[] r, Shape x, int axis, int workers) {
    r[N] = x.dim(axis);
    r[INNER] = x.elems(axis + 1, x.rank());
    r[OUTER] = x.elems(0, axis);
    r[WIDTH] = TILE;
    while (r[WIDTH] > LEAST && r[OUTER] * strips(r) < workers) {
      r[WIDTH] /= 2;
    }
    return Math.toIntExact(
        r[INNER] == 1 ? (r[OUTER] + rows(r) - 1) / rows(r) : r[OUTER] * strips(r));
  }

  /// Rows of a block.
  private static long rows(long[] r) {
    return Math.max(1, BLOCK / r[N]);
  }

  private static long strips(long[] r) {
    return (r[INNER] + r[WIDTH] - 1) / r[WIDTH];
  }

  /// Work on blocks of either kind.
  interface Form {
    /// `n` elements in a row from `at` on.
    void row(Call c, long at, int n);

    /// `width` columns side by side from `at` on, of `n` elements `inner` apart, with `TILE`
    /// doubles of scratch from double `spare` on.
    void columns(Call c, long at, long inner, long n, int width, long spare);
  }

  @Override
  public void run(Call c, long phase, int block, int worker) {
    long[] r = c.registers();
    if (r[INNER] == 1) {
      long end = Math.min(r[OUTER], (block + 1) * rows(r));
      for (long row = block * rows(r); row < end; row++) {
        form.row(c, row * r[N], Math.toIntExact(r[N]));
      }
    } else {
      long column = block % strips(r) * r[WIDTH];
      long at = block / strips(r) * r[N] * r[INNER] + column;
      int width = (int) Math.min(r[WIDTH], r[INNER] - column);
      form.columns(c, at, r[INNER], r[N], width, (long) TILE * worker);
    }
  }

  /// A scan of input 0 to output 0.
  record Totals(Scan scan) implements Form {
    @Override
    public void row(Call c, long at, int n) {
      scan.row(c.dtype() == DType.F32, c.in(0), at, c.out(0), at, n);
    }

    @Override
    public void columns(Call c, long at, long inner, long n, int width, long spare) {
      boolean isF32 = c.dtype() == DType.F32;
      scan.columns(isF32, c.in(0), c.out(0), at, inner, n, width, c.scratch(), spare);
    }
  }
}
