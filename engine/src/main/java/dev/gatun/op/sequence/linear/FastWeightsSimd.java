package dev.gatun.op.sequence.linear;

import static dev.gatun.op.sequence.linear.FastWork.HEADS;
import static dev.gatun.op.sequence.linear.FastWork.KEYS;
import static dev.gatun.op.sequence.linear.FastWork.STEPS;
import static dev.gatun.op.sequence.linear.FastWork.VALUES;
import static dev.gatun.op.sequence.linear.FastWork.VALUE_WIDTH;

import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.op.sequence.linear.FastWeights.Update;
import dev.gatun.tensor.Spec;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// Vector form of [FastWeights]: a block is a head of one row of the batch, its values along the
/// lanes, its state in work memory, which the first cache holds.
final class FastWeightsSimd {
  private static final Workers.Body BODY = FastWeightsSimd::block;

  private FastWeightsSimd() {}

  static long scratch(FastWeights op, List<Spec> in, int workers) {
    return FastWork.scratch(op, in, 0, workers, false);
  }

  static void run(FastWeights op, Call c, Workers w) {
    c.kernel(op);
    long[] r = c.registers();
    FastWork.plan(op, r, c.inSpec(0), c.inSpec(FastWeights.V), w.count(), false);
    w.run(BODY, c, 0, Math.toIntExact(r[FastWork.BATCH] * r[HEADS]));
  }

  private static void block(Call c, long phase, int block, int worker) {
    FastWeights op = (FastWeights) c.kernel();
    long[] r = c.registers();
    FastLoopsSimd s = FastLoopsSimd.of(c.dtype());
    MemorySegment w = c.scratch();
    long own = worker * r[FastWork.OWN];
    long b = block / r[HEADS];
    long h = block % r[HEADS];
    long state = FastWork.state(r, own, 0);
    int keys = (int) r[KEYS];
    int wide = (int) r[VALUE_WIDTH];
    int n = (int) r[VALUES];
    long starts = c.outShape(2).dim(1);
    start(op, c, 0, own, b, h, state);
    for (long t = 0; t < r[STEPS]; t += FastWeights.CHUNK) {
      if (t > 0) {
        long to = ((b * starts + t / FastWeights.CHUNK - 1) * r[HEADS] + h) * keys * n;
        s.scatter(w, state, wide, 1, c.out(2), to, n, keys, n, false);
      }
      int rows = (int) Math.min(FastWeights.CHUNK, r[STEPS] - t);
      FastOperandsSimd.gather(op, c, 0, own, b, h, t, rows);
      if (r[FastWork.CHUNKED] != 0 && ChunkSimd.finite(op, c, own, rows, state)) {
        ChunkSimd.forward(op, c, own, rows);
      } else {
        steps(op, c, own, rows);
      }
      if (op.bonus()) {
        bonus(c, own, rows);
      }
      s.flush(w, state, keys * wide);
      long out = ((b * r[STEPS] + t) * r[HEADS] + h) * n;
      long o = FastWork.value(r, own, FastWork.O, 0);
      s.scatter(w, o, wide, 1, c.out(0), out, r[HEADS] * n, rows, n, false);
    }
    s.scatter(w, state, wide, 1, c.out(1), (b * r[HEADS] + h) * keys * n, n, keys, n, false);
  }

  /// The initial state into `state`.
  static void start(FastWeights op, Call c, int first, long own, long b, long h, long state) {
    long[] r = c.registers();
    FastLoopsSimd s = FastLoopsSimd.of(c.dtype());
    int keys = (int) r[KEYS];
    int wide = (int) r[VALUE_WIDTH];
    int n = (int) r[VALUES];
    if (op.state()) {
      long from = (b * r[HEADS] + h) * keys * n;
      MemorySegment x = c.in(first + op.stateAt());
      s.gather(x, from, n, 1, c.scratch(), state, keys, n, wide);
    } else {
      s.fill(c.scratch(), state, 0, keys * wide);
    }
  }

  private static void steps(FastWeights op, Call c, long own, int rows) {
    long[] r = c.registers();
    long state = FastWork.state(r, own, 0);
    for (int t = 0; t < rows; t++) {
      step(op, c, own, t, state, state);
    }
  }

  /// Moves the state at `from` on to `to` by step `t` of the chunk.
  static void step(FastWeights op, Call c, long own, int t, long from, long to) {
    long[] r = c.registers();
    FastLoopsSimd s = FastLoopsSimd.of(c.dtype());
    MemorySegment w = c.scratch();
    int keys = (int) r[KEYS];
    int wide = (int) r[VALUE_WIDTH];
    long q = FastWork.key(r, own, FastWork.Q, t);
    long k = FastWork.key(r, own, FastWork.K, t);
    long e = FastWork.key(r, own, FastWork.E, t);
    long a = FastWork.key(r, own, FastWork.A, t);
    long v = FastWork.value(r, own, FastWork.V, t);
    long o = FastWork.value(r, own, FastWork.O, t);
    long p = FastWork.value(r, own, FastWork.P, t);
    if (op.update() == Update.ADD) {
      s.advance(w, from, to, e, k, v, q, o, keys, wide, op.bonus());
      return;
    }
    s.dot(w, a, from, p, keys, wide);
    if (op.update() == Update.DELTA) {
      long x = FastWork.value(r, own, FastWork.X, t);
      s.sub(w, v, p, x, wide);
      s.mul(w, x, FastWork.value(r, own, FastWork.BETA, t), x, wide);
      s.advance(w, from, to, e, k, x, q, o, keys, wide, false);
    } else {
      long b = FastWork.key(r, own, FastWork.B, t);
      s.advance(w, from, to, e, k, v, b, p, q, o, keys, wide);
    }
  }

  /// What the bonus lets through: `o += (sum q u k) v`.
  private static void bonus(Call c, long own, int rows) {
    long[] r = c.registers();
    FastLoopsSimd s = FastLoopsSimd.of(c.dtype());
    MemorySegment w = c.scratch();
    int wide = (int) r[VALUE_WIDTH];
    for (int t = 0; t < rows; t++) {
      double sum = through(c, own, t);
      long v = FastWork.value(r, own, FastWork.V, t);
      s.addScaled(w, v, sum, FastWork.value(r, own, FastWork.O, t), wide);
    }
  }

  /// `sum q u k` of step `t`.
  static double through(Call c, long own, int t) {
    long[] r = c.registers();
    return FastLoopsSimd.of(c.dtype())
        .sum3(
            c.scratch(),
            FastWork.key(r, own, FastWork.Q, t),
            FastWork.key(r, own, FastWork.U, 0),
            FastWork.key(r, own, FastWork.K, t),
            (int) r[FastWork.KEY_WIDTH]);
  }
}
