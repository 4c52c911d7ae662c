package dev.gatun.op.sequence.rnn;

import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import java.lang.foreign.MemorySegment;

/// Vector form of [Rnn] and its gradient.
final class RnnSimd {
  private static final Workers.Body FORWARD = RnnSimd::block;
  private static final Workers.Body BACKWARD = RnnSimd::backBlock;

  private RnnSimd() {}

  static void forward(Rnn op, Call c, Workers w) {
    UnrolledSimd.run(op, c, w, false, FORWARD);
  }

  static void backward(Rnn.Grad op, Call c, Workers w) {
    UnrolledSimd.run(op, c, w, true, BACKWARD);
  }

  private static void block(Call c, long phase, int block, int worker) {
    Rnn op = (Rnn) c.kernel();
    CellLoopsSimd k = CellLoopsSimd.of(c.dtype());
    int n = op.units(c);
    int batch = op.batch(c);
    int steps = op.steps(c);
    int from = block * UnrolledSimd.ROWS;
    int to = Math.min(batch, from + UnrolledSimd.ROWS);
    MemorySegment y = c.out(0);
    MemorySegment h = c.out(1);
    MemorySegment u = c.out(2);
    MemorySegment w = c.scratch();
    long spare = UnrolledSimd.spare(c, n, worker);
    k.copy(c.in(Unrolled.H0), (long) from * n, h, (long) from * n, (to - from) * n);
    for (int s = 0; s < steps; s++) {
      int t = op.time(s, steps);
      UnrolledSimd.forward(op, c, h, u, t, block, worker);
      for (int b = from; b < to; b++) {
        long at = ((long) t * batch + b) * n;
        if (!op.active(c, t, b)) {
          k.clear(y, at, n);
          continue;
        }
        k.add(c.in(Unrolled.X), at, u, at, w, spare, n);
        int m = op.cell().linear();
        k.copy(w, spare, y, at, m);
        k.activate(op.cell().activation(), op.cell().clip(), w, spare + m, y, at + m, n - m);
        k.copy(y, at, h, (long) b * n, n);
      }
    }
  }

  private static void backBlock(Call c, long phase, int block, int worker) {
    Rnn.Grad op = (Rnn.Grad) c.kernel();
    CellLoopsSimd k = CellLoopsSimd.of(c.dtype());
    int n = op.units(c);
    int batch = op.batch(c);
    int steps = op.steps(c);
    int from = block * UnrolledSimd.ROWS;
    int to = Math.min(batch, from + UnrolledSimd.ROWS);
    MemorySegment dx = c.out(0);
    MemorySegment dh = c.out(1);
    MemorySegment y = c.in(op.y());
    MemorySegment u = c.in(op.y() + 1);
    MemorySegment x = c.in(op.first() + Unrolled.X);
    MemorySegment w = c.scratch();
    long spare = UnrolledSimd.spare(c, n, worker);
    long state = UnrolledSimd.state(c);
    k.copy(c.in(1), (long) from * n, dh, (long) from * n, (to - from) * n);
    for (int s = steps - 1; s >= 0; s--) {
      int t = op.time(s, steps);
      for (int b = from; b < to; b++) {
        long at = ((long) t * batch + b) * n;
        if (!op.active(c, t, b)) {
          k.clear(dx, at, n);
          k.clear(c.out(2), at, n);
          continue;
        }
        boolean first = op.starts(c, t, b);
        MemorySegment before = first ? c.in(op.first() + Unrolled.H0) : y;
        long beforeAt = (first ? b : (long) op.before(t) * batch + b) * n;
        k.copy(before, beforeAt, c.out(2), at, n);
        k.add(x, at, u, at, w, spare, n);
        k.add(dh, (long) b * n, c.in(0), at, w, spare + n, n);
        int m = op.cell().linear();
        long d = spare + n;
        k.copy(w, d, dx, at, m);
        k.slope(
            op.cell().activation(),
            op.cell().clip(),
            w,
            d + m,
            w,
            spare + m,
            y,
            at + m,
            dx,
            at + m,
            n - m);
      }
      UnrolledSimd.backward(op, c, dx, t, block, worker);
      for (int b = from; b < to; b++) {
        if (op.active(c, t, b)) {
          k.copy(w, state + (long) b * n, dh, (long) b * n, n);
        }
      }
    }
  }
}
