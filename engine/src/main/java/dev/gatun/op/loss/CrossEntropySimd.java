package dev.gatun.op.loss;

import static dev.gatun.op.loss.CrossEntropyPlan.CLASSES;
import static dev.gatun.op.loss.CrossEntropyPlan.DIVISOR;
import static dev.gatun.op.loss.CrossEntropyPlan.EACH;
import static dev.gatun.op.loss.CrossEntropyPlan.KEPT;
import static dev.gatun.op.loss.CrossEntropyPlan.PER_BLOCK;
import static dev.gatun.op.loss.CrossEntropyPlan.PIECE;
import static dev.gatun.op.loss.CrossEntropyPlan.ROWS;
import static dev.gatun.op.loss.CrossEntropyPlan.SPREAD;
import static dev.gatun.op.loss.CrossEntropyPlan.TOTAL;
import static dev.gatun.op.loss.CrossEntropyPlan.WEIGHTS;
import static dev.gatun.op.loss.CrossEntropyPlan.number;

import dev.gatun.cpu.simd.ExpLanes;
import dev.gatun.cpu.simd.Lanes;
import dev.gatun.cpu.simd.Loop;
import dev.gatun.cpu.simd.ReduceF32;
import dev.gatun.cpu.simd.ReduceF64;
import dev.gatun.cpu.simd.SoftmaxF32;
import dev.gatun.cpu.simd.SoftmaxF64;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/// Vector form of [CrossEntropy] and its gradient. Targets are checked before any block runs.
final class CrossEntropySimd {
  /// Loops over a row.
  ///
  /// @param exp `e^(x - lse)`
  /// @param mul `x y`
  /// @param sub `x - y`
  private record Loops(Loop.Binary exp, Loop.Binary mul, Loop.Binary sub) {}

  private static final Loops F32 =
      new Loops(
          Loop.f32((FloatVector x, FloatVector lse) -> ExpLanes.f32(x.sub(lse))),
          Loop.f32((FloatVector x, FloatVector y) -> x.mul(y)),
          Loop.f32((FloatVector x, FloatVector y) -> x.sub(y)));
  private static final Loops F64 =
      new Loops(
          Loop.f64((DoubleVector x, DoubleVector lse) -> ExpLanes.f64(x.sub(lse))),
          Loop.f64((DoubleVector x, DoubleVector y) -> x.mul(y)),
          Loop.f64((DoubleVector x, DoubleVector y) -> x.sub(y)));

  private static final Workers.Body FORWARD = CrossEntropySimd::forward;
  private static final Workers.Body GRADIENT = CrossEntropySimd::gradient;

  private CrossEntropySimd() {}

  static void forward(CrossEntropy op, Call c, Workers w) {
    long[] r = CrossEntropyPlan.plan(op, c, op.smoothing());
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
    int n = Math.toIntExact(r[CLASSES]);
    if (c.dtype() == DType.F32) {
      SoftmaxF32.logSumExpRows(c.in(0), 0, c.out(1), 0, begin, end, n);
    } else {
      SoftmaxF64.logSumExpRows(c.in(0), 0, c.out(1), 0, begin, end, n);
    }
    double sum = 0;
    for (long i = begin; i < end; i++) {
      double loss = loss(c, i, n, worker);
      sum += loss;
      if (r[EACH] == 1) {
        c.set(0, i, loss);
      }
    }
    c.scratch().set(Lanes.DOUBLE, 8L * block, sum);
  }

  private static double loss(Call c, long i, int n, int worker) {
    long[] r = c.registers();
    long target = CrossEntropyPlan.target(c, i);
    if (target < 0) {
      return 0;
    }
    double lse = c.dtype().read(c.out(1), i);
    double weight = number(r, KEPT) * CrossEntropyPlan.weight(c, target);
    double loss = weight * (lse - c.get(0, i * n + target));
    return r[SPREAD] == 0 ? loss : loss - number(r, SPREAD) * below(c, i, n, lse, worker);
  }

  /// `sum_c w_c (x_c - lse)` of row `i`.
  private static double below(Call c, long i, int n, double lse, int worker) {
    long[] r = c.registers();
    DType type = c.dtype();
    Loops f = type == DType.F32 ? F32 : F64;
    MemorySegment spare = c.scratch();
    long at = CrossEntropyPlan.spare(r[ROWS], r[CLASSES], type.bytes(), worker);
    long cell = at + PIECE;
    double total = 0;
    for (int j = 0; j < n; j += PIECE) {
      int m = Math.min(PIECE, n - j);
      f.sub().runScalar(c.in(0), i * n + j, lse, spare, at, m);
      if (r[WEIGHTS] >= 0) {
        f.mul().run(spare, at, 0, c.in((int) r[WEIGHTS]), j, 0, spare, at, 1, m);
      }
      if (type == DType.F32) {
        ReduceF32.sumRows(spare, at, spare, cell, 0, 1, m, 1);
      } else {
        ReduceF64.sumRows(spare, at, spare, cell, 0, 1, m, 1);
      }
      total += type.read(spare, cell);
    }
    return total;
  }

  static void gradient(CrossEntropy.Grad op, Call c, Workers w) {
    long[] r = CrossEntropyPlan.plan(op, c, op.smoothing());
    r[TOTAL] = Double.doubleToRawLongBits(op.smoothing() == 0 ? 0 : op.total(c));
    if (op.smoothing() > 0 && op.weighted()) {
      int size = c.dtype().bytes();
      long at = CrossEntropyPlan.spread(r[ROWS], r[CLASSES]) / size;
      Loops f = c.dtype() == DType.F32 ? F32 : F64;
      f.mul()
          .runScalar(
              c.in((int) r[WEIGHTS]), 0, number(r, SPREAD), c.scratch(), at, (int) r[CLASSES]);
    }
    w.run(GRADIENT, c, 0, CrossEntropyPlan.blocks(r[ROWS], r[CLASSES]));
  }

  private static void gradient(Call c, long phase, int block, int worker) {
    long[] r = c.registers();
    long begin = block * r[PER_BLOCK];
    long end = Math.min(r[ROWS], begin + r[PER_BLOCK]);
    long size = c.dtype().bytes();
    for (long i = begin; i < end; i++) {
      long target = CrossEntropyPlan.target(c, i);
      if (target < 0) {
        Lanes.clear(c.out(0), i * r[CLASSES] * size, r[CLASSES] * size);
      } else {
        double dy = c.get(3, r[EACH] == 1 ? i : 0) / number(r, DIVISOR);
        gradient(c, i, target, dy);
      }
    }
  }

  private static void gradient(Call c, long i, long target, double dy) {
    long[] r = c.registers();
    int n = Math.toIntExact(r[CLASSES]);
    DType type = c.dtype();
    Loops f = type == DType.F32 ? F32 : F64;
    MemorySegment d = c.out(0);
    long at = i * n;
    double own = number(r, KEPT) * CrossEntropyPlan.weight(c, target);
    f.exp().runScalar(c.in(0), at, c.get(2, i), d, at, n);
    if (r[SPREAD] == 0) {
      type.write(d, at + target, type.read(d, at + target) - 1);
      f.mul().runScalar(d, at, own * dy, d, at, n);
      return;
    }
    double spread = number(r, SPREAD);
    f.mul().runScalar(d, at, own + spread * number(r, TOTAL), d, at, n);
    if (r[WEIGHTS] < 0) {
      f.sub().runScalar(d, at, spread, d, at, n);
    } else {
      long from = CrossEntropyPlan.spread(r[ROWS], r[CLASSES]) / type.bytes();
      f.sub().run(d, at, 0, c.scratch(), from, 0, d, at, 1, n);
    }
    type.write(d, at + target, type.read(d, at + target) - own);
    f.mul().runScalar(d, at, dy, d, at, n);
  }
}
