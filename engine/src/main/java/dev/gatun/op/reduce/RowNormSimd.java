package dev.gatun.op.reduce;

import static dev.gatun.op.reduce.NormPlan.BIAS;
import static dev.gatun.op.reduce.NormPlan.CENTRED;
import static dev.gatun.op.reduce.NormPlan.EPS;
import static dev.gatun.op.reduce.NormPlan.GATE;
import static dev.gatun.op.reduce.NormPlan.GATE_FIRST;
import static dev.gatun.op.reduce.NormPlan.GROUPS;
import static dev.gatun.op.reduce.NormPlan.N;
import static dev.gatun.op.reduce.NormPlan.PER_BLOCK;
import static dev.gatun.op.reduce.NormPlan.RUNS;
import static dev.gatun.op.reduce.NormPlan.SPREAD;
import static dev.gatun.op.reduce.NormPlan.WEIGHT;

import dev.gatun.cpu.simd.Lanes;
import dev.gatun.cpu.simd.Loop;
import dev.gatun.cpu.simd.NormF32;
import dev.gatun.cpu.simd.NormF64;
import dev.gatun.cpu.simd.SigmoidLanes;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/// Vector form of [RowNorm].
final class RowNormSimd {
  /// `x silu(z)`
  static final Loop.Binary SILU_F32 =
      Loop.f32((FloatVector x, FloatVector z) -> x.mul(z.mul(SigmoidLanes.f32(z))));

  static final Loop.Binary SILU_F64 =
      Loop.f64((DoubleVector x, DoubleVector z) -> x.mul(z.mul(SigmoidLanes.f64(z))));

  private static final Workers.Body FORWARD = RowNormSimd::forward;
  private static final Workers.Body CHANNELS = RowNormSimd::channels;

  private RowNormSimd() {}

  static void forward(RowNorm op, Call c, Workers w) {
    Shape x = c.inShape(0);
    if (x.elems() == 0) {
      return;
    }
    long[] r = c.registers();
    NormPlan.forward(op, x, r);
    if (r[SPREAD] >= NormPlan.CHANNEL) {
      w.run(CHANNELS, c, 0, NormPlan.blocks(r));
      return;
    }
    if (r[SPREAD] > 1) {
      spread(c, (int) r[WEIGHT], 0, r[SPREAD], op.width(x));
      spread(c, (int) r[BIAS], op.width(x), r[SPREAD], op.width(x));
    }
    w.run(FORWARD, c, 0, NormPlan.blocks(r));
  }

  /// Repeats each element of input `i` for its neighbours, into `width` elements of scratch from
  /// element `at` on.
  static void spread(Call c, int i, long at, long repeat, long width) {
    if (i < 0) {
      return;
    }
    if (c.dtype() == DType.F32) {
      for (long j = 0; j < width; j++) {
        c.scratch().set(Lanes.FLOAT, (at + j) * 4, c.in(i).get(Lanes.FLOAT, j / repeat * 4));
      }
    } else {
      for (long j = 0; j < width; j++) {
        c.scratch().set(Lanes.DOUBLE, (at + j) * 8, c.in(i).get(Lanes.DOUBLE, j / repeat * 8));
      }
    }
  }

  /// The weight or bias of register `which`, for [NormF32].
  static MemorySegment operand(Call c, int which) {
    long i = c.registers()[which];
    if (i < 0) {
      return MemorySegment.NULL;
    }
    return c.registers()[SPREAD] > 1 ? c.scratch() : c.in((int) i);
  }

  /// Element number of the first bias in [#operand].
  static long biasAt(long[] r) {
    return r[SPREAD] > 1 ? r[N] * r[GROUPS] : 0;
  }

  private static void channels(Call c, long phase, int block, int worker) {
    long[] r = c.registers();
    long begin = block * r[PER_BLOCK];
    long end = Math.min(r[RUNS], begin + r[PER_BLOCK]);
    int n = Math.toIntExact(r[N]);
    int repeat = (int) r[SPREAD];
    double eps = Double.longBitsToDouble(r[EPS]);
    MemorySegment x = c.in(0);
    MemorySegment w = r[WEIGHT] < 0 ? MemorySegment.NULL : c.in((int) r[WEIGHT]);
    MemorySegment b = r[BIAS] < 0 ? MemorySegment.NULL : c.in((int) r[BIAS]);
    MemorySegment y = c.out(0);
    if (c.dtype() == DType.F32) {
      NormF32.channels(x, w, b, y, c.out(1), begin, end, n, r[GROUPS], repeat, eps);
    } else {
      NormF64.channels(x, w, b, y, c.out(1), begin, end, n, r[GROUPS], repeat, eps);
    }
  }

  private static void forward(Call c, long phase, int block, int worker) {
    long[] r = c.registers();
    long begin = block * r[PER_BLOCK];
    long end = Math.min(r[RUNS], begin + r[PER_BLOCK]);
    int n = Math.toIntExact(r[N]);
    int elems = Math.toIntExact((end - begin) * n);
    long at = begin * n;
    boolean f32 = c.dtype() == DType.F32;
    Loop.Binary silu = f32 ? SILU_F32 : SILU_F64;
    MemorySegment x = c.in(0);
    if (r[GATE] >= 0 && r[GATE_FIRST] == 1) {
      silu.run(x, at, 0, c.in(1), at, 0, c.out(0), at, 1, elems);
      x = c.out(0);
    }
    double eps = Double.longBitsToDouble(r[EPS]);
    boolean centred = r[CENTRED] == 1;
    MemorySegment w = operand(c, WEIGHT);
    MemorySegment b = operand(c, BIAS);
    long bAt = biasAt(r);
    if (f32) {
      NormF32.rows(
          x, 0, w, 0, b, bAt, c.out(0), 0, c.out(1), 0, begin, end, n, r[GROUPS], eps, centred);
    } else {
      NormF64.rows(
          x, 0, w, 0, b, bAt, c.out(0), 0, c.out(1), 0, begin, end, n, r[GROUPS], eps, centred);
    }
    if (r[GATE] >= 0 && r[GATE_FIRST] == 0) {
      silu.run(c.out(0), at, 0, c.in(1), at, 0, c.out(0), at, 1, elems);
    }
  }
}
