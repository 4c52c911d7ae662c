package dev.gatun.op.sequence.rnn;

import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import java.lang.foreign.MemorySegment;

/// Vector form of [Gru].
///
/// The room of a worker holds the gates before their activations, then after, then rows of hidden
/// units.
final class GruSimd {
  private static final Workers.Body BODY = GruSimd::block;

  private GruSimd() {}

  static void forward(Gru op, Call c, Workers w) {
    UnrolledSimd.run(op, c, w, false, BODY);
  }

  private static void block(Call c, long phase, int block, int worker) {
    Gru op = (Gru) c.kernel();
    CellLoopsSimd k = CellLoopsSimd.of(c.dtype());
    int n = op.units(c);
    int batch = op.batch(c);
    int steps = op.steps(c);
    int from = block * UnrolledSimd.ROWS;
    int to = Math.min(batch, from + UnrolledSimd.ROWS);
    MemorySegment y = c.out(0);
    MemorySegment h = c.out(1);
    long spare = UnrolledSimd.spare(c, n, worker);
    k.copy(c.in(Unrolled.H0), (long) from * n, h, (long) from * n, (to - from) * n);
    for (int s = 0; s < steps; s++) {
      int t = op.time(s, steps);
      UnrolledSimd.forward(op, c, h, c.out(2), t, block, worker);
      for (int b = from; b < to; b++) {
        long row = (long) t * batch + b;
        if (op.active(c, t, b)) {
          step(op, k, c, row, b, n, spare);
          k.copy(y, row * n, h, (long) b * n, n);
        } else {
          k.clear(y, row * n, n);
        }
      }
    }
  }

  private static void step(Gru op, CellLoopsSimd k, Call c, long row, int b, int n, long a) {
    GruCell cell = op.cell();
    MemorySegment w = c.scratch();
    MemorySegment u = c.out(2);
    MemorySegment h = c.out(1);
    long s = a + 3L * n;
    long at = (long) b * n;
    long candidate = (row * 3 + 2) * n;
    MemorySegment x = c.in(Unrolled.X);
    k.activateSum(cell.gate(), cell.clip(), x, row * 3 * n, u, row * 3 * n, w, s, 2 * n);
    if (!cell.linearBeforeReset()) {
      k.mul(w, s + (long) cell.r() * n, h, at, w, a + 6L * n, n);
      UnrolledSimd.candidate(c, n, w, a + 6L * n, u, candidate);
      k.activateSum(cell.candidate(), cell.clip(), x, candidate, u, candidate, w, a + 5L * n, n);
    } else {
      close(cell, k, x, u, row, w, a, n);
    }
    k.mix(w, s + (long) cell.z() * n, w, s + 2L * n, h, at, c.out(0), row * n, n);
  }

  /// Reset and update gate of row `row`.
  static void open(
      GruCell cell,
      CellLoopsSimd k,
      MemorySegment x,
      MemorySegment u,
      long row,
      MemorySegment w,
      long a,
      int n) {
    k.add(x, row * 3 * n, u, row * 3 * n, w, a, 2 * n);
    k.activate(cell.gate(), cell.clip(), w, a, w, a + 3L * n, 2 * n);
  }

  /// The candidate of row `row`.
  static void close(
      GruCell cell,
      CellLoopsSimd k,
      MemorySegment x,
      MemorySegment u,
      long row,
      MemorySegment w,
      long a,
      int n) {
    long at = (row * 3 + 2) * n;
    long candidate = a + 2L * n;
    if (cell.linearBeforeReset()) {
      k.mulAdd(w, a + (3L + cell.r()) * n, u, at, x, at, w, candidate, n);
    } else {
      k.add(x, at, u, at, w, candidate, n);
    }
    k.activate(cell.candidate(), cell.clip(), w, candidate, w, a + 5L * n, n);
  }
}
