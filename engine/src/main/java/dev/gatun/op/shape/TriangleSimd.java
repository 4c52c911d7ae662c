package dev.gatun.op.shape;

import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.Shape;

/// Vector form of [Triangle]: each row is copied up to the diagonal and cleared from there on, or
/// the other way round.
final class TriangleSimd {
  private static final long BLOCK = 1 << 17;

  private static final int LOWER = 0;
  private static final int DIAGONAL = 1;
  private static final int M = 2;
  private static final int N = 3;
  private static final int ROWS = 4;
  private static final int GROUP = 5;

  private static final Workers.Body BODY = TriangleSimd::block;

  private TriangleSimd() {}

  static void run(Call c, Workers w, boolean lower, long diagonal) {
    Shape x = c.inShape(0);
    if (x.elems() == 0) {
      return;
    }
    long[] r = c.registers();
    r[LOWER] = lower ? 1 : 0;
    r[DIAGONAL] = Math.clamp(diagonal, -x.dim(-2), x.dim(-1));
    r[M] = x.dim(-2);
    r[N] = x.dim(-1);
    r[ROWS] = x.elems() / r[N];
    r[GROUP] = Math.max(1, BLOCK / (r[N] * c.dtype().bytes()));
    w.run(BODY, c, 0, Math.toIntExact((r[ROWS] + r[GROUP] - 1) / r[GROUP]));
  }

  private static void block(Call c, long phase, int block, int worker) {
    long[] r = c.registers();
    long bytes = c.dtype().bytes();
    boolean lower = r[LOWER] == 1;
    long end = Math.min(r[ROWS], (block + 1) * r[GROUP]);
    for (long row = block * r[GROUP]; row < end; row++) {
      long cut = Math.clamp(row % r[M] + r[DIAGONAL] + r[LOWER], 0, r[N]);
      long at = row * r[N] * bytes;
      long middle = at + cut * bytes;
      long after = at + r[N] * bytes;
      if (lower) {
        BytesSimd.copy(c.in(0), at, c.out(0), at, middle - at);
        BytesSimd.fill(c.out(0), middle, after - middle, 0);
      } else {
        BytesSimd.fill(c.out(0), at, middle - at, 0);
        BytesSimd.copy(c.in(0), middle, c.out(0), middle, after - middle);
      }
    }
  }
}
