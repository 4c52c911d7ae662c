package dev.gatun.op.loss;

import static dev.gatun.op.loss.CrossEntropyPlan.CLASSES;
import static dev.gatun.op.loss.CrossEntropyPlan.DIVISOR;
import static dev.gatun.op.loss.CrossEntropyPlan.EACH;
import static dev.gatun.op.loss.CrossEntropyPlan.PER_BLOCK;
import static dev.gatun.op.loss.CrossEntropyPlan.ROWS;
import static dev.gatun.op.loss.CrossEntropyPlan.number;

import dev.gatun.cpu.simd.Lanes;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;

/// Parallel form of [Nll] and its gradient, which touch one element a row; the gradient's zeros are
/// vectors.
final class NllSimd {
  private static final Workers.Body FORWARD = NllSimd::forward;
  private static final Workers.Body GRADIENT = NllSimd::gradient;

  private NllSimd() {}

  static void forward(Nll op, Call c, Workers w) {
    long[] r = CrossEntropyPlan.plan(op, c, 0);
    int blocks = CrossEntropyPlan.blocks(r[ROWS], r[CLASSES]);
    w.run(FORWARD, c, 0, blocks);
    if (op.reduction() != Reduction.NONE) {
      double sum = 0;
      for (int i = 0; i < blocks; i++) {
        sum += c.scratch().get(Lanes.DOUBLE, 8L * i);
      }
      c.set(0, 0, sum / number(r, DIVISOR));
    }
  }

  private static void forward(Call c, long phase, int block, int worker) {
    long[] r = c.registers();
    long begin = block * r[PER_BLOCK];
    long end = Math.min(r[ROWS], begin + r[PER_BLOCK]);
    double sum = 0;
    for (long i = begin; i < end; i++) {
      long t = CrossEntropyPlan.target(c, i);
      double loss = t < 0 ? 0 : -CrossEntropyPlan.weight(c, t) * c.get(0, i * r[CLASSES] + t);
      sum += loss;
      if (r[EACH] == 1) {
        c.set(0, i, loss);
      }
    }
    c.scratch().set(Lanes.DOUBLE, 8L * block, sum);
  }

  static void gradient(Nll.Grad op, Call c, Workers w) {
    long[] r = CrossEntropyPlan.plan(op, c, 0);
    w.run(GRADIENT, c, 0, CrossEntropyPlan.blocks(r[ROWS], r[CLASSES]));
  }

  private static void gradient(Call c, long phase, int block, int worker) {
    long[] r = c.registers();
    long begin = block * r[PER_BLOCK];
    long end = Math.min(r[ROWS], begin + r[PER_BLOCK]);
    long row = r[CLASSES] * c.dtype().bytes();
    Lanes.clear(c.out(0), begin * row, (end - begin) * row);
    for (long i = begin; i < end; i++) {
      long t = CrossEntropyPlan.target(c, i);
      if (t >= 0) {
        double dy = c.get(2, r[EACH] == 1 ? i : 0);
        c.set(0, i * r[CLASSES] + t, -CrossEntropyPlan.weight(c, t) * dy / number(r, DIVISOR));
      }
    }
  }
}
