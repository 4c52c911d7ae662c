package dev.gatun.op.sequence.scan;

import static dev.gatun.op.sequence.scan.ScanLayout.GATE_STEP;
import static dev.gatun.op.sequence.scan.ScanLayout.INNER;
import static dev.gatun.op.sequence.scan.ScanLayout.SHARED;
import static dev.gatun.op.sequence.scan.ScanLayout.STEP;
import static dev.gatun.op.sequence.scan.ScanLayout.T;
import static dev.gatun.op.sequence.scan.ScanSimd.BEFORE;
import static dev.gatun.op.sequence.scan.ScanSimd.COMPLEX;
import static dev.gatun.op.sequence.scan.ScanSimd.EXCLUSIVE;
import static dev.gatun.op.sequence.scan.ScanSimd.GRAD;
import static dev.gatun.op.sequence.scan.ScanSimd.INIT;
import static dev.gatun.op.sequence.scan.ScanSimd.REVERSE;
import static dev.gatun.op.sequence.scan.ScanSimd.SIZE;
import static dev.gatun.op.sequence.scan.ScanSimd.SLOT;
import static dev.gatun.op.sequence.scan.ScanSimd.STRIPS;
import static dev.gatun.op.sequence.scan.ScanSimd.WIDTH;

import dev.gatun.cpu.simd.Lanes;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import java.lang.foreign.MemorySegment;

/// A strip of channels of [ScanSimd] through some steps.
///
/// States of a strip are carried a part after the other, `SLOT` apart: whole vectors, and behind
/// them a vector of the last channels, some of which the one before has too.
///
/// The gradient is a walk the other way with the gates of the step before in that order, none at
/// the first: `g_0 = dlast + dh_0`, `g_i = dh_i + a_(i-1) g_(i-1)`, where exclusive `dh_(i-1)`. The
/// gradients of the gates follow from each few rows while they are in cache.
final class StripSimd {
  /// Elements of the rows that pass at a time.
  private static final int PIECE = 4_096;

  private StripSimd() {}

  static int lanes(Call c) {
    return c.dtype() == DType.F32 ? Lanes.F32.length() : Lanes.F64.length();
  }

  static double get(MemorySegment x, long at, boolean f32) {
    return f32 ? x.get(Lanes.FLOAT, at * 4) : x.get(Lanes.DOUBLE, at * 8);
  }

  static void set(MemorySegment x, long at, boolean f32, double v) {
    if (f32) {
      x.set(Lanes.FLOAT, at * 4, (float) v);
    } else {
      x.set(Lanes.DOUBLE, at * 8, v);
    }
  }

  private static long outer(long[] r, long run) {
    return run / r[STRIPS];
  }

  private static long column(long[] r, long run) {
    return run % r[STRIPS] * r[WIDTH];
  }

  static int width(long[] r, long run) {
    return (int) (run % r[STRIPS] == r[STRIPS] - 1 ? r[INNER] - column(r, run) : r[WIDTH]);
  }

  /// Elements of a strip of states that are in use.
  private static int slots(int width, int lanes) {
    return width < lanes || width % lanes == 0 ? width : width / lanes * lanes + lanes;
  }

  /// The channel of the strip that lies at `slot`.
  static int channel(int slot, int width, int lanes) {
    return width < lanes || slot < width / lanes * lanes
        ? slot
        : width - lanes + slot - width / lanes * lanes;
  }

  /// First element of a strip in states of all times; `t` counts in the order of the walk.
  private static long at(long[] r, long run, long t) {
    long row = r[REVERSE] == 1 ? r[T] - 1 - t : t;
    return ScanLayout.start(r, outer(r, run)) + column(r, run) + row * r[STEP];
  }

  private static long gateAt(Call c, long[] r, long run, long t) {
    long row = r[REVERSE] == 1 ? r[T] - 1 - t : t;
    int n = (int) r[COMPLEX] + 1;
    return ScanLayout.gate(r, c.inShape(0), c.inShape(n), outer(r, run))
        + (r[SHARED] == 1 ? 0 : column(r, run))
        + row * r[GATE_STEP];
  }

  private static long sign(long[] r) {
    return r[REVERSE] == 1 ? -1 : 1;
  }

  /// The states before the first step.
  static void load(Call c, long run, long w) {
    long[] r = c.registers();
    boolean f32 = c.dtype() == DType.F32;
    int width = width(r, run);
    long at = ScanLayout.state(r, outer(r, run)) + column(r, run);
    for (int p = 0; p < r[SIZE]; p++) {
      for (int i = 0; i < slots(width, lanes(c)); i++) {
        long from = at + channel(i, width, lanes(c));
        double v = r[INIT] < 0 ? 0 : get(c.in((int) r[INIT] + p), from, f32);
        set(c.scratch(), w + p * r[SLOT] + i, f32, v);
      }
    }
  }

  /// The states after the last step, for the gradient those before the first.
  static void finish(Call c, long run, long w) {
    long[] r = c.registers();
    boolean f32 = c.dtype() == DType.F32;
    int n = (int) r[COMPLEX] + 1;
    int width = width(r, run);
    long at = ScanLayout.state(r, outer(r, run)) + column(r, run);
    for (int i = 0; i < slots(width, lanes(c)); i++) {
      int channel = channel(i, width, lanes(c));
      double x = get(c.scratch(), w + i, f32);
      double y = n == 1 ? 0 : get(c.scratch(), w + r[SLOT] + i, f32);
      if (r[GRAD] == 1 && r[T] > 0) {
        long gate = gateAt(c, r, run, r[T] - 1) + (r[SHARED] == 1 ? 0 : channel);
        double re = get(c.in(0), gate, f32);
        double im = n == 1 ? 0 : get(c.in(1), gate, f32);
        double u = n == 1 ? re * x : re * x + im * y;
        y = re * y - im * x;
        x = u;
        if (r[EXCLUSIVE] == 1) {
          long d = at(r, run, r[T] - 1) + channel;
          x += get(c.in(2 * n), d, f32);
          y += n == 1 ? 0 : get(c.in(2 * n + 1), d, f32);
        }
      }
      int first = r[GRAD] == 1 ? 2 * n : n;
      set(c.out(first), at + channel, f32, x);
      if (n > 1) {
        set(c.out(first + 1), at + channel, f32, y);
      }
    }
  }

  /// Steps `from` to `to`, with states in work memory at `w`, and room for a row at `spare`.
  static void walk(Call c, long run, long from, long to, long w, long spare) {
    long[] r = c.registers();
    long rows = Math.max(4, PIECE / width(r, run) / 4 * 4);
    long end;
    for (long t = from; t < to; t = end) {
      // States are looked at every four steps, of the gradient from the second on, in any piece.
      end = Math.min(to, t + rows + (t == 0 ? r[GRAD] : 0));
      if (r[GRAD] == 1) {
        gradient(c, run, t, end, w);
      } else {
        forward(c, run, t, end, w, spare);
      }
    }
  }

  private static void forward(Call c, long run, long from, long to, long w, long spare) {
    long[] r = c.registers();
    int n = (int) r[COMPLEX] + 1;
    long s = sign(r);
    long a = gateAt(c, r, run, from);
    long b = at(r, run, from);
    if (r[EXCLUSIVE] == 0) {
      RowsSimd.steps(c, run, a, b, n, c.out(0), c.out(n - 1), b, s * r[STEP], (int) (to - from), w);
      return;
    }
    if (from == 0) {
      store(c, run, w, 0, b);
    }
    int rows = (int) (Math.min(to, r[T] - 1) - from);
    RowsSimd.steps(c, run, a, b, n, c.out(0), c.out(n - 1), b + s * r[STEP], s * r[STEP], rows, w);
    if (to == r[T]) {
      MemorySegment dump = c.scratch();
      long last = gateAt(c, r, run, to - 1);
      RowsSimd.steps(c, run, last, at(r, run, to - 1), n, dump, dump, spare, 0, 1, w);
    }
  }

  /// The states at `w` to a row of results from output `first` on.
  private static void store(Call c, long run, long w, int first, long to) {
    long[] r = c.registers();
    boolean f32 = c.dtype() == DType.F32;
    int width = width(r, run);
    for (int p = 0; p < r[SIZE]; p++) {
      for (int i = 0; i < slots(width, lanes(c)); i++) {
        double v = get(c.scratch(), w + p * r[SLOT] + i, f32);
        set(c.out(first + p), to + channel(i, width, lanes(c)), f32, v);
      }
    }
  }

  private static void gradient(Call c, long run, long from, long to, long w) {
    long[] r = c.registers();
    int n = (int) r[COMPLEX] + 1;
    long s = sign(r) * r[STEP];
    long first = from;
    if (from == 0) {
      if (r[EXCLUSIVE] == 0) {
        add(c, run, w);
      }
      store(c, run, w, n, at(r, run, 0));
      first = 1;
    }
    long d = at(r, run, first) - (r[EXCLUSIVE] == 1 ? s : 0);
    long a = gateAt(c, r, run, first - 1);
    int rows = (int) (to - first);
    long to0 = at(r, run, first);
    RowsSimd.steps(c, run, a, d, 2 * n, c.out(n), c.out(2 * n - 1), to0, s, rows, w);
    long whole = to - from;
    if (r[EXCLUSIVE] == 0 && to == r[T]) {
      beforeFirst(c, run);
      whole--;
    }
    long before = at(r, run, from) + (r[EXCLUSIVE] == 1 ? 0 : s);
    RowsSimd.products(c, run, at(r, run, from), before, s, (int) whole);
  }

  /// Adds the first row of the results' gradient to the states.
  private static void add(Call c, long run, long w) {
    long[] r = c.registers();
    boolean f32 = c.dtype() == DType.F32;
    int n = (int) r[COMPLEX] + 1;
    int width = width(r, run);
    long at = at(r, run, 0);
    for (int p = 0; p < r[SIZE]; p++) {
      for (int i = 0; i < slots(width, lanes(c)); i++) {
        long o = w + p * r[SLOT] + i;
        double d = get(c.in(2 * n + p), at + channel(i, width, lanes(c)), f32);
        set(c.scratch(), o, f32, get(c.scratch(), o, f32) + d);
      }
    }
  }

  /// The gradient of the gate of the first step, from the initial state or 0.
  private static void beforeFirst(Call c, long run) {
    long[] r = c.registers();
    boolean f32 = c.dtype() == DType.F32;
    int n = (int) r[COMPLEX] + 1;
    long at = at(r, run, r[T] - 1);
    long state = ScanLayout.state(r, outer(r, run)) + column(r, run);
    for (int i = 0; i < width(r, run); i++) {
      double x = r[BEFORE] < 0 ? 0 : get(c.in((int) r[BEFORE]), state + i, f32);
      double g = get(c.out(n), at + i, f32);
      if (n == 1) {
        set(c.out(0), at + i, f32, g * x);
      } else {
        double y = r[BEFORE] < 0 ? 0 : get(c.in((int) r[BEFORE] + 1), state + i, f32);
        double h = get(c.out(n + 1), at + i, f32);
        set(c.out(0), at + i, f32, g * x + h * y);
        set(c.out(1), at + i, f32, h * x - g * y);
      }
    }
  }

  /// What steps `from` to `to` make of a state, at `w`: parts of the factor, then of the rest.
  static void fold(Call c, long run, long from, long to, long w) {
    long[] r = c.registers();
    boolean f32 = c.dtype() == DType.F32;
    int n = (int) r[COMPLEX] + 1;
    int slots = slots(width(r, run), lanes(c));
    for (int p = 0; p < 2 * r[SIZE]; p++) {
      for (int i = 0; i < slots; i++) {
        set(c.scratch(), w + p * r[SLOT] + i, f32, p == 0 ? 1 : 0);
      }
    }
    if (r[GRAD] == 0) {
      RowsSimd.fold(c, run, gateAt(c, r, run, from), at(r, run, from), n, (int) (to - from), w);
      return;
    }
    long first = from;
    if (from == 0) {
      if (r[EXCLUSIVE] == 0) {
        add(c, run, w + r[SIZE] * r[SLOT]);
      }
      first = 1;
    }
    long d = at(r, run, r[EXCLUSIVE] == 1 ? first - 1 : first);
    RowsSimd.fold(c, run, gateAt(c, r, run, first - 1), d, 2 * n, (int) (to - first), w);
  }

  /// The states at `to` behind those at `from`, by what the steps between make of them.
  static void follow(Call c, long run, long share, long from, long to) {
    long[] r = c.registers();
    boolean f32 = c.dtype() == DType.F32;
    MemorySegment w = c.scratch();
    for (int i = 0; i < slots(width(r, run), lanes(c)); i++) {
      double p = get(w, share + i, f32);
      double x = get(w, from + i, f32);
      if (r[COMPLEX] == 0) {
        set(w, to + i, f32, Math.fma(p, x, get(w, share + r[SLOT] + i, f32)));
      } else {
        double q = get(w, share + r[SLOT] + i, f32);
        double y = get(w, from + r[SLOT] + i, f32);
        set(w, to + i, f32, p * x - q * y + get(w, share + 2 * r[SLOT] + i, f32));
        set(w, to + r[SLOT] + i, f32, p * y + q * x + get(w, share + 3 * r[SLOT] + i, f32));
      }
    }
  }

  static void copy(Call c, long from, long to) {
    long[] r = c.registers();
    long bytes = c.dtype().bytes();
    MemorySegment.copy(
        c.scratch(), from * bytes, c.scratch(), to * bytes, r[SIZE] * r[SLOT] * bytes);
  }

  /// Sets the states at `before` to those at `after`, where either is not finite; whether one was
  /// another.
  static boolean mend(Call c, long run, long after, long before) {
    long[] r = c.registers();
    boolean f32 = c.dtype() == DType.F32;
    MemorySegment w = c.scratch();
    boolean mended = false;
    for (int p = 0; p < r[SIZE]; p++) {
      for (int i = 0; i < slots(width(r, run), lanes(c)); i++) {
        double is = get(w, after + p * r[SLOT] + i, f32);
        double was = get(w, before + p * r[SLOT] + i, f32);
        if ((!Double.isFinite(is) || !Double.isFinite(was)) && Double.compare(is, was) != 0) {
          set(w, before + p * r[SLOT] + i, f32, is);
          mended = true;
        }
      }
    }
    return mended;
  }
}
