package dev.gatun.op.sequence.rnn;

import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import java.lang.foreign.MemorySegment;

/// Vector form of [LstmGrad].
final class LstmGradSimd {
  private static final Workers.Body BODY = LstmGradSimd::block;

  private LstmGradSimd() {}

  static void run(LstmGrad op, Call c, Workers w) {
    UnrolledSimd.run(op, c, w, true, BODY);
  }

  private static void block(Call c, long phase, int block, int worker) {
    LstmGrad op = (LstmGrad) c.kernel();
    CellLoopsSimd k = CellLoopsSimd.of(c.dtype());
    int n = op.units(c);
    int p = op.width(c);
    int batch = op.batch(c);
    int steps = op.steps(c);
    int from = block * UnrolledSimd.ROWS;
    int to = Math.min(batch, from + UnrolledSimd.ROWS);
    MemorySegment dh = c.out(1);
    k.copy(c.in(1), (long) from * p, dh, (long) from * p, (to - from) * p);
    k.copy(c.in(2), (long) from * n, c.out(2), (long) from * n, (to - from) * n);
    for (int s = steps - 1; s >= 0; s--) {
      int t = op.time(s, steps);
      for (int b = from; b < to; b++) {
        if (op.active(c, t, b)) {
          step(op, k, c, t, b, UnrolledSimd.spare(c, n, worker));
        } else {
          rest(op, k, c, (long) t * batch + b, n, p);
        }
      }
      UnrolledSimd.backward(op, c, c.out(0), t, block, worker);
      for (int b = from; b < to; b++) {
        if (op.active(c, t, b)) {
          k.copy(c.scratch(), UnrolledSimd.state(c) + (long) b * p, dh, (long) b * p, p);
        }
      }
    }
  }

  private static void rest(LstmGrad op, CellLoopsSimd k, Call c, long row, int n, int p) {
    k.clear(c.out(0), row * 4 * n, 4 * n);
    k.clear(c.out(3), row * p, p);
    if (op.forward().peepholes()) {
      k.clear(c.out(4), row * n, n);
    }
    if (op.forward().projection()) {
      k.clear(c.out(op.states()), row * p, p);
      k.clear(c.out(op.states() + 1), row * n, n);
    }
  }

  private static void step(LstmGrad op, CellLoopsSimd k, Call c, int t, int b, long a) {
    Lstm lstm = op.forward();
    int n = op.units(c);
    int p = op.width(c);
    long row = (long) t * op.batch(c) + b;
    boolean first = op.starts(c, t, b);
    long last = first ? b : (long) op.before(t) * op.batch(c) + b;
    MemorySegment h = first ? c.in(LstmGrad.FIRST + Unrolled.H0) : c.in(op.y());
    MemorySegment before = first ? c.in(LstmGrad.FIRST + Lstm.C0) : c.in(op.y() + 2);
    MemorySegment w = c.scratch();
    long o = a + (4L + op.cell().o()) * n;
    long y = a + 8L * n;
    long dm = a + 11L * n;
    k.copy(h, last * p, c.out(3), row * p, p);
    if (lstm.peepholes()) {
      k.copy(before, last * n, c.out(4), row * n, n);
    }
    MemorySegment x = c.in(LstmGrad.FIRST + Unrolled.X);
    LstmSimd.open(lstm, k, c, x, c.in(op.y() + 1), row, before, last * n, n, a);
    LstmSimd.close(lstm, k, c, c.in(op.y() + 2), row * n, n, a);
    if (lstm.projection()) {
      MemorySegment dh = c.out(op.states());
      MemorySegment weights = c.in(LstmGrad.FIRST + lstm.projectionAt());
      k.add(c.out(1), (long) b * p, c.in(0), row * p, dh, row * p, p);
      UnrolledSimd.sums(c, weights, 0, n, p, dh, row * p, w, dm);
      k.mul(w, o, w, y, c.out(op.states() + 1), row * n, n);
    } else {
      k.add(c.out(1), (long) b * n, c.in(0), row * n, w, dm, n);
    }
    gates(op, k, c, row, b, before, last * n, n, a);
  }

  private static void gates(
      LstmGrad op,
      CellLoopsSimd k,
      Call c,
      long row,
      int b,
      MemorySegment before,
      long beforeAt,
      int n,
      long a) {
    LstmCell cell = op.cell();
    MemorySegment w = c.scratch();
    MemorySegment dx = c.out(0);
    MemorySegment dc = c.out(2);
    MemorySegment cells = c.in(op.y() + 2);
    double clip = cell.clip();
    long d = row * 4 * n;
    long i = (long) cell.i() * n;
    long f = (long) cell.f() * n;
    long g = (long) cell.g() * n;
    long o = (long) cell.o() * n;
    long s = a + 4L * n;
    long y = a + 8L * n;
    long v = y + n;
    long v2 = v + n;
    long dm = v2 + n;
    long at = (long) b * n;
    k.mul(w, dm, w, y, w, v, n);
    k.slope(cell.gate(), clip, w, v, w, a + o, w, s + o, dx, d + o, n);
    k.mul(w, dm, w, s + o, w, v, n);
    k.slope(cell.hidden(), clip, w, v, cells, row * n, w, y, w, v2, n);
    k.add(dc, at, w, v2, dc, at, n);
    if (op.forward().peepholes()) {
      k.mulAdd(LstmSimd.peepholes(op.forward(), c), n, dx, d + o, dc, at, dc, at, n);
    }
    k.mul(dc, at, w, s + g, w, v, n);
    k.mul(dc, at, before, beforeAt, w, v2, n);
    if (cell.inputForget()) {
      k.sub(w, v, w, v2, w, v, n);
      k.clear(dx, d + f, n);
    } else {
      k.slope(cell.gate(), clip, w, v2, w, a + f, w, s + f, dx, d + f, n);
    }
    k.slope(cell.gate(), clip, w, v, w, a + i, w, s + i, dx, d + i, n);
    k.mul(dc, at, w, s + i, w, v, n);
    k.slope(cell.candidate(), clip, w, v, w, a + g, w, s + g, dx, d + g, n);
    k.mul(dc, at, w, s + f, dc, at, n);
    if (op.forward().peepholes()) {
      MemorySegment p = LstmSimd.peepholes(op.forward(), c);
      k.mulAdd(p, 0, dx, d + i, dc, at, dc, at, n);
      k.mulAdd(p, 2L * n, dx, d + f, dc, at, dc, at, n);
    }
  }
}
