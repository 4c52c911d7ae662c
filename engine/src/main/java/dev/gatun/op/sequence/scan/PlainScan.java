package dev.gatun.op.sequence.scan;

import static dev.gatun.op.sequence.scan.ScanLayout.GATE_HOP;
import static dev.gatun.op.sequence.scan.ScanLayout.GATE_STEP;
import static dev.gatun.op.sequence.scan.ScanLayout.HOP;
import static dev.gatun.op.sequence.scan.ScanLayout.INNER;
import static dev.gatun.op.sequence.scan.ScanLayout.OUTERS;
import static dev.gatun.op.sequence.scan.ScanLayout.SHARED;
import static dev.gatun.op.sequence.scan.ScanLayout.STEP;
import static dev.gatun.op.sequence.scan.ScanLayout.T;

import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;

/// The definition of [Scan] and of its gradient, for the channels of a call one by one, in double.
final class PlainScan {
  private final Call c;
  private final Combiner combiner;
  private final int n;
  private final long[] r;
  private final long[] whole;
  private final Shape b;
  private final double[] gate;
  private final double[] part;

  /// `first` is the input number of the states.
  private PlainScan(Combiner combiner, int axis, Call c, int first) {
    this.c = c;
    this.combiner = combiner;
    n = combiner.tensors();
    b = c.inShape(first);
    r = ScanLayout.of(combiner, axis, c.inShape(0), b);
    Shape a = combiner.axes() == 0 ? b : b.insert(axis + 1, combiner.size());
    whole = ScanLayout.of(combiner, axis, a, b);
    gate = new double[combiner.gates()];
    part = new double[combiner.size()];
  }

  /// Reads parts of a number at `at` of inputs from `first` on.
  private void read(int first, long at, long hop, double[] to) {
    for (int p = 0; p < to.length; p++) {
      to[p] = n > 1 ? c.get(first + p, at) : c.get(first, at + p * hop);
    }
  }

  private void write(int first, long at, long hop, double[] from) {
    for (int p = 0; p < from.length; p++) {
      c.set(n > 1 ? first + p : first, n > 1 ? at : at + p * hop, from[p]);
    }
  }

  private long gateAt(long outer, long lane, long t) {
    return ScanLayout.gate(r, c.inShape(0), b, outer)
        + (r[SHARED] == 1 ? 0 : lane)
        + t * r[GATE_STEP];
  }

  private long wholeGateAt(long outer, long lane, long t, Shape a) {
    // The runs of `whole` may be longer: what both see is the place of a channel among all.
    long channel = ScanLayout.start(r, outer) + lane;
    long step = a.elems((int) r[ScanLayout.AXIS] + 1, a.rank());
    return (channel / (r[T] * r[STEP]) * r[T] + t) * step + channel % r[STEP];
  }

  private static void flush(double[] state, DType type) {
    double least = type == DType.F32 ? Float.MIN_NORMAL : Double.MIN_NORMAL;
    for (int p = 0; p < state.length; p++) {
      state[p] = Math.abs(state[p]) < least ? 0 : state[p];
    }
  }

  static void forward(Scan op, Call c) {
    PlainScan s = new PlainScan(op.combiner(), op.axis(), c, op.combiner().tensors());
    for (long outer = 0; outer < s.r[OUTERS]; outer++) {
      for (long lane = 0; lane < s.r[INNER]; lane++) {
        s.run(op, outer, lane);
      }
    }
  }

  private void run(Scan op, long outer, long lane) {
    double[] state = new double[combiner.size()];
    long home = ScanLayout.state(r, outer) + lane;
    if (c.inputs() > 2 * n) {
      read(2 * n, home, r[HOP], state);
    }
    for (long i = 0; i < r[T]; i++) {
      long t = op.reverse() ? r[T] - 1 - i : i;
      long at = ScanLayout.start(r, outer) + lane + t * r[STEP];
      read(0, gateAt(outer, lane, t), r[GATE_HOP], gate);
      read(n, at, r[HOP], part);
      if (op.exclusive()) {
        write(0, at, r[HOP], state);
      }
      combiner.step(gate, state, part);
      flush(state, c.dtype());
      if (!op.exclusive()) {
        write(0, at, r[HOP], state);
      }
    }
    write(n, home, r[HOP], state);
  }

  static void backward(Scan.Grad op, Call c) {
    Combiner combiner = op.of().combiner();
    PlainScan s = new PlainScan(combiner, op.of().axis(), c, combiner.tensors());
    for (long outer = 0; outer < s.r[OUTERS]; outer++) {
      for (long lane = 0; lane < s.r[INNER]; lane++) {
        s.back(op, outer, lane);
      }
    }
  }

  private void back(Scan.Grad op, long outer, long lane) {
    double[] later = new double[combiner.size()];
    double[] d = new double[combiner.size()];
    double[] before = new double[combiner.size()];
    double[] dGate = new double[combiner.gates()];
    boolean exclusive = op.of().exclusive();
    long home = ScanLayout.state(r, outer) + lane;
    if (op.last()) {
      read(3 * n, home, r[HOP], later);
    }
    for (long i = r[T] - 1; i >= 0; i--) {
      long t = op.of().reverse() ? r[T] - 1 - i : i;
      long at = ScanLayout.start(r, outer) + lane + t * r[STEP];
      read(0, gateAt(outer, lane, t), r[GATE_HOP], gate);
      read(2 * n, at, r[HOP], part);
      add(later, exclusive ? new double[d.length] : part, d);
      if (exclusive) {
        read(n, at, r[HOP], before);
      } else if (i > 0) {
        read(n, at + (op.of().reverse() ? r[STEP] : -r[STEP]), r[HOP], before);
      } else if (op.initial()) {
        read((op.last() ? 4 : 3) * n, home, r[HOP], before);
      } else {
        java.util.Arrays.fill(before, 0);
      }
      combiner.gateGradient(d, before, dGate);
      write(0, wholeGateAt(outer, lane, t, c.outShape(0)), whole[GATE_HOP], dGate);
      write(n, at, r[HOP], d);
      combiner.back(gate, d, later);
      if (exclusive) {
        add(later, part, later);
      }
      flush(later, c.dtype());
    }
    write(2 * n, home, r[HOP], later);
  }

  private static void add(double[] x, double[] y, double[] to) {
    for (int p = 0; p < to.length; p++) {
      to[p] = x[p] + y[p];
    }
  }
}
