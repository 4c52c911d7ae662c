package dev.gatun.op.sequence.scan;

import static dev.gatun.op.sequence.scan.ScanLayout.GATE_HOP;
import static dev.gatun.op.sequence.scan.ScanLayout.GATE_STEP;
import static dev.gatun.op.sequence.scan.ScanLayout.HOP;
import static dev.gatun.op.sequence.scan.ScanLayout.INNER;
import static dev.gatun.op.sequence.scan.ScanLayout.SHARED;
import static dev.gatun.op.sequence.scan.ScanLayout.STEP;
import static dev.gatun.op.sequence.scan.ScanLayout.T;
import static dev.gatun.op.sequence.scan.ScanSimd.BEFORE;
import static dev.gatun.op.sequence.scan.ScanSimd.COMPLEX;
import static dev.gatun.op.sequence.scan.ScanSimd.EXCLUSIVE;
import static dev.gatun.op.sequence.scan.ScanSimd.GATES;
import static dev.gatun.op.sequence.scan.ScanSimd.GRAD;
import static dev.gatun.op.sequence.scan.ScanSimd.GUESSED;
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

  /// The tensor with part `p` of numbers whose first is tensor `first`.
  static int tensor(long[] r, int first, int p) {
    return r[COMPLEX] == 1 ? first + p : first;
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
        long from = at + channel(i, width, lanes(c)) + p * r[HOP];
        double v = r[INIT] < 0 ? 0 : get(c.in(tensor(r, (int) r[INIT], p)), from, f32);
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
    int first = r[GRAD] == 1 ? 2 * n : n;
    for (int i = 0; i < slots(width, lanes(c)); i++) {
      int channel = channel(i, width, lanes(c));
      for (int p = 0; p < r[SIZE]; p++) {
        double s =
            r[GRAD] == 1 && r[T] > 0
                ? back(c, run, w + i, channel, p)
                : get(c.scratch(), w + p * r[SLOT] + i, f32);
        set(c.out(tensor(r, first, p)), at + channel + p * r[HOP], f32, s);
      }
    }
  }

  /// Part `p` of what reaches the state before the first step, from the gradient of the one after
  /// it at `w`.
  private static double back(Call c, long run, long w, int channel, int p) {
    long[] r = c.registers();
    boolean f32 = c.dtype() == DType.F32;
    int n = (int) r[COMPLEX] + 1;
    long gate = gateAt(c, r, run, r[T] - 1) + (r[SHARED] == 1 ? 0 : channel);
    double sum = 0;
    for (int i = 0; i < r[SIZE]; i++) {
      double d = get(c.scratch(), w + i * r[SLOT], f32);
      sum +=
          n == 1
              ? get(c.in(0), gate + (i * r[SIZE] + p) * r[GATE_HOP], f32) * d
              : get(c.in(i == p ? 0 : 1), gate, f32) * (i < p ? -d : d);
    }
    if (r[EXCLUSIVE] == 1) {
      long at = at(r, run, r[T] - 1) + channel + p * r[HOP];
      sum += get(c.in(tensor(r, 2 * n, p)), at, f32);
    }
    return sum;
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
        gradient(c, run, t, end, w, spare);
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
      RowsSimd.steps(
          c, run, a, b, n, c.out(0), c.out(n - 1), b, s * r[STEP], (int) (to - from), w, spare);
      return;
    }
    if (from == 0) {
      store(c, run, w, 0, b);
    }
    int rows = (int) (Math.min(to, r[T] - 1) - from);
    RowsSimd.steps(
        c, run, a, b, n, c.out(0), c.out(n - 1), b + s * r[STEP], s * r[STEP], rows, w, spare);
    if (to == r[T]) {
      MemorySegment dump = c.scratch();
      long last = gateAt(c, r, run, to - 1);
      RowsSimd.steps(c, run, last, at(r, run, to - 1), n, dump, dump, spare, 0, 1, w, spare);
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
        long at = to + channel(i, width, lanes(c)) + p * r[HOP];
        set(c.out(tensor(r, first, p)), at, f32, v);
      }
    }
  }

  private static void gradient(Call c, long run, long from, long to, long w, long spare) {
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
    RowsSimd.steps(c, run, a, d, 2 * n, c.out(n), c.out(2 * n - 1), to0, s, rows, w, spare);
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
        long from = at + channel(i, width, lanes(c)) + p * r[HOP];
        double d = get(c.in(tensor(r, 2 * n, p)), from, f32);
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
    long whole = wholeAt(r, at);
    long state = ScanLayout.state(r, outer(r, run)) + column(r, run);
    for (int i = 0; i < width(r, run); i++) {
      for (int p = 0; p < r[GATES]; p++) {
        double v = 0;
        if (n == 1) {
          long row = p / r[SIZE];
          double g = get(c.out(1), at + i + row * r[HOP], f32);
          v = g * before(c, state + i, Math.toIntExact(p % r[SIZE]));
        } else {
          double g = get(c.out(2), at + i, f32);
          double h = get(c.out(3), at + i, f32);
          double x = before(c, state + i, 0);
          double y = before(c, state + i, 1);
          v = p == 0 ? g * x + h * y : h * x - g * y;
        }
        set(c.out(tensor(r, 0, p)), whole + i + p * r[HOP], f32, v);
      }
    }
  }

  /// Part `p` of the initial state, or 0.
  private static double before(Call c, long at, int p) {
    long[] r = c.registers();
    if (r[BEFORE] < 0) {
      return 0;
    }
    boolean f32 = c.dtype() == DType.F32;
    return get(c.in(tensor(r, (int) r[BEFORE], p)), at + p * r[HOP], f32);
  }

  /// The element of gates that share nothing which belongs to element `at` of states, both of part
  /// 0.
  static long wholeAt(long[] r, long at) {
    return at / r[STEP] * (r[STEP] * r[GATES] / r[SIZE]) + at % r[STEP];
  }

  /// What steps `from` to `to` make of a state, at `w`: parts of the factor, then of the rest.
  static void fold(Call c, long run, long from, long to, long w, long spare) {
    long[] r = c.registers();
    boolean f32 = c.dtype() == DType.F32;
    int n = (int) r[COMPLEX] + 1;
    int slots = slots(width(r, run), lanes(c));
    for (int p = 0; p < r[GATES] + r[SIZE]; p++) {
      boolean one = n > 1 ? p == 0 : p < r[GATES] && p % (r[SIZE] + 1) == 0;
      for (int i = 0; i < slots; i++) {
        set(c.scratch(), w + p * r[SLOT] + i, f32, one ? 1 : 0);
      }
    }
    if (r[GRAD] == 0) {
      RowsSimd.fold(
          c, run, gateAt(c, r, run, from), at(r, run, from), n, (int) (to - from), w, spare);
      return;
    }
    long first = from;
    if (from == 0) {
      if (r[EXCLUSIVE] == 0) {
        add(c, run, w + r[GATES] * r[SLOT]);
      }
      first = 1;
    }
    long d = at(r, run, r[EXCLUSIVE] == 1 ? first - 1 : first);
    RowsSimd.fold(c, run, gateAt(c, r, run, first - 1), d, 2 * n, (int) (to - first), w, spare);
  }

  /// The states at `to` behind those at `from`, by what the steps between make of them: columns of
  /// a matrix, for complex numbers one, then what they add.
  static void follow(Call c, long run, long share, long from, long to) {
    long[] r = c.registers();
    boolean f32 = c.dtype() == DType.F32;
    MemorySegment w = c.scratch();
    long slot = r[SLOT];
    for (int i = 0; i < slots(width(r, run), lanes(c)); i++) {
      if (r[COMPLEX] == 1) {
        double x = get(w, from + i, f32);
        double p = get(w, share + i, f32);
        double q = get(w, share + slot + i, f32);
        double y = get(w, from + slot + i, f32);
        double re = p * x - q * y + get(w, share + 2 * slot + i, f32);
        double im = p * y + q * x + get(w, share + 3 * slot + i, f32);
        set(w, to + i, f32, flushed(re, f32));
        set(w, to + slot + i, f32, flushed(im, f32));
        continue;
      }
      for (int p = 0; p < r[SIZE]; p++) {
        double sum = get(w, share + (r[GATES] + p) * slot + i, f32);
        for (int j = 0; j < r[SIZE]; j++) {
          double gate = get(w, share + (j * r[SIZE] + p) * slot + i, f32);
          sum = Math.fma(gate, get(w, from + j * slot + i, f32), sum);
        }
        set(w, to + p * slot + i, f32, flushed(sum, f32));
      }
    }
  }

  private static double flushed(double s, boolean f32) {
    return Math.abs(s) < (f32 ? Float.MIN_NORMAL : Double.MIN_NORMAL) ? 0 : s;
  }

  static void copy(Call c, long from, long to) {
    long[] r = c.registers();
    long bytes = c.dtype().bytes();
    MemorySegment.copy(
        c.scratch(), from * bytes, c.scratch(), to * bytes, r[SIZE] * r[SLOT] * bytes);
  }

  /// Whether what steps multiply a state by, at `share`, is too little to be seen behind them.
  static boolean fades(Call c, long run, long share) {
    long[] r = c.registers();
    boolean f32 = c.dtype() == DType.F32;
    double least = f32 ? 0x1p-32 : 0x1p-64;
    boolean fades = true;
    for (int p = 0; p < r[GATES]; p++) {
      for (int i = 0; i < slots(width(r, run), lanes(c)); i++) {
        fades &= Math.abs(get(c.scratch(), share + p * r[SLOT] + i, f32)) < least;
      }
    }
    return fades;
  }

  /// Sets the states at `before` to those at `after`, for chunks where either is not finite;
  /// whether one was another.
  static boolean mend(Call c, long run, long after, long before) {
    long[] r = c.registers();
    boolean f32 = c.dtype() == DType.F32;
    MemorySegment w = c.scratch();
    boolean mended = false;
    for (int p = 0; p < r[SIZE]; p++) {
      for (int i = 0; i < slots(width(r, run), lanes(c)); i++) {
        double is = get(w, after + p * r[SLOT] + i, f32);
        double was = get(w, before + p * r[SLOT] + i, f32);
        boolean sure = r[GUESSED] == 0 && Double.isFinite(is) && Double.isFinite(was);
        if (!sure && Double.compare(is, was) != 0) {
          set(w, before + p * r[SLOT] + i, f32, is);
          mended = true;
        }
      }
    }
    return mended;
  }
}
