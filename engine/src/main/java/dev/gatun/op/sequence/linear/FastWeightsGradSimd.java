package dev.gatun.op.sequence.linear;

import static dev.gatun.op.sequence.linear.FastWork.GROUPS;
import static dev.gatun.op.sequence.linear.FastWork.HEADS;
import static dev.gatun.op.sequence.linear.FastWork.KEYS;
import static dev.gatun.op.sequence.linear.FastWork.KEY_WIDTH;
import static dev.gatun.op.sequence.linear.FastWork.STEPS;
import static dev.gatun.op.sequence.linear.FastWork.VALUES;
import static dev.gatun.op.sequence.linear.FastWork.VALUE_WIDTH;

import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.op.sequence.linear.FastWeights.Decay;
import dev.gatun.op.sequence.linear.FastWeights.Update;
import dev.gatun.tensor.Spec;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// Vector form of [FastWeights.Grad]: a block is the heads of one key and row of the batch, from
/// the last chunk to the first. A chunk's states are made anew from the one that was kept.
final class FastWeightsGradSimd {
  private static final Workers.Body BODY = FastWeightsGradSimd::block;

  /// Inputs before those of the op.
  private static final int FIRST = 2;

  private FastWeightsGradSimd() {}

  static long scratch(FastWeights op, List<Spec> in, int workers) {
    return FastWork.scratch(op, in, FIRST, workers, true);
  }

  static void run(FastWeights op, Call c, Workers w) {
    c.kernel(op);
    long[] r = c.registers();
    FastWork.plan(op, r, c.inSpec(FIRST), c.inSpec(FIRST + FastWeights.V), w.count(), true);
    w.run(BODY, c, 0, Math.toIntExact(r[FastWork.BATCH] * r[GROUPS]));
    if (op.bonus()) {
      total(op, c);
    }
  }

  /// Sums the parts of the bonus's gradient over the batch.
  private static void total(FastWeights op, Call c) {
    long[] r = c.registers();
    long n = r[HEADS] * r[KEYS];
    for (long i = 0; r[FastWork.BATCH] == 0 && i < n; i++) {
      c.set(op.bonusAt(), i, 0);
    }
    for (long b = 0; b < r[FastWork.BATCH]; b++) {
      long from = r[FastWork.SHARED] + b * n;
      FastLoopsSimd.of(c.dtype())
          .scatter(c.scratch(), from, 0, 1, c.out(op.bonusAt()), 0, 0, 1, (int) n, b > 0);
    }
  }

  private static void block(Call c, long phase, int block, int worker) {
    FastWeights op = (FastWeights) c.kernel();
    long[] r = c.registers();
    long own = worker * r[FastWork.OWN];
    long b = block / r[GROUPS];
    long each = r[HEADS] / r[GROUPS];
    for (long j = 0; j < each; j++) {
      head(op, c, own, b, block % r[GROUPS] * each + j, j > 0);
    }
  }

  private static void head(FastWeights op, Call c, long own, long b, long h, boolean add) {
    long[] r = c.registers();
    FastLoopsSimd s = FastLoopsSimd.of(c.dtype());
    MemorySegment w = c.scratch();
    int keys = (int) r[KEYS];
    int wide = (int) r[VALUE_WIDTH];
    int n = (int) r[VALUES];
    long d = FastWork.state(r, own, FastWork.gradient(r));
    long last = (b * r[HEADS] + h) * keys * n;
    s.gather(c.in(1), last, n, 1, w, d, keys, n, wide);
    s.fill(w, FastWork.key(r, own, FastWork.DU, 0), 0, (int) r[KEY_WIDTH]);
    for (long chunk = Math.ceilDiv(r[STEPS], FastWeights.CHUNK) - 1; chunk >= 0; chunk--) {
      long t = chunk * FastWeights.CHUNK;
      int rows = (int) Math.min(FastWeights.CHUNK, r[STEPS] - t);
      start(op, c, own, b, h, chunk);
      FastOperandsSimd.gather(op, c, FIRST, own, b, h, t, rows);
      FastOperandsSimd.values(c, 0, (b * r[STEPS] + t) * r[HEADS] + h, own, FastWork.DO, rows);
      if (r[FastWork.CHUNKED] != 0 && ChunkGradSimd.finite(op, c, own, rows)) {
        ChunkGradSimd.backward(op, c, own, rows);
      } else {
        recurrent(op, c, own, rows);
      }
      s.flush(w, d, keys * wide);
      if (op.bonus()) {
        through(c, own, rows);
      }
      scatter(op, c, own, b, h, t, rows, add);
    }
    if (op.state()) {
      s.scatter(w, d, wide, 1, c.out(op.stateAt()), last, n, keys, n, false);
    }
    if (op.bonus()) {
      long du = r[FastWork.SHARED] + (b * r[HEADS] + h) * keys;
      s.scatter(w, FastWork.key(r, own, FastWork.DU, 0), 0, 1, w, du, 0, 1, keys, false);
    }
  }

  /// The state before chunk `chunk` as matrix 0.
  private static void start(FastWeights op, Call c, long own, long b, long h, long chunk) {
    long[] r = c.registers();
    long to = FastWork.state(r, own, 0);
    if (chunk == 0) {
      FastWeightsSimd.start(op, c, FIRST, own, b, h, to);
      return;
    }
    int keys = (int) r[KEYS];
    int n = (int) r[VALUES];
    int i = FIRST + op.inputs();
    long from = ((b * c.inShape(i).dim(1) + chunk - 1) * r[HEADS] + h) * keys * n;
    FastLoopsSimd.of(c.dtype())
        .gather(c.in(i), from, n, 1, c.scratch(), to, keys, n, (int) r[VALUE_WIDTH]);
  }

  private static void recurrent(FastWeights op, Call c, long own, int rows) {
    long[] r = c.registers();
    for (int t = 0; t < rows; t++) {
      FastWeightsSimd.step(op, c, own, t, FastWork.state(r, own, t), FastWork.state(r, own, t + 1));
    }
    for (int t = rows - 1; t >= 0; t--) {
      step(op, c, own, t);
    }
  }

  private static void step(FastWeights op, Call c, long own, int t) {
    long[] r = c.registers();
    FastLoopsSimd s = FastLoopsSimd.of(c.dtype());
    MemorySegment w = c.scratch();
    int keys = (int) r[KEYS];
    int wide = (int) r[VALUE_WIDTH];
    int n = (int) r[VALUES];
    long past = FastWork.state(r, own, t);
    long next = FastWork.state(r, own, t + 1);
    long d = FastWork.state(r, own, FastWork.gradient(r));
    long q = FastWork.key(r, own, FastWork.Q, t);
    long k = FastWork.key(r, own, FastWork.K, t);
    long e = FastWork.key(r, own, FastWork.E, t);
    long up = FastWork.value(r, own, FastWork.DO, t);
    long dv = FastWork.value(r, own, FastWork.DV, t);
    long dk = FastWork.key(r, own, FastWork.DK, t);
    if (!op.bonus()) {
      s.outer(w, d, q, up, keys, wide);
    }
    s.read(
        w,
        op.bonus() ? past : next,
        up,
        FastWork.key(r, own, FastWork.DQ, t),
        keys,
        wide,
        n,
        false);
    s.dot(w, k, d, dv, keys, wide);
    long x = FastWork.value(r, own, FastWork.plain(op) ? FastWork.V : FastWork.X, t);
    s.read(w, d, x, dk, keys, wide, n, false);
    if (op.update() == Update.DELTA) {
      corrected(c, own, t);
    } else if (op.update() == Update.DPLR) {
      s.read(
          w,
          d,
          FastWork.value(r, own, FastWork.P, t),
          FastWork.key(r, own, FastWork.DB, t),
          keys,
          wide,
          n,
          false);
      long dp = FastWork.value(r, own, FastWork.DX, t);
      s.dot(w, FastWork.key(r, own, FastWork.B, t), d, dp, keys, wide);
      s.read(w, past, dp, FastWork.key(r, own, FastWork.DA, t), keys, wide, n, false);
    }
    if (op.decay() != Decay.NONE) {
      s.rates(w, d, past, e, FastWork.key(r, own, FastWork.DG, t), keys, wide, n);
      s.fade(w, d, e, keys, wide);
    }
    if (op.update() == Update.DPLR) {
      long dp = FastWork.value(r, own, FastWork.DX, t);
      s.outer(w, d, FastWork.key(r, own, FastWork.A, t), dp, keys, wide);
    }
    if (op.bonus()) {
      s.outer(w, d, q, up, keys, wide);
    }
  }

  /// The delta rule's: from the gradient of `x` in the place of that of `v` to both of these and
  /// `beta`'s, and on to the faded state's.
  private static void corrected(Call c, long own, int t) {
    long[] r = c.registers();
    FastLoopsSimd s = FastLoopsSimd.of(c.dtype());
    MemorySegment w = c.scratch();
    int keys = (int) r[KEYS];
    int wide = (int) r[VALUE_WIDTH];
    long dx = FastWork.value(r, own, FastWork.DV, t);
    long away = FastWork.value(r, own, FastWork.DX, t);
    long dbeta = FastWork.value(r, own, FastWork.DBETA, t);
    long beta = FastWork.value(r, own, FastWork.BETA, t);
    long temp = FastWork.key(r, own, FastWork.KEY_TEMP, 0);
    s.sub(
        w,
        FastWork.value(r, own, FastWork.V, t),
        FastWork.value(r, own, FastWork.P, t),
        dbeta,
        wide);
    s.mul(w, dbeta, dx, dbeta, wide);
    s.mulNegated(w, dx, beta, away, wide);
    s.mul(w, dx, beta, dx, wide);
    s.read(w, FastWork.state(r, own, t), away, temp, keys, wide, (int) r[VALUES], false);
    s.addMul(
        w,
        temp,
        FastWork.key(r, own, FastWork.E, t),
        FastWork.key(r, own, FastWork.DK, t),
        (int) r[KEY_WIDTH]);
    long d = FastWork.state(r, own, FastWork.gradient(r));
    s.outer(w, d, FastWork.key(r, own, FastWork.K, t), away, keys, wide);
  }

  /// The bonus's part of all gradients.
  private static void through(Call c, long own, int rows) {
    long[] r = c.registers();
    FastLoopsSimd s = FastLoopsSimd.of(c.dtype());
    MemorySegment w = c.scratch();
    int wide = (int) r[KEY_WIDTH];
    long u = FastWork.key(r, own, FastWork.U, 0);
    long temp = FastWork.key(r, own, FastWork.KEY_TEMP, 0);
    for (int t = 0; t < rows; t++) {
      long q = FastWork.key(r, own, FastWork.Q, t);
      long k = FastWork.key(r, own, FastWork.K, t);
      long up = FastWork.value(r, own, FastWork.DO, t);
      double d = s.sum2(w, up, FastWork.value(r, own, FastWork.V, t), (int) r[VALUES]);
      s.mul(w, u, k, temp, wide);
      s.addScaled(w, temp, d, FastWork.key(r, own, FastWork.DQ, t), wide);
      s.mul(w, u, q, temp, wide);
      s.addScaled(w, temp, d, FastWork.key(r, own, FastWork.DK, t), wide);
      s.mul(w, q, k, temp, wide);
      s.addScaled(w, temp, d, FastWork.key(r, own, FastWork.DU, 0), wide);
      double sum = FastWeightsSimd.through(c, own, t);
      s.addScaled(w, up, sum, FastWork.value(r, own, FastWork.DV, t), (int) r[VALUE_WIDTH]);
    }
  }

  private static void scatter(
      FastWeights op, Call c, long own, long b, long h, long t, int rows, boolean add) {
    long[] r = c.registers();
    FastLoopsSimd s = FastLoopsSimd.of(c.dtype());
    MemorySegment w = c.scratch();
    long key = (b * r[STEPS] + t) * r[GROUPS] + h / (r[HEADS] / r[GROUPS]);
    long row = (b * r[STEPS] + t) * r[HEADS] + h;
    keys(c, own, FastWork.DQ, FastWeights.Q, key, r[GROUPS], op.scale(), rows, add);
    keys(c, own, FastWork.DK, FastWeights.K, key, r[GROUPS], 1, rows, add);
    values(c, own, FastWork.DV, FastWeights.V, row, rows);
    if (op.decay() == Decay.KEY) {
      keys(c, own, FastWork.DG, 3, row, r[HEADS], 1, rows, false);
    } else if (op.decay() == Decay.HEAD) {
      long from = FastWork.key(r, own, FastWork.DG, 0);
      s.sums(w, from, (int) r[KEY_WIDTH], c.out(3), row, r[HEADS], rows, (int) r[KEYS]);
    }
    if (op.update() == Update.DPLR) {
      keys(c, own, FastWork.DA, op.alphaAt(), row, r[HEADS], 1, rows, false);
      keys(c, own, FastWork.DB, op.betaAt(), row, r[HEADS], 1, rows, false);
    } else if (op.update() == Update.DELTA && c.outShape(op.betaAt()).rank() == 4) {
      values(c, own, FastWork.DBETA, op.betaAt(), row, rows);
    } else if (op.update() == Update.DELTA) {
      long from = FastWork.value(r, own, FastWork.DBETA, 0);
      MemorySegment to = c.out(op.betaAt());
      s.sums(w, from, (int) r[VALUE_WIDTH], to, row, r[HEADS], rows, (int) r[VALUES]);
    }
  }

  private static void keys(
      Call c,
      long own,
      int array,
      int output,
      long row,
      long apart,
      double factor,
      int rows,
      boolean add) {
    long[] r = c.registers();
    int n = (int) r[KEYS];
    long from = FastWork.key(r, own, array, 0);
    FastLoopsSimd.of(c.dtype())
        .scatter(
            c.scratch(),
            from,
            (int) r[KEY_WIDTH],
            factor,
            c.out(output),
            row * n,
            apart * n,
            rows,
            n,
            add);
  }

  private static void values(Call c, long own, int array, int output, long row, int rows) {
    long[] r = c.registers();
    int n = (int) r[VALUES];
    long from = FastWork.value(r, own, array, 0);
    long apart = r[HEADS] * n;
    FastLoopsSimd.of(c.dtype())
        .scatter(
            c.scratch(),
            from,
            (int) r[VALUE_WIDTH],
            1,
            c.out(output),
            row * n,
            apart,
            rows,
            n,
            false);
  }
}
