package dev.gatun.op.sequence.rnn;

import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import java.lang.foreign.MemorySegment;

/// Vector form of [GruGrad].
final class GruGradSimd {
  private static final Workers.Body BODY = GruGradSimd::block;

  private GruGradSimd() {}

  static void run(GruGrad op, Call c, Workers w) {
    UnrolledSimd.run(op, c, w, true, BODY);
  }

  private static void block(Call c, long phase, int block, int worker) {
    GruGrad op = (GruGrad) c.kernel();
    CellLoopsSimd k = CellLoopsSimd.of(c.dtype());
    int n = op.units(c);
    int batch = op.batch(c);
    int steps = op.steps(c);
    int from = block * UnrolledSimd.ROWS;
    int to = Math.min(batch, from + UnrolledSimd.ROWS);
    boolean linear = op.cell().linearBeforeReset();
    MemorySegment dh = c.out(1);
    k.copy(c.in(1), (long) from * n, dh, (long) from * n, (to - from) * n);
    for (int s = steps - 1; s >= 0; s--) {
      int t = op.time(s, steps);
      for (int b = from; b < to; b++) {
        if (op.active(c, t, b)) {
          step(op, k, c, t, b, UnrolledSimd.spare(c, n, worker));
        } else {
          long row = (long) t * batch + b;
          int wide = linear ? 3 * n : n;
          k.clear(c.out(0), row * 3 * n, 3 * n);
          k.clear(c.out(2), row * n, n);
          k.clear(c.out(3), row * wide, wide);
        }
      }
      UnrolledSimd.backward(op, c, c.out(linear ? 3 : 0), t, block, worker);
      for (int b = from; b < to; b++) {
        if (op.active(c, t, b)) {
          long at = (long) b * n;
          k.add(dh, at, c.scratch(), UnrolledSimd.state(c) + at, dh, at, n);
        }
      }
    }
  }

  private static void step(GruGrad op, CellLoopsSimd k, Call c, int t, int b, long a) {
    GruCell cell = op.cell();
    int n = op.units(c);
    long row = (long) t * op.batch(c) + b;
    boolean first = op.starts(c, t, b);
    long last = (first ? b : (long) op.before(t) * op.batch(c) + b) * n;
    MemorySegment h = first ? c.in(GruGrad.FIRST + Unrolled.H0) : c.in(op.y());
    MemorySegment x = c.in(GruGrad.FIRST + Unrolled.X);
    MemorySegment u = c.in(op.y() + 1);
    MemorySegment w = c.scratch();
    MemorySegment dx = c.out(0);
    MemorySegment dh = c.out(1);
    double clip = cell.clip();
    long at = (long) b * n;
    long d = row * 3 * n;
    long r = (long) cell.r() * n;
    long z = (long) cell.z() * n;
    long s = a + 3L * n;
    long candidate = 2L * n;
    long v = a + 6L * n;
    k.copy(h, last, c.out(2), row * n, n);
    k.add(dh, at, c.in(0), row * n, dh, at, n);
    GruSimd.open(cell, k, x, u, row, w, a, n);
    GruSimd.close(cell, k, x, u, row, w, a, n);
    k.sub(h, last, w, s + candidate, w, v, n);
    k.mul(dh, at, w, v, w, v, n);
    k.slope(cell.gate(), clip, w, v, w, a + z, w, s + z, dx, d + z, n);
    k.oneMinus(w, s + z, w, v, n);
    k.mul(dh, at, w, v, w, v, n);
    k.slope(cell.candidate(), clip, w, v, w, a + candidate, w, s + candidate, dx, d + candidate, n);
    k.mul(dh, at, w, s + z, dh, at, n);
    if (cell.linearBeforeReset()) {
      k.mul(dx, d + candidate, u, d + candidate, w, v, n);
    } else {
      MemorySegment weights = c.in(GruGrad.FIRST + Unrolled.R);
      UnrolledSimd.sums(c, weights, candidate * n, n, n, dx, d + candidate, w, v);
      k.mulAdd(w, v, w, s + r, dh, at, dh, at, n);
      k.mul(w, v, h, last, w, v, n);
      k.mul(w, s + r, h, last, c.out(3), row * n, n);
    }
    k.slope(cell.gate(), clip, w, v, w, a + r, w, s + r, dx, d + r, n);
    if (cell.linearBeforeReset()) {
      k.copy(dx, d, c.out(3), d, 2 * n);
      k.mul(dx, d + candidate, w, s + r, c.out(3), d + candidate, n);
    }
  }
}
