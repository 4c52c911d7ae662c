package dev.gatun.op.math;

import dev.gatun.cpu.simd.Select;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import java.lang.foreign.MemorySegment;

/// Vector form of [Where], after [WherePlan#plan].
final class WhereSimd {
  static final Workers.Body BODY = WhereSimd::block;

  private WhereSimd() {}

  private static void block(Call c, long phase, int block, int worker) {
    long[] r = c.registers();
    long inner = r[WherePlan.INNER];
    if (inner > Elementwise.BLOCK) {
      long pieces = WherePlan.pieces(r);
      long from = block % pieces * Elementwise.BLOCK;
      row(c, worker, block / pieces, from, (int) Math.min(Elementwise.BLOCK, inner - from));
      return;
    }
    long row = block * WherePlan.rowsPerBlock(r);
    long end = Math.min(r[WherePlan.ROWS], row + WherePlan.rowsPerBlock(r));
    for (; row < end; row++) {
      row(c, worker, row, 0, (int) inner);
    }
  }

  private static void row(Call c, int worker, long row, long from, int n) {
    long[] r = c.registers();
    int bytes = c.outSpec(0).dtype().bytes();
    boolean c0 = WherePlan.repeats(r, 0);
    boolean x0 = WherePlan.repeats(r, 1);
    boolean y0 = WherePlan.repeats(r, 2);
    long co = operand(c, 0, 1, worker, row, from, n);
    long xo = operand(c, 1, bytes, worker, row, from, n);
    long yo = operand(c, 2, bytes, worker, row, from, n);
    MemorySegment cs = c0 ? c.scratch() : c.in(0);
    MemorySegment xs = x0 ? c.scratch() : c.in(1);
    MemorySegment ys = y0 ? c.scratch() : c.in(2);
    long zo = (row * r[WherePlan.INNER] + from) * bytes;
    int step = c0 || x0 || y0 ? WherePlan.SPREAD : n;
    for (int i = 0; i < n; i += step) {
      int m = Math.min(step, n - i);
      long at = (long) i * bytes;
      Select.run(
          cs,
          c0 ? co : co + i,
          xs,
          x0 ? xo : xo + at,
          ys,
          y0 ? yo : yo + at,
          c.out(0),
          zo + at,
          m,
          bytes);
    }
  }

  /// The byte offset of a row of operand `k`, or, where it repeats, of as many copies in work
  /// memory as the loop reads.
  private static long operand(Call c, int k, int bytes, int worker, long row, long from, int n) {
    long at = WherePlan.rowStart(c.registers(), k, row);
    if (!WherePlan.repeats(c.registers(), k)) {
      return (at + from) * bytes;
    }
    long to = ((long) worker * WherePlan.OPERANDS + k) * WherePlan.SPREAD * Long.BYTES;
    int length = Math.min(n, WherePlan.SPREAD) * bytes;
    Select.spread(c.in(k), at * bytes, bytes, c.scratch(), to, length);
    return to;
  }
}
