package dev.gatun.op.sequence.attention;

import dev.gatun.cpu.simd.AttentionScanF32;
import dev.gatun.cpu.simd.AttentionScanF64;
import dev.gatun.cpu.simd.ExpLanes;
import dev.gatun.cpu.simd.Lanes;
import dev.gatun.cpu.simd.Loop;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;

/// Vector form of [AttentionScan]: the scores of a piece of time first, in double with time along
/// the lanes of the exponentials, then the values step by step, `D` along the lanes. A sequence is
/// one block.
final class AttentionScanSimd {
  /// Steps of a piece.
  private static final int PIECE = 256;

  // Registers.
  private static final int STATES = 0;
  private static final int INITIAL = 1;
  private static final int T = 2;
  private static final int D = 3;

  private static final Loop.Unary EXP = Loop.f64((DoubleVector x) -> ExpLanes.f64(x));

  private static final Workers.Body FORWARD = AttentionScanSimd::forward;
  private static final Workers.Body BACKWARD = AttentionScanSimd::backward;

  private AttentionScanSimd() {}

  /// For each worker, in doubles: what is kept, weights, scales, then a row of `D`.
  static long scratch(Spec v, int workers) {
    return (3L * PIECE + v.shape().dim(-1)) * Double.BYTES * workers;
  }

  private static long spare(long[] r, int worker) {
    return (3L * PIECE + r[D]) * worker;
  }

  static void forward(AttentionScan op, Call c, Workers w) {
    c.registers()[STATES] = op.states() ? 1 : 0;
    c.registers()[INITIAL] = op.initial() ? 1 : 0;
    run(FORWARD, c, w);
  }

  static void backward(Call c, Workers w) {
    run(BACKWARD, c, w);
  }

  private static void run(Workers.Body body, Call c, Workers w) {
    Shape v = c.inShape(1);
    c.registers()[T] = v.dim(-2);
    c.registers()[D] = v.dim(-1);
    w.run(body, c, 0, Math.toIntExact(v.elems(0, v.rank() - 2)));
  }

  private static double read(MemorySegment x, long i, boolean f32) {
    return f32 ? x.get(Lanes.FLOAT, i * 4) : x.get(Lanes.DOUBLE, i * 8);
  }

  private static void write(MemorySegment x, long i, boolean f32, double v) {
    if (f32) {
      x.set(Lanes.FLOAT, i * 4, (float) v);
    } else {
      x.set(Lanes.DOUBLE, i * 8, v);
    }
  }

  private static double scratch(Call c, long i) {
    return c.scratch().get(Lanes.DOUBLE, i * 8);
  }

  private static void scratch(Call c, long i, double v) {
    c.scratch().set(Lanes.DOUBLE, i * 8, v);
  }

  /// The row of scratch for the worker, as an element number of the call's type.
  private static long row(long spare, boolean f32) {
    return (spare + 3L * PIECE) * (f32 ? 2 : 1);
  }

  private static void forward(Call c, long phase, int row, int worker) {
    long[] r = c.registers();
    boolean f32 = c.dtype() == DType.F32;
    boolean initial = r[INITIAL] == 1;
    long spare = spare(r, worker);
    int size = f32 ? 4 : 8;
    long w = row(spare, f32);
    if (initial) {
      MemorySegment.copy(c.in(4), row * r[D] * size, c.scratch(), w * size, r[D] * size);
    } else {
      Lanes.clear(c.scratch(), w * size, r[D] * size);
    }
    double m = initial ? read(c.in(2), row, f32) : Double.NEGATIVE_INFINITY;
    double u = initial ? read(c.in(3), row, f32) : 0;
    for (long t = 0; t < r[T]; t += PIECE) {
      int n = (int) Math.min(PIECE, r[T] - t);
      long at = row * r[T] + t;
      m = exponents(c, at, n, spare, m, f32);
      EXP.run(c.scratch(), spare, c.scratch(), spare, n);
      EXP.run(c.scratch(), spare + PIECE, c.scratch(), spare + PIECE, n);
      u = sums(c, at, n, spare, u, f32);
      values(c, at, n, spare, t == 0, f32);
    }
  }

  /// Running maxima, and the exponents of what is kept and of the weights.
  private static double exponents(Call c, long at, int n, long spare, double m, boolean f32) {
    MemorySegment s = Lanes.offHeap(c.in(0));
    MemorySegment maxima = Lanes.offHeap(c.out(1));
    for (int i = 0; i < n; i++) {
      double score = read(s, at + i, f32);
      double max = Math.max(m, score);
      double shift = AttentionScan.finite(max);
      scratch(c, spare + i, m - shift);
      scratch(c, spare + PIECE + i, score - shift);
      write(maxima, at + i, f32, max);
      m = max;
    }
    return m;
  }

  /// Running sums of weights, and their inverses.
  private static double sums(Call c, long at, int n, long spare, double u, boolean f32) {
    MemorySegment sums = Lanes.offHeap(c.out(2));
    for (int i = 0; i < n; i++) {
      u = scratch(c, spare + i) * u + scratch(c, spare + PIECE + i);
      write(sums, at + i, f32, u);
      scratch(c, spare + 2 * PIECE + i, u == 0 ? 0 : 1 / u);
    }
    return u;
  }

  /// Running sums of values: from row to row of the result where that is wanted, else in place.
  private static void values(Call c, long at, int n, long spare, boolean first, boolean f32) {
    long[] r = c.registers();
    int d = Math.toIntExact(r[D]);
    MemorySegment v = c.in(1);
    MemorySegment o = c.out(0);
    boolean states = r[STATES] == 1;
    MemorySegment to = states ? c.out(3) : c.scratch();
    long start = row(spare, f32);
    for (int i = 0; i < n; i++) {
      double keep = scratch(c, spare + i);
      double p = scratch(c, spare + PIECE + i);
      double scale = scratch(c, spare + 2 * PIECE + i);
      long x = (at + i) * d;
      boolean fresh = !states || first && i == 0;
      MemorySegment from = fresh ? c.scratch() : to;
      long fromAt = fresh ? start : x - d;
      long toAt = states ? x : start;
      if (f32) {
        AttentionScanF32.forward(keep, p, scale, v, x, from, fromAt, to, toAt, o, x, d);
      } else {
        AttentionScanF64.forward(keep, p, scale, v, x, from, fromAt, to, toAt, o, x, d);
      }
    }
  }

  private static void backward(Call c, long phase, int row, int worker) {
    long[] r = c.registers();
    boolean f32 = c.dtype() == DType.F32;
    long spare = spare(r, worker);
    int size = f32 ? 4 : 8;
    Lanes.clear(c.scratch(), row(spare, f32) * size, r[D] * size);
    double k = 0;
    for (long end = r[T]; end > 0; end -= PIECE) {
      int n = (int) Math.min(PIECE, end);
      long at = row * r[T] + end - n;
      factors(c, at, n, spare, end == r[T], f32);
      k = gradients(c, at, n, spare, k, f32);
    }
  }

  /// What is kept from step `at + i + 1` to `at + i`, and the weights of the values.
  private static void factors(Call c, long at, int n, long spare, boolean last, boolean f32) {
    MemorySegment s = Lanes.offHeap(c.in(0));
    MemorySegment maxima = Lanes.offHeap(c.in(3));
    MemorySegment sums = Lanes.offHeap(c.in(4));
    for (int i = 0; i < n; i++) {
      boolean end = last && i == n - 1;
      double m = read(maxima, at + i, f32);
      double next = end ? Double.NEGATIVE_INFINITY : read(maxima, at + i + 1, f32);
      double score = read(s, at + i, f32);
      scratch(c, spare + i, end ? Double.NEGATIVE_INFINITY : m - AttentionScan.finite(next));
      scratch(c, spare + PIECE + i, score - AttentionScan.finite(m));
    }
    EXP.run(c.scratch(), spare, c.scratch(), spare, n);
    EXP.run(c.scratch(), spare + PIECE, c.scratch(), spare + PIECE, n);
    for (int i = 0; i < n; i++) {
      double u = read(sums, at + i, f32);
      double next = last && i == n - 1 ? 0 : read(sums, at + i + 1, f32);
      scratch(c, spare + i, AttentionScan.isNone(next) ? 0 : scratch(c, spare + i) * u / next);
      double p = scratch(c, spare + PIECE + i);
      scratch(c, spare + PIECE + i, AttentionScan.isNone(u) ? 0 : p / u);
    }
  }

  /// Returns `K` at the first step of the piece, from that at the step behind its last.
  private static double gradients(Call c, long at, int n, long spare, double k, boolean f32) {
    int d = Math.toIntExact(c.registers()[D]);
    long g = row(spare, f32);
    for (int i = n - 1; i >= 0; i--) {
      long t = at + i;
      double keep = scratch(c, spare + i);
      double p = scratch(c, spare + PIECE + i);
      double later = 0;
      if (keep != 0) {
        k = keep * (difference(c, g, 2, t, t + 1, f32) + k);
        later = p == 0 ? 0 : keep * difference(c, g, 1, t, t, f32);
      } else {
        k = 0;
      }
      double before = i == 0 ? kept(c, t, f32) : scratch(c, spare + i - 1);
      double here = p == 0 ? 0 : here(c, t, p, before, f32);
      if (f32) {
        AttentionScanF32.backward(keep, p, c.in(5), c.out(1), t * d, c.scratch(), g, d);
      } else {
        AttentionScanF64.backward(keep, p, c.in(5), c.out(1), t * d, c.scratch(), g, d);
      }
      write(c.out(0), t, f32, p == 0 ? 0 : p * (here + later + k));
    }
    return k;
  }

  /// `do . (v - o)` at step `t`, `before` being what is kept of the step before.
  private static double here(Call c, long t, double p, double before, boolean f32) {
    if (t % c.registers()[T] == 0) {
      return dot(c, t, 1, t, f32) - dot(c, t, 2, t, f32);
    }
    double value = dot(c, t, 1, t, f32);
    return value - (p * value + before * dot(c, t, 2, t - 1, f32));
  }

  /// What step `t` keeps of the one before, which lies in another piece.
  private static double kept(Call c, long t, boolean f32) {
    return t % c.registers()[T] == 0
        ? 0
        : AttentionScan.Grad.ratio(
            read(c.in(3), t - 1, f32),
            read(c.in(4), t - 1, f32),
            read(c.in(3), t, f32),
            read(c.in(4), t, f32));
  }

  /// Step `t` of the result's gradient times step `u` of input `y`.
  private static double dot(Call c, long t, int y, long u, boolean f32) {
    int d = Math.toIntExact(c.registers()[D]);
    return f32
        ? AttentionScanF32.dot(c.in(5), t * d, c.in(y), u * d, d)
        : AttentionScanF64.dot(c.in(5), t * d, c.in(y), u * d, d);
  }

  /// `g` times step `t` of input `y` less step `u` of the result.
  private static double difference(Call c, long g, int y, long t, long u, boolean f32) {
    int d = Math.toIntExact(c.registers()[D]);
    return f32
        ? AttentionScanF32.dot(c.scratch(), g, c.in(y), t * d, c.in(2), u * d, d)
        : AttentionScanF64.dot(c.scratch(), g, c.in(y), t * d, c.in(2), u * d, d);
  }
}
