package dev.gatun.op.reduce;

import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import java.lang.foreign.MemorySegment;

/// Blocks of one pass of [Passes]: contiguous runs, or rows joined into results that stay in the
/// first-level cache.
record PassSimd(Form f32, Form f64) implements Workers.Body {
  /// One type's loops.
  record Form(Rows rows, Columns columns) {}

  /// Joins each of the rows `begin` to `end` of a contiguous matrix `[.., n]`.
  @FunctionalInterface
  interface Rows {
    void run(
        MemorySegment x,
        long xAt,
        MemorySegment y,
        long yAt,
        long begin,
        long end,
        int n,
        double divisor);
  }

  /// Joins `rows` rows of `n` elements, `stride` elements apart, into one.
  @FunctionalInterface
  interface Columns {
    void run(
        MemorySegment x,
        long xAt,
        long stride,
        MemorySegment y,
        long yAt,
        long rows,
        int n,
        double divisor);
  }

  @Override
  public void run(Call c, long phase, int block, int worker) {
    long[] r = c.registers();
    Form form = c.dtype() == DType.F32 ? f32 : f64;
    long from = block * r[Passes.UNITS_PER_BLOCK];
    long to = Math.min(r[Passes.UNITS], from + r[Passes.UNITS_PER_BLOCK]);
    if (r[Passes.INNER] != 1) {
      for (long u = from; u < to; u++) {
        columns(c, form.columns(), u);
      }
    } else if (r[Passes.K] % r[Passes.STEP] == 0) {
      // Runs, or the equal pieces of longer ones, are rows.
      int n = (int) r[Passes.STEP];
      form.rows()
          .run(
              Passes.source(c),
              Passes.sourceAt(c),
              Passes.target(c),
              Passes.targetAt(c),
              from,
              to,
              n,
              (double) r[Passes.DIVISOR]);
    } else {
      for (long u = from; u < to; u++) {
        piece(c, form.rows(), u);
      }
    }
  }

  private static void piece(Call c, Rows rows, long u) {
    long[] r = c.registers();
    long step = u % r[Passes.STEPS] * r[Passes.STEP];
    long at = Passes.sourceAt(c) + u / r[Passes.STEPS] * r[Passes.K] + step;
    int n = (int) Math.min(r[Passes.STEP], r[Passes.K] - step);
    rows.run(Passes.source(c), at, Passes.target(c), Passes.targetAt(c) + u, 0, 1, n, 1);
  }

  private static void columns(Call c, Columns columns, long u) {
    long[] r = c.registers();
    long inner = r[Passes.INNER];
    long column = u % r[Passes.TILES] * Passes.TILE;
    long run = u / r[Passes.TILES];
    long step = run % r[Passes.STEPS] * r[Passes.STEP];
    long at = Passes.sourceAt(c) + (run / r[Passes.STEPS] * r[Passes.K] + step) * inner + column;
    long rows = Math.min(r[Passes.STEP], r[Passes.K] - step);
    int n = (int) Math.min(Passes.TILE, inner - column);
    long target = Passes.targetAt(c) + run * inner + column;
    columns.run(
        Passes.source(c), at, inner, Passes.target(c), target, rows, n, (double) r[Passes.DIVISOR]);
  }
}
