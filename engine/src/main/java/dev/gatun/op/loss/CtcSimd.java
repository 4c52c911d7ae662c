package dev.gatun.op.loss;

import static dev.gatun.op.loss.Ctc.NEVER;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import dev.gatun.cpu.simd.ExpLanes;
import dev.gatun.cpu.simd.Lanes;
import dev.gatun.cpu.simd.LogLanes;
import dev.gatun.cpu.simd.Loop;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;

/// Vector form of [Ctc] and its gradient: a block for each row of the batch, loops over the states
/// of a frame, in doubles. A sum of three exponentials goes through several loops, as C2 inlines no
/// more than one exponential into each.
final class CtcSimd {
  private static final Loop.Binary ADD = Loop.f64((DoubleVector x, DoubleVector y) -> x.add(y));
  private static final Loop.Ternary MAX =
      Loop.f64((DoubleVector x, DoubleVector y, DoubleVector z) -> x.max(y).max(z));
  private static final Loop.Binary EXP =
      Loop.f64((DoubleVector x, DoubleVector m) -> ExpLanes.nonPositiveF64(x.sub(m)));
  private static final Loop.Ternary EXP_ADD =
      Loop.f64((DoubleVector x, DoubleVector m, DoubleVector sum) ->
          ExpLanes.nonPositiveF64(x.sub(m)).add(sum));
  private static final Loop.Binary LOG_ADD =
      Loop.f64((DoubleVector sum, DoubleVector m) -> LogLanes.f64(sum).add(m));
  private static final Loop.Binary EMIT =
      Loop.f64((DoubleVector x, DoubleVector e) -> x.add(e).max(NEVER));

  // Rows of scratch.
  private static final int LABELS = 0;
  private static final int SKIPS = 1;
  private static final int EMITTED = 2;
  private static final int THIRD = 3;
  private static final int MOST = 4;
  private static final int SUM = 5;
  private static final int LATER = 6;
  private static final int POSTERIOR = 7;

  // Registers.
  private static final int BLANK = 0;
  private static final int EACH = 1;
  private static final int MEAN = 2;
  private static final int ZERO_INFINITY = 3;

  private static final Workers.Body FORWARD = CtcSimd::forward;
  private static final Workers.Body GRADIENT = CtcSimd::gradient;

  private CtcSimd() {}

  static void forward(Ctc op, Call c, Workers w) {
    Ctc.check(op, c, op.blank());
    c.registers()[BLANK] = op.blank();
    w.run(FORWARD, c, 0, Math.toIntExact(c.inShape(0).dim(0)));
    op.reduce(c);
  }

  private static long row(Call c, int worker, int which) {
    return (worker * (long) Ctc.ROWS + which) * Ctc.row(c.inShape(1).dim(1));
  }

  private static void fill(MemorySegment s, long at, int n, double v) {
    for (int i = 0; i < n; i++) {
      s.set(Lanes.DOUBLE, (at + i) * 8, v);
    }
  }

  /// Classes of the states of row `b`, and 0 where a path may skip the state before, else never;
  /// that of two states beyond the last too.
  private static void states(Call c, int b, int states, int worker) {
    MemorySegment s = c.scratch();
    long labels = row(c, worker, LABELS);
    long skips = row(c, worker, SKIPS);
    for (int i = 0; i < states; i++) {
      long label = i % 2 == 0 ? c.registers()[BLANK] : Ctc.label(c, b, i / 2);
      s.set(JAVA_LONG_UNALIGNED, (labels + i) * 8, label);
      s.set(Lanes.DOUBLE, (skips + i) * 8, Ctc.skips(c, b, i) ? 0 : NEVER);
    }
    fill(s, skips + states, 2, NEVER);
  }

  /// What each state emits in the frame whose classes start at element `at`.
  private static void emitted(Call c, long at, int states, int worker) {
    MemorySegment s = c.scratch();
    MemorySegment x = c.in(0);
    long labels = row(c, worker, LABELS);
    long to = row(c, worker, EMITTED);
    boolean f32 = c.dtype() == DType.F32;
    for (int i = 0; i < states; i++) {
      long k = at + s.get(JAVA_LONG_UNALIGNED, (labels + i) * 8);
      double e = f32 ? x.get(Lanes.FLOAT, k * 4) : x.get(Lanes.DOUBLE, k * 8);
      s.set(Lanes.DOUBLE, (to + i) * 8, e);
    }
  }

  /// `log(e^a + e^b + e^(c + skip))` of `n` states into row [#SUM]; `a`, `b`, `c` are elements of
  /// `v` and `skip` of scratch.
  private static void add(
      Call call, MemorySegment v, long a, long b, long c, long skip, int n, int worker) {
    MemorySegment s = call.scratch();
    long third = row(call, worker, THIRD);
    long most = row(call, worker, MOST);
    long sum = row(call, worker, SUM);
    ADD.run(v, c, 0, s, skip, 0, s, third, 1, n);
    MAX.run(v, a, v, b, s, third, s, most, n);
    EXP.run(v, a, 0, s, most, 0, s, sum, 1, n);
    EXP_ADD.run(v, b, s, most, s, sum, s, sum, n);
    EXP_ADD.run(s, third, s, most, s, sum, s, sum, n);
    LOG_ADD.run(s, sum, 0, s, most, 0, s, sum, 1, n);
  }

  private static void forward(Call c, long phase, int b, int worker) {
    long frames = c.inShape(0).dim(1);
    long classes = c.inShape(0).dim(2);
    long width = c.outShape(1).dim(2);
    int states = Math.toIntExact(2 * Ctc.targetLength(c, b) + 1);
    long n = Ctc.inputLength(c, b);
    MemorySegment s = c.scratch();
    MemorySegment a = c.out(1);
    long sum = row(c, worker, SUM);
    states(c, b, states, worker);
    for (long t = 0; t < n; t++) {
      long at = (b * frames + t) * width;
      if (t == 0) {
        fill(s, sum, states, NEVER);
        fill(s, sum, Math.min(2, states), 0);
      } else {
        long from = at - width;
        add(c, a, from + 2, from + 1, from, row(c, worker, SKIPS), states, worker);
      }
      emitted(c, (b * frames + t) * classes, states, worker);
      fill(a, at, 2, NEVER);
      EMIT.run(s, sum, 0, s, row(c, worker, EMITTED), 0, a, at + 2, 1, states);
    }
    long last = (b * frames + n - 1) * width + states + 1;
    double before = states == 1 || n == 0 ? NEVER : a.get(Lanes.DOUBLE, last * 8 - 8);
    double end = n == 0 ? (states == 1 ? 0 : NEVER) : a.get(Lanes.DOUBLE, last * 8);
    c.set(2, b, Ctc.loss(end, before));
  }

  static void gradient(Ctc.Grad op, Call c, Workers w) {
    Ctc.check(op, c, op.ctc().blank());
    long[] r = c.registers();
    r[BLANK] = op.ctc().blank();
    r[EACH] = op.ctc().reduction() == Reduction.NONE ? 1 : 0;
    r[MEAN] = op.ctc().reduction() == Reduction.MEAN ? 1 : 0;
    r[ZERO_INFINITY] = op.ctc().zeroInfinity() ? 1 : 0;
    w.run(GRADIENT, c, 0, Math.toIntExact(c.inShape(0).dim(0)));
  }

  private static void gradient(Call c, long phase, int b, int worker) {
    long[] r = c.registers();
    long frames = c.inShape(0).dim(1);
    long classes = c.inShape(0).dim(2);
    long n = Ctc.inputLength(c, b);
    long size = c.dtype().bytes();
    Lanes.clear(c.out(0), b * frames * classes * size, frames * classes * size);
    Reduction summed = r[MEAN] == 1 ? Reduction.MEAN : Reduction.SUM;
    Reduction reduction = r[EACH] == 1 ? Reduction.NONE : summed;
    double dy = Ctc.Grad.dy(c, b, reduction, r[ZERO_INFINITY] == 1);
    if (Double.isNaN(dy)) {
      for (long i = b * frames * classes, end = i + n * classes; i < end; i++) {
        c.set(0, i, Double.NaN);
      }
    } else if (dy != 0) {
      int states = Math.toIntExact(2 * Ctc.targetLength(c, b) + 1);
      states(c, b, states, worker);
      fill(c.scratch(), row(c, worker, LATER), states + 2, NEVER);
      for (long t = n - 1; t >= 0; t--) {
        frame(c, b, t, t == n - 1, states, dy, worker);
      }
    }
  }

  private static void frame(
      Call c, int b, long t, boolean last, int states, double dy, int worker) {
    MemorySegment s = c.scratch();
    long sum = row(c, worker, SUM);
    long later = row(c, worker, LATER);
    long posterior = row(c, worker, POSTERIOR);
    long frame = b * c.inShape(0).dim(1) + t;
    long at = frame * c.inShape(0).dim(2);
    if (last) {
      fill(s, sum, states, NEVER);
      int ends = Math.min(2, states);
      fill(s, sum + states - ends, ends, 0);
    } else {
      long skips = row(c, worker, SKIPS) + 2;
      add(c, s, later, later + 1, later + 2, skips, states, worker);
    }
    long a = frame * c.inShape(4).dim(2) + 2;
    ADD.run(c.in(4), a, 0, s, sum, 0, s, posterior, 1, states);
    EXP.runScalar(s, posterior, -c.get(5, b), s, posterior, states);
    emitted(c, at, states, worker);
    EMIT.run(s, sum, 0, s, row(c, worker, EMITTED), 0, s, later, 1, states);
    scatter(c, at, states, dy, worker);
  }

  /// Takes the posterior probabilities of the states off their classes.
  private static void scatter(Call c, long at, int states, double dy, int worker) {
    MemorySegment s = c.scratch();
    DType type = c.dtype();
    long posterior = row(c, worker, POSTERIOR);
    long labels = row(c, worker, LABELS);
    double blank = 0;
    for (int i = 0; i < states; i += 2) {
      blank += s.get(Lanes.DOUBLE, (posterior + i) * 8);
    }
    type.write(c.out(0), at + c.registers()[BLANK], -blank * dy);
    for (int i = 1; i < states; i += 2) {
      long k = at + s.get(JAVA_LONG_UNALIGNED, (labels + i) * 8);
      double d = type.read(c.out(0), k) - s.get(Lanes.DOUBLE, (posterior + i) * 8) * dy;
      type.write(c.out(0), k, d);
    }
  }
}
