package dev.gatun.op.sequence.linear;

import static dev.gatun.op.sequence.linear.FastWork.GROUPS;
import static dev.gatun.op.sequence.linear.FastWork.HEADS;
import static dev.gatun.op.sequence.linear.FastWork.KEYS;
import static dev.gatun.op.sequence.linear.FastWork.KEY_WIDTH;
import static dev.gatun.op.sequence.linear.FastWork.STEPS;
import static dev.gatun.op.sequence.linear.FastWork.VALUES;
import static dev.gatun.op.sequence.linear.FastWork.VALUE_WIDTH;

import dev.gatun.op.Call;
import dev.gatun.op.sequence.linear.FastWeights.Update;
import java.lang.foreign.MemorySegment;

/// Copies the operands of a chunk of one head to work memory: queries times the scale, decays as
/// factors, `beta` for each value, and for the delta rule keys times decays in the place of `a`.
final class FastOperandsSimd {
  private FastOperandsSimd() {}

  static void gather(
      FastWeights op, Call c, int first, long own, long b, long h, long t, int rows) {
    long[] r = c.registers();
    long key = (b * r[STEPS] + t) * r[GROUPS] + h / (r[HEADS] / r[GROUPS]);
    long row = (b * r[STEPS] + t) * r[HEADS] + h;
    keys(c, first, key, r[GROUPS], own, FastWork.Q, op.scale(), rows);
    keys(c, first + FastWeights.K, key, r[GROUPS], own, FastWork.K, 1, rows);
    values(c, first + FastWeights.V, row, own, FastWork.V, rows);
    decays(op, c, first, own, row, rows);
    FastLoopsSimd s = FastLoopsSimd.of(c.dtype());
    MemorySegment w = c.scratch();
    if (op.update() == Update.DPLR) {
      keys(c, first + op.alphaAt(), row, r[HEADS], own, FastWork.A, 1, rows);
      keys(c, first + op.betaAt(), row, r[HEADS], own, FastWork.B, 1, rows);
    } else if (op.update() == Update.DELTA) {
      s.mul(
          w,
          FastWork.key(r, own, FastWork.K, 0),
          FastWork.key(r, own, FastWork.E, 0),
          FastWork.key(r, own, FastWork.A, 0),
          rows * (int) r[KEY_WIDTH]);
      if (c.inShape(first + op.betaAt()).rank() == 4) {
        values(c, first + op.betaAt(), row, own, FastWork.BETA, rows);
      } else {
        long to = FastWork.value(r, own, FastWork.BETA, 0);
        s.spread(c.in(first + op.betaAt()), row, r[HEADS], w, to, rows, (int) r[VALUE_WIDTH]);
      }
    }
    if (op.bonus()) {
      keys(c, first + op.bonusAt(), h, 0, own, FastWork.U, 1, 1);
    }
  }

  private static void decays(FastWeights op, Call c, int first, long own, long row, int rows) {
    long[] r = c.registers();
    FastLoopsSimd s = FastLoopsSimd.of(c.dtype());
    MemorySegment w = c.scratch();
    int wide = (int) r[KEY_WIDTH];
    long e = FastWork.key(r, own, FastWork.E, 0);
    switch (op.decay()) {
      case NONE -> s.fill(w, e, 1, rows * wide);
      case HEAD -> s.spread(c.in(first + 3), row, r[HEADS], w, e, rows, wide);
      case KEY -> keys(c, first + 3, row, r[HEADS], own, FastWork.E, 1, rows);
    }
    if (op.decay() != FastWeights.Decay.NONE) {
      s.exp(w, e, rows * wide);
    }
  }

  private static void keys(
      Call c, int i, long row, long apart, long own, int array, double factor, int rows) {
    long[] r = c.registers();
    int n = (int) r[KEYS];
    long to = FastWork.key(r, own, array, 0);
    FastLoopsSimd.of(c.dtype())
        .gather(c.in(i), row * n, apart * n, factor, c.scratch(), to, rows, n, (int) r[KEY_WIDTH]);
  }

  static void values(Call c, int i, long row, long own, int array, int rows) {
    long[] r = c.registers();
    int n = (int) r[VALUES];
    long to = FastWork.value(r, own, array, 0);
    FastLoopsSimd.of(c.dtype())
        .gather(c.in(i), row * n, r[HEADS] * n, 1, c.scratch(), to, rows, n, (int) r[VALUE_WIDTH]);
  }
}
