package dev.gatun.op.linear;

import static dev.gatun.op.linear.CausalConv1dUpdateSimd.BIAS;
import static dev.gatun.op.linear.CausalConv1dUpdateSimd.D;
import static dev.gatun.op.linear.CausalConv1dUpdateSimd.PLACES;
import static dev.gatun.op.linear.CausalConv1dUpdateSimd.POSITION;
import static dev.gatun.op.linear.CausalConv1dUpdateSimd.STEPS;
import static dev.gatun.op.linear.CausalConv1dUpdateSimd.TAPS;

import dev.gatun.cpu.simd.Loop;
import dev.gatun.cpu.simd.ReduceF32;
import dev.gatun.cpu.simd.ReduceF64;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/// Vector form of the gradient of [CausalConv1dUpdate]. A block is a channel, which goes through
/// the batch in order, so that no sum crosses blocks.
///
/// For a row, scratch holds three runs that are as long as the state's end and the inputs after it:
/// those values themselves, `g = dy activation'(p)` between `W - 1` zeros on either side, and the
/// gradients of the first.
final class CausalConv1dUpdateGradSimd {
  private static final Loop.Binary ADD_F32 = Loop.f32((FloatVector x, FloatVector y) -> x.add(y));
  private static final Loop.Binary ADD_F64 = Loop.f64((DoubleVector x, DoubleVector y) -> x.add(y));

  private static final Workers.Body CHANNEL = CausalConv1dUpdateGradSimd::channel;

  private CausalConv1dUpdateGradSimd() {}

  static void run(CausalConv1dUpdate op, Call c, Workers w) {
    CausalConv1dUpdateSimd.plan(op, c);
    w.run(CHANNEL, c, 0, Math.toIntExact(c.inShape(0).dim(1)));
  }

  /// Elements of scratch of each worker: the three runs, and one result.
  static long spare(long steps, long taps) {
    return 3 * steps + 4 * (taps - 1) + 1;
  }

  private static void channel(Call c, long phase, int d, int worker) {
    long[] r = c.registers();
    DType type = c.dtype();
    int taps = (int) r[TAPS];
    for (int k = 0; k < taps; k++) {
      type.write(c.out(2), (long) d * taps + k, 0);
    }
    long spare = worker * spare(r[STEPS], taps);
    double db = 0;
    for (long b = 0, batch = c.inShape(0).dim(0); b < batch; b++) {
      db += row(c, b, d, spare);
    }
    if (r[BIAS] >= 0) {
      type.write(c.out(3), d, db);
    }
  }

  /// Every gradient of one row. Returns the sum of `g`.
  private static double row(Call c, long b, int d, long x) {
    long[] r = c.registers();
    MemorySegment s = c.scratch();
    DType type = c.dtype();
    int steps = Math.toIntExact(r[STEPS]);
    int taps = (int) r[TAPS];
    int lead = taps - 1;
    long row = b * r[D] + d;
    long before = x + lead + steps;
    long g = before + lead;
    long dx = g + steps + lead;
    CausalConv1dUpdateSimd.recall(c, b, row, s, x);
    copy(c, c.in(0), row * steps, s, x + lead, steps);
    zero(c, s, before, lead);
    zero(c, s, g + steps, lead);
    slope(c, row, d, x, g, steps);
    long last = (long) d * taps + lead;
    if (type == DType.F32) {
      CorrelateSimd.f32(s, before, c.in(2), last, -1, taps, 0, s, dx, lead + steps);
    } else {
      CorrelateSimd.f64(s, before, c.in(2), last, -1, taps, 0, s, dx, lead + steps);
    }
    for (int k = 0; k < taps; k++) {
      double dw =
          type == DType.F32
              ? CorrelateSimd.dotF32(s, g, s, x + k, steps)
              : CorrelateSimd.dotF64(s, g, s, x + k, steps);
      long at = (long) d * taps + k;
      type.write(c.out(2), at, type.read(c.out(2), at) + dw);
    }
    copy(c, s, dx + lead, c.out(0), row * steps, steps);
    states(c, b, row, dx);
    return sum(c, g, dx + lead + steps, steps);
  }

  private static void slope(Call c, long row, int d, long x, long g, int steps) {
    MemorySegment s = c.scratch();
    MemorySegment dy = c.in(c.inputs() - 2);
    if (c.registers()[CausalConv1dUpdateSimd.SILU] == 0) {
      copy(c, dy, row * steps, s, g, steps);
      return;
    }
    CausalConv1dUpdateSimd.convolve(c, d, s, x, s, g, steps);
    (c.dtype() == DType.F32 ? CausalConv1dGradSimd.SLOPE_F32 : CausalConv1dGradSimd.SLOPE_F64)
        .run(dy, row * steps, 0, s, g, 0, s, g, 1, steps);
  }

  /// What comes straight through the new state, to the inputs it took in and the old values it
  /// kept, then what comes to the old state through `y`.
  private static void states(Call c, long b, long row, long dx) {
    long[] r = c.registers();
    MemorySegment ds = c.in(c.inputs() - 1);
    MemorySegment to = c.out(1);
    long at = row * r[PLACES];
    int kept = (int) Math.min(r[STEPS], r[PLACES]);
    long place = CausalConv1dUpdateSimd.written(c, b, kept);
    int first = (int) Math.min(kept, r[PLACES] - place);
    long x = (row + 1) * r[STEPS] - kept;
    add(c, ds, at + place, c.out(0), x, first);
    add(c, ds, at, c.out(0), x + first, kept - first);
    if (r[POSITION] < 0) {
      zero(c, to, at, kept);
      copy(c, ds, at, to, at + kept, r[PLACES] - kept);
    } else {
      copy(c, ds, at, to, at, r[PLACES]);
      zero(c, to, at + place, first);
      zero(c, to, at, kept - first);
    }
    int lead = (int) r[TAPS] - 1;
    long seen = CausalConv1dUpdateSimd.place(c, b, -lead);
    int run = (int) Math.min(lead, r[PLACES] - seen);
    add(c, c.scratch(), dx, to, at + seen, run);
    add(c, c.scratch(), dx + run, to, at, lead - run);
  }

  private static double sum(Call c, long from, long to, int n) {
    MemorySegment s = c.scratch();
    if (c.dtype() == DType.F32) {
      ReduceF32.sumRows(s, from, s, to, 0, 1, n, 1);
    } else {
      ReduceF64.sumRows(s, from, s, to, 0, 1, n, 1);
    }
    return c.dtype().read(s, to);
  }

  /// `y += x`
  private static void add(Call c, MemorySegment x, long xAt, MemorySegment y, long yAt, int n) {
    if (n > 0) {
      (c.dtype() == DType.F32 ? ADD_F32 : ADD_F64).run(x, xAt, 0, y, yAt, 0, y, yAt, 1, n);
    }
  }

  private static void copy(Call c, MemorySegment x, long xAt, MemorySegment y, long yAt, long n) {
    int size = c.dtype().bytes();
    MemorySegment.copy(x, xAt * size, y, yAt * size, n * size);
  }

  private static void zero(Call c, MemorySegment y, long at, long n) {
    for (long i = at; i < at + n; i++) {
      c.dtype().write(y, i, 0);
    }
  }
}
