package dev.gatun.op.reduce;

import static dev.gatun.op.reduce.NormPlan.BIAS;
import static dev.gatun.op.reduce.NormPlan.CENTRED;
import static dev.gatun.op.reduce.NormPlan.DB;
import static dev.gatun.op.reduce.NormPlan.DW;
import static dev.gatun.op.reduce.NormPlan.EPS;
import static dev.gatun.op.reduce.NormPlan.GATE;
import static dev.gatun.op.reduce.NormPlan.GATE_FIRST;
import static dev.gatun.op.reduce.NormPlan.GROUPS;
import static dev.gatun.op.reduce.NormPlan.N;
import static dev.gatun.op.reduce.NormPlan.PARTIALS;
import static dev.gatun.op.reduce.NormPlan.PER_BLOCK;
import static dev.gatun.op.reduce.NormPlan.RUNS;
import static dev.gatun.op.reduce.NormPlan.SPARE;
import static dev.gatun.op.reduce.NormPlan.SPREAD;
import static dev.gatun.op.reduce.NormPlan.SUMS;
import static dev.gatun.op.reduce.NormPlan.WEIGHT;

import dev.gatun.cpu.simd.Lanes;
import dev.gatun.cpu.simd.Loop;
import dev.gatun.cpu.simd.NormF32;
import dev.gatun.cpu.simd.NormF64;
import dev.gatun.cpu.simd.NormGradientF32;
import dev.gatun.cpu.simd.NormGradientF64;
import dev.gatun.cpu.simd.ReduceF32;
import dev.gatun.cpu.simd.ReduceF64;
import dev.gatun.cpu.simd.SigmoidLanes;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/// Vector form of [RowNormGrad]: blocks of runs give `dx`, the gradient of the gate and sums for
/// the weights, which a second phase adds up in the order of the blocks.
final class RowNormGradSimd {
  /// Weights of a block of the second phase.
  private static final int TILE = 1024;

  /// `dy y silu'(z)`
  private static final Loop.Ternary SLOPE_F32 =
      Loop.f32((FloatVector dy, FloatVector y, FloatVector z) -> {
        FloatVector s = SigmoidLanes.f32(z);
        return dy.mul(y).mul(s.mul(z.mul(s.neg().add(1)).add(1)));
      });

  private static final Loop.Ternary SLOPE_F64 =
      Loop.f64((DoubleVector dy, DoubleVector y, DoubleVector z) -> {
        DoubleVector s = SigmoidLanes.f64(z);
        return dy.mul(y).mul(s.mul(z.mul(s.neg().add(1)).add(1)));
      });

  private static final Workers.Body RUN_BLOCK = RowNormGradSimd::runs;
  private static final Workers.Body WEIGHT_BLOCK = RowNormGradSimd::weights;

  private RowNormGradSimd() {}

  static void run(RowNormGrad op, Call c, Workers w) {
    Shape x = c.inShape(RowNormGrad.X);
    RowNorm norm = op.norm();
    if (x.elems() == 0) {
      for (int i = 0; i < c.outputs(); i++) {
        c.out(i).fill((byte) 0);
      }
      return;
    }
    long[] r = c.registers();
    NormPlan.gradient(op, x, r);
    if (r[SPREAD] > 1) {
      RowNormSimd.spread(c, (int) r[WEIGHT], 0, r[SPREAD], norm.width(x));
      RowNormSimd.spread(c, (int) r[BIAS], norm.width(x), r[SPREAD], norm.width(x));
    }
    w.run(RUN_BLOCK, c, 0, NormPlan.blocks(r));
    if (r[DW] >= 0 || r[DB] >= 0) {
      w.run(WEIGHT_BLOCK, c, 0, Math.toIntExact((norm.width(x) + TILE - 1) / TILE));
      if (r[SPREAD] > 1) {
        gather(c, r, norm.width(x));
      }
    }
  }

  private static void runs(Call c, long phase, int block, int worker) {
    long[] r = c.registers();
    long begin = block * r[PER_BLOCK];
    long end = Math.min(r[RUNS], begin + r[PER_BLOCK]);
    int n = Math.toIntExact(r[N]);
    int elems = Math.toIntExact((end - begin) * n);
    long at = begin * n;
    long spare = r[SPARE] + worker * NormPlan.spare(r);
    boolean f32 = c.dtype() == DType.F32;
    Loop.Binary silu = f32 ? RowNormSimd.SILU_F32 : RowNormSimd.SILU_F64;
    Loop.Ternary slope = f32 ? SLOPE_F32 : SLOPE_F64;
    MemorySegment spareMemory = c.scratch();
    MemorySegment dy = c.in(0);
    MemorySegment x = c.in(RowNormGrad.X);
    if (r[GATE] < 0) {
      norm(c, x, 0, dy, 0, begin, end, block);
    } else if (r[GATE_FIRST] == 1) {
      // The norm saw x silu(z): form it again, then apply the product rule to its gradient.
      MemorySegment z = c.in(RowNormGrad.GATE);
      silu.run(x, at, 0, z, at, 0, spareMemory, spare, 1, elems);
      norm(c, spareMemory, spare - at, dy, 0, begin, end, block);
      slope.run(c.out(0), at, x, at, z, at, c.out(1), at, elems);
      silu.run(c.out(0), at, 0, z, at, 0, c.out(0), at, 1, elems);
    } else {
      MemorySegment z = c.in(RowNormGrad.GATE);
      again(c, begin, end, spare + r[PER_BLOCK] * n - 2 * begin);
      slope.run(dy, at, c.out(1), at, z, at, c.out(1), at, elems);
      silu.run(dy, at, 0, z, at, 0, spareMemory, spare, 1, elems);
      norm(c, x, 0, spareMemory, spare - at, begin, end, block);
    }
  }

  /// The result of the norm, into the place of the gate's gradient.
  private static void again(Call c, long begin, long end, long statsAt) {
    long[] r = c.registers();
    double eps = Double.longBitsToDouble(r[EPS]);
    MemorySegment x = c.in(RowNormGrad.X);
    MemorySegment w = RowNormSimd.operand(c, WEIGHT);
    MemorySegment b = RowNormSimd.operand(c, BIAS);
    long bAt = RowNormSimd.biasAt(r);
    MemorySegment stats = c.scratch();
    if (c.dtype() == DType.F32) {
      NormF32.rows(
          x,
          0,
          w,
          0,
          b,
          bAt,
          c.out(1),
          0,
          stats,
          statsAt,
          begin,
          end,
          (int) r[N],
          r[GROUPS],
          eps,
          r[CENTRED] == 1);
    } else {
      NormF64.rows(
          x,
          0,
          w,
          0,
          b,
          bAt,
          c.out(1),
          0,
          stats,
          statsAt,
          begin,
          end,
          (int) r[N],
          r[GROUPS],
          eps,
          r[CENTRED] == 1);
    }
  }

  private static void norm(
      Call c,
      MemorySegment x,
      long xAt,
      MemorySegment dy,
      long dyAt,
      long begin,
      long end,
      int block) {
    long[] r = c.registers();
    int n = (int) r[N];
    long groups = r[GROUPS];
    MemorySegment w = RowNormSimd.operand(c, WEIGHT);
    long dw = r[PARTIALS] + 2 * n * groups * block;
    long db = dw + n * groups;
    boolean weights = r[DW] >= 0 || r[DB] >= 0;
    boolean centred = r[CENTRED] == 1;
    boolean constant = centred && n == 1;
    if (constant) {
      // A single element is its own mean: no rounding error may pass for a gradient.
      int size = c.dtype().bytes();
      Lanes.clear(c.out(0), begin * size, (end - begin) * size);
    }
    if (c.dtype() == DType.F32) {
      if (!constant) {
        NormGradientF32.rows(
            x, xAt, w, 0, dy, dyAt, c.in(1), 0, c.out(0), 0, begin, end, n, groups, centred);
      }
      if (weights) {
        NormGradientF32.weights(
            x, xAt, dy, dyAt, c.in(1), 0, c.scratch(), dw, c.scratch(), db, begin, end, n, groups);
      }
    } else {
      if (!constant) {
        NormGradientF64.rows(
            x, xAt, w, 0, dy, dyAt, c.in(1), 0, c.out(0), 0, begin, end, n, groups, centred);
      }
      if (weights) {
        NormGradientF64.weights(
            x, xAt, dy, dyAt, c.in(1), 0, c.scratch(), dw, c.scratch(), db, begin, end, n, groups);
      }
    }
  }

  private static void weights(Call c, long phase, int block, int worker) {
    long[] r = c.registers();
    long width = r[N] * r[GROUPS];
    long at = (long) block * TILE;
    int n = (int) Math.min(TILE, width - at);
    for (int which = DW; which <= DB; which++) {
      if (r[which] < 0) {
        continue;
      }
      long from = r[PARTIALS] + at + (which == DB ? width : 0);
      boolean spread = r[SPREAD] > 1;
      MemorySegment to = spread ? c.scratch() : c.out((int) r[which]);
      long toAt = spread ? r[SUMS] + at + (which == DB ? width : 0) : at;
      int blocks = NormPlan.blocks(r);
      if (c.dtype() == DType.F32) {
        ReduceF32.sumColumns(c.scratch(), from, 2 * width, to, toAt, blocks, n, 1);
      } else {
        ReduceF64.sumColumns(c.scratch(), from, 2 * width, to, toAt, blocks, n, 1);
      }
    }
  }

  /// Adds up neighbours that share a weight.
  private static void gather(Call c, long[] r, long width) {
    long weights = width / r[SPREAD];
    int n = Math.toIntExact(r[SPREAD]);
    for (int which = DW; which <= DB; which++) {
      if (r[which] < 0) {
        continue;
      }
      long from = r[SUMS] + (which == DB ? width : 0);
      MemorySegment to = c.out((int) r[which]);
      if (c.dtype() == DType.F32) {
        ReduceF32.sumRows(c.scratch(), from, to, 0, 0, weights, n, 1);
      } else {
        ReduceF64.sumRows(c.scratch(), from, to, 0, 0, weights, n, 1);
      }
    }
  }
}
