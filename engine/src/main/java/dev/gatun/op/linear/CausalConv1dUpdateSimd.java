package dev.gatun.op.linear;

import dev.gatun.cpu.simd.Lanes;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import java.lang.foreign.MemorySegment;

/// Vector form of [CausalConv1dUpdate]. A block is some channels of one sequence, so that all its
/// rows find a tap at the same place of the state. Several steps run along each row; a single one
/// runs down the channels, a tap at a time, as loops over the few taps of a row cost more than the
/// taps.
final class CausalConv1dUpdateSimd {
  /// Outputs of a block, unless one row has more.
  private static final int BLOCK = 1024;

  // Registers: operands by number, -1 where there is none, then sizes.
  static final int BIAS = 0;
  static final int POSITION = 1;
  static final int SILU = 2;
  static final int D = 3;
  static final int STEPS = 4;
  static final int PLACES = 5;
  static final int TAPS = 6;
  private static final int CHANNELS = 7;

  private static final Workers.Body FORWARD = CausalConv1dUpdateSimd::block;

  private CausalConv1dUpdateSimd() {}

  static void plan(CausalConv1dUpdate op, Call c) {
    long[] r = c.registers();
    Shape x = c.inShape(0);
    r[BIAS] = op.bias() ? 3 : -1;
    r[POSITION] = op.circular() ? op.position() : -1;
    r[SILU] = op.activation() == Activation.SILU ? 1 : 0;
    r[D] = x.dim(1);
    r[STEPS] = CausalConv1dUpdate.steps(x);
    r[PLACES] = c.inShape(1).dim(2);
    r[TAPS] = c.inShape(2).dim(1);
  }

  static void run(CausalConv1dUpdate op, Call c, Workers w) {
    plan(op, c);
    long[] r = c.registers();
    r[CHANNELS] = Math.max(1, BLOCK / Math.max(1, r[STEPS]));
    w.run(FORWARD, c, 0, Math.toIntExact(c.inShape(0).dim(0) * pieces(r)));
  }

  private static long pieces(long[] r) {
    return (r[D] + r[CHANNELS] - 1) / r[CHANNELS];
  }

  private static void block(Call c, long phase, int block, int worker) {
    long[] r = c.registers();
    long b = block / pieces(r);
    long d = block % pieces(r) * r[CHANNELS];
    int n = (int) Math.min(r[CHANNELS], r[D] - d);
    int steps = Math.toIntExact(r[STEPS]);
    if (steps == 1) {
      step(c, b, d, n);
    } else {
      for (long i = d; i < d + n; i++) {
        row(c, b, i, steps, 2 * (r[TAPS] - 1) * worker);
      }
    }
    if (r[SILU] == 1) {
      long at = (b * r[D] + d) * steps;
      boolean f32 = c.dtype() == DType.F32;
      (f32 ? CausalConv1dSimd.SILU_F32 : CausalConv1dSimd.SILU_F64)
          .run(c.out(0), at, c.out(0), at, n * steps);
    }
  }

  /// Several steps of one channel. The first outputs run over the end of the state and the inputs
  /// after it, side by side in scratch from element `spare` on.
  private static void row(Call c, long b, long d, int steps, long spare) {
    long[] r = c.registers();
    MemorySegment s = c.scratch();
    long row = b * r[D] + d;
    int size = c.dtype().bytes();
    int lead = (int) r[TAPS] - 1;
    int head = Math.min(lead, steps);
    recall(c, b, row, s, spare);
    MemorySegment.copy(c.in(0), row * steps * size, s, (spare + lead) * size, (long) head * size);
    convolve(c, d, s, spare, c.out(0), row * steps, head);
    convolve(c, d, c.in(0), row * steps, c.out(0), row * steps + head, steps - head);
    int kept = (int) Math.min(steps, r[PLACES]);
    long shift = r[POSITION] < 0 ? kept : 0;
    long at = row * r[PLACES];
    MemorySegment.copy(
        c.in(1), (at + shift) * size, c.out(1), at * size, (r[PLACES] - shift) * size);
    long place = written(c, b, kept);
    long first = Math.min(kept, r[PLACES] - place);
    long from = (row + 1) * steps - kept;
    MemorySegment.copy(c.in(0), from * size, c.out(1), (at + place) * size, first * size);
    MemorySegment.copy(c.in(0), (from + first) * size, c.out(1), at * size, (kept - first) * size);
  }

  /// Copies what the first of the new inputs sees of the state of `row`, in order.
  static void recall(Call c, long b, long row, MemorySegment to, long at) {
    long[] r = c.registers();
    int size = c.dtype().bytes();
    long lead = r[TAPS] - 1;
    long place = place(c, b, -lead);
    long first = Math.min(lead, r[PLACES] - place);
    long from = row * r[PLACES];
    MemorySegment.copy(c.in(1), (from + place) * size, to, at * size, first * size);
    MemorySegment.copy(c.in(1), from * size, to, (at + first) * size, (lead - first) * size);
  }

  /// Outputs before the activation, from inputs that lie side by side.
  static void convolve(
      Call c, long d, MemorySegment x, long xAt, MemorySegment y, long yAt, int n) {
    long[] r = c.registers();
    MemorySegment w = c.in(2);
    int taps = (int) r[TAPS];
    double bias = r[BIAS] < 0 ? 0 : c.get((int) r[BIAS], d);
    if (c.dtype() == DType.F32) {
      CorrelateSimd.f32(x, xAt, w, d * taps, 1, taps, (float) bias, y, yAt, n);
    } else {
      CorrelateSimd.f64(x, xAt, w, d * taps, 1, taps, bias, y, yAt, n);
    }
  }

  /// Place in the old state of input `t`, counted from the first new one, `t < 0`; in a ring also
  /// where a new one goes.
  static long place(Call c, long b, long t) {
    long[] r = c.registers();
    if (r[POSITION] < 0) {
      return r[PLACES] + t;
    }
    int i = (int) r[POSITION];
    return Math.floorMod(c.inSpec(i).dtype().readLong(c.in(i), b) + t, r[PLACES]);
  }

  /// Place in the new state of the first of the last `kept` inputs; the others follow.
  static long written(Call c, long b, long kept) {
    long[] r = c.registers();
    return r[POSITION] < 0 ? r[PLACES] - kept : place(c, b, r[STEPS] - kept);
  }

  /// One step of `n` channels from `d` on.
  private static void step(Call c, long b, long d, int n) {
    long[] r = c.registers();
    long row = b * r[D] + d;
    int size = c.dtype().bytes();
    if (r[BIAS] >= 0) {
      MemorySegment.copy(c.in(3), d * size, c.out(0), row * size, (long) n * size);
    }
    int taps = (int) r[TAPS];
    for (int k = 0; k < taps - 1; k++) {
      long at = row * r[PLACES] + place(c, b, k - taps + 1);
      tap(c, d, k, c.in(1), at, r[PLACES], row, n);
    }
    tap(c, d, taps - 1, c.in(0), row, 1, row, n);
    if (r[PLACES] == 0) {
      return;
    }
    // All rows move at once; the column of the new inputs is wrong until it is written.
    long at = row * r[PLACES];
    long shift = r[POSITION] < 0 ? 1 : 0;
    long moved = n * r[PLACES] - shift;
    MemorySegment.copy(c.in(1), (at + shift) * size, c.out(1), at * size, moved * size);
    long column = at + written(c, b, 1);
    if (c.dtype() == DType.F32) {
      columnF32(c.in(0), row, c.out(1), column, r[PLACES], n);
    } else {
      columnF64(c.in(0), row, c.out(1), column, r[PLACES], n);
    }
  }

  private static void tap(
      Call c, long d, int k, MemorySegment x, long xAt, long xStep, long yAt, int n) {
    long taps = c.registers()[TAPS];
    boolean first = k == 0 && c.registers()[BIAS] < 0;
    if (c.dtype() == DType.F32) {
      tapF32(c.in(2), d * taps + k, taps, x, xAt, xStep, c.out(0), yAt, n, first);
    } else {
      tapF64(c.in(2), d * taps + k, taps, x, xAt, xStep, c.out(0), yAt, n, first);
    }
  }

  /// `y[i] += w[i wStep] x[i xStep]`, from 0 if this is the first term.
  private static void tapF32(
      MemorySegment filters,
      long wAt,
      long wStep,
      MemorySegment inputs,
      long xAt,
      long xStep,
      MemorySegment outputs,
      long yAt,
      int n,
      boolean first) {
    MemorySegment w = Lanes.offHeap(filters);
    MemorySegment x = Lanes.offHeap(inputs);
    MemorySegment y = Lanes.offHeap(outputs);
    for (int i = 0; i < n; i++) {
      float v = w.get(Lanes.FLOAT, (wAt + i * wStep) * 4);
      float p = first ? 0 : y.get(Lanes.FLOAT, (yAt + i) * 4);
      y.set(Lanes.FLOAT, (yAt + i) * 4, Math.fma(v, x.get(Lanes.FLOAT, (xAt + i * xStep) * 4), p));
    }
  }

  private static void tapF64(
      MemorySegment filters,
      long wAt,
      long wStep,
      MemorySegment inputs,
      long xAt,
      long xStep,
      MemorySegment outputs,
      long yAt,
      int n,
      boolean first) {
    MemorySegment w = Lanes.offHeap(filters);
    MemorySegment x = Lanes.offHeap(inputs);
    MemorySegment y = Lanes.offHeap(outputs);
    for (int i = 0; i < n; i++) {
      double v = w.get(Lanes.DOUBLE, (wAt + i * wStep) * 8);
      double p = first ? 0 : y.get(Lanes.DOUBLE, (yAt + i) * 8);
      y.set(
          Lanes.DOUBLE, (yAt + i) * 8, Math.fma(v, x.get(Lanes.DOUBLE, (xAt + i * xStep) * 8), p));
    }
  }

  /// `y[i yStep] = x[i]`
  private static void columnF32(
      MemorySegment inputs, long xAt, MemorySegment outputs, long yAt, long yStep, int n) {
    MemorySegment x = Lanes.offHeap(inputs);
    MemorySegment y = Lanes.offHeap(outputs);
    for (int i = 0; i < n; i++) {
      y.set(Lanes.FLOAT, (yAt + i * yStep) * 4, x.get(Lanes.FLOAT, (xAt + i) * 4));
    }
  }

  private static void columnF64(
      MemorySegment inputs, long xAt, MemorySegment outputs, long yAt, long yStep, int n) {
    MemorySegment x = Lanes.offHeap(inputs);
    MemorySegment y = Lanes.offHeap(outputs);
    for (int i = 0; i < n; i++) {
      y.set(Lanes.DOUBLE, (yAt + i * yStep) * 8, x.get(Lanes.DOUBLE, (xAt + i) * 8));
    }
  }
}
