package dev.gatun.op.sequence.rnn;

import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import java.lang.foreign.MemorySegment;

/// Vector form of [Lstm].
///
/// The room of a worker holds the gates before their activations, then after, then four rows of
/// hidden units.
final class LstmSimd {
  private static final Workers.Body BODY = LstmSimd::block;

  private LstmSimd() {}

  static void forward(Lstm op, Call c, Workers w) {
    UnrolledSimd.run(op, c, w, false, BODY);
  }

  private static void block(Call c, long phase, int block, int worker) {
    Lstm op = (Lstm) c.kernel();
    CellLoopsSimd k = CellLoopsSimd.of(c.dtype());
    int n = op.units(c);
    int p = op.width(c);
    int batch = op.batch(c);
    int steps = op.steps(c);
    int from = block * UnrolledSimd.ROWS;
    int to = Math.min(batch, from + UnrolledSimd.ROWS);
    MemorySegment y = c.out(0);
    MemorySegment h = c.out(1);
    k.copy(c.in(Unrolled.H0), (long) from * p, h, (long) from * p, (to - from) * p);
    k.copy(c.in(Lstm.C0), (long) from * n, c.out(2), (long) from * n, (to - from) * n);
    for (int s = 0; s < steps; s++) {
      int t = op.time(s, steps);
      UnrolledSimd.forward(op, c, h, c.out(3), t, block, worker);
      for (int b = from; b < to; b++) {
        long row = (long) t * batch + b;
        if (op.active(c, t, b)) {
          step(op, k, c, row, b, n, p, UnrolledSimd.spare(c, n, worker));
          k.copy(y, row * p, h, (long) b * p, p);
        } else {
          k.clear(y, row * p, p);
        }
      }
    }
  }

  private static void step(
      Lstm op, CellLoopsSimd k, Call c, long row, int b, int n, int p, long a) {
    LstmCell cell = op.cell();
    MemorySegment w = c.scratch();
    MemorySegment state = c.out(2);
    long s = a + 4L * n;
    long spare = a + 8L * n;
    long at = (long) b * n;
    open(op, k, c, c.in(Unrolled.X), c.out(3), row, state, at, n, a);
    k.mul(w, s + (long) cell.f() * n, state, at, w, spare, n);
    k.mulAdd(w, s + (long) cell.i() * n, w, s + (long) cell.g() * n, w, spare, state, at, n);
    k.copy(state, at, c.out(4), row * n, n);
    close(op, k, c, state, at, n, a);
    long o = s + (long) cell.o() * n;
    if (op.projection()) {
      k.mul(w, o, w, spare, w, spare + n, n);
      UnrolledSimd.dots(c, c.in(op.projectionAt()), 0, p, n, w, spare + n, c.out(0), row * p);
    } else {
      k.mul(w, o, w, spare, c.out(0), row * n, n);
    }
  }

  /// Input, forget and candidate gate of row `row`, from the cell before.
  static void open(
      Lstm op,
      CellLoopsSimd k,
      Call c,
      MemorySegment x,
      MemorySegment u,
      long row,
      MemorySegment before,
      long beforeAt,
      int n,
      long a) {
    LstmCell cell = op.cell();
    MemorySegment w = c.scratch();
    long i = a + (long) cell.i() * n;
    long f = a + (long) cell.f() * n;
    long g = a + (long) cell.g() * n;
    long toGate = 4L * n;
    k.add(x, row * 4 * n, u, row * 4 * n, w, a, 4 * n);
    if (op.peepholes()) {
      MemorySegment p = peepholes(op, c);
      k.mulAdd(p, 0, before, beforeAt, w, i, w, i, n);
      k.mulAdd(p, 2L * n, before, beforeAt, w, f, w, f, n);
    }
    k.activate(cell.gate(), cell.clip(), w, i, w, i + toGate, n);
    if (cell.inputForget()) {
      k.oneMinus(w, i + toGate, w, f + toGate, n);
    } else {
      k.activate(cell.gate(), cell.clip(), w, f, w, f + toGate, n);
    }
    k.activate(cell.candidate(), cell.clip(), w, g, w, g + toGate, n);
  }

  /// The output gate, from the new cell, and behind the gates what the cell gives to the output.
  static void close(
      Lstm op, CellLoopsSimd k, Call c, MemorySegment after, long afterAt, int n, long a) {
    LstmCell cell = op.cell();
    MemorySegment w = c.scratch();
    long o = a + (long) cell.o() * n;
    if (op.peepholes()) {
      k.mulAdd(peepholes(op, c), n, after, afterAt, w, o, w, o, n);
    }
    k.activate(cell.gate(), cell.clip(), w, o, w, o + 4L * n, n);
    k.activate(cell.hidden(), cell.clip(), after, afterAt, w, a + 8L * n, n);
  }

  /// The peepholes of a forward call, or of one of the gradient.
  static MemorySegment peepholes(Lstm op, Call c) {
    return c.in(((Unrolled) c.kernel()).first() + op.peepholesAt());
  }
}
