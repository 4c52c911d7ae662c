package dev.gatun.op.loss;

import dev.gatun.cpu.simd.ExpLanes;
import dev.gatun.cpu.simd.Loop;
import dev.gatun.cpu.simd.SoftmaxF32;
import dev.gatun.cpu.simd.SoftmaxF64;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.op.loss.CrossEntropy.Reduction;
import dev.gatun.tensor.DType;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/// Vector form of [CrossEntropy] and its gradient. Targets are checked before any block runs.
final class CrossEntropySimd {
  private static final int BLOCK = 16_384;

  // Registers.
  private static final int CLASSES = 0;
  private static final int ROWS = 1;
  private static final int PER_BLOCK = 2;
  private static final int EACH = 3;
  private static final int DIVISOR = 4;

  /// Loops over a row.
  ///
  /// @param exp `e^(x - lse)`
  /// @param mul `x dy`
  private record Loops(Loop.Binary exp, Loop.Binary mul) {}

  private static final Loops F32 =
      new Loops(
          Loop.f32((FloatVector x, FloatVector lse) -> ExpLanes.f32(x.sub(lse))),
          Loop.f32((FloatVector x, FloatVector y) -> x.mul(y)));
  private static final Loops F64 =
      new Loops(
          Loop.f64((DoubleVector x, DoubleVector lse) -> ExpLanes.f64(x.sub(lse))),
          Loop.f64((DoubleVector x, DoubleVector y) -> x.mul(y)));

  private static final Workers.Body FORWARD = CrossEntropySimd::forward;
  private static final Workers.Body GRADIENT = CrossEntropySimd::gradient;

  private CrossEntropySimd() {}

  static void forward(CrossEntropy op, Call c, Workers w) {
    long[] r = plan(c, op.reduction());
    for (long i = 0; i < r[ROWS]; i++) {
      CrossEntropy.target(op, c, i, r[CLASSES]);
    }
    w.run(FORWARD, c, 0, blocks(r));
    if (op.reduction() != Reduction.NONE) {
      double sum = 0;
      for (long i = 0; i < r[ROWS]; i++) {
        sum += loss(c, i, r[CLASSES]);
      }
      c.set(0, 0, op.reduction() == Reduction.MEAN ? sum / r[ROWS] : sum);
    }
  }

  private static long[] plan(Call c, Reduction reduction) {
    long[] r = c.registers();
    r[CLASSES] = c.inShape(0).dim(-1);
    r[ROWS] = c.inShape(1).elems();
    r[PER_BLOCK] = Math.max(1, BLOCK / Math.max(1, r[CLASSES]));
    r[EACH] = reduction == Reduction.NONE ? 1 : 0;
    r[DIVISOR] = reduction == Reduction.MEAN ? r[ROWS] : 1;
    return r;
  }

  private static int blocks(long[] r) {
    return Math.toIntExact((r[ROWS] + r[PER_BLOCK] - 1) / r[PER_BLOCK]);
  }

  /// `lse - logits[target]` of row `i`.
  private static double loss(Call c, long i, long classes) {
    long target = c.inSpec(1).dtype().readLong(c.in(1), i);
    return c.dtype().read(c.out(1), i) - c.get(0, i * classes + target);
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
    if (r[EACH] == 1) {
      for (long i = begin; i < end; i++) {
        c.set(0, i, loss(c, i, n));
      }
    }
  }

  static void gradient(CrossEntropy.Grad op, Call c, Workers w) {
    long[] r = plan(c, op.reduction());
    for (long i = 0; i < r[ROWS]; i++) {
      CrossEntropy.target(op, c, i, r[CLASSES]);
    }
    w.run(GRADIENT, c, 0, blocks(r));
  }

  private static void gradient(Call c, long phase, int block, int worker) {
    long[] r = c.registers();
    long begin = block * r[PER_BLOCK];
    long end = Math.min(r[ROWS], begin + r[PER_BLOCK]);
    int n = Math.toIntExact(r[CLASSES]);
    DType type = c.dtype();
    Loops f = type == DType.F32 ? F32 : F64;
    MemorySegment d = c.out(0);
    boolean each = r[EACH] == 1;
    double divisor = (double) r[DIVISOR];
    for (long i = begin; i < end; i++) {
      long at = i * n;
      f.exp().runScalar(c.in(0), at, c.get(2, i), d, at, n);
      long target = at + c.inSpec(1).dtype().readLong(c.in(1), i);
      type.write(d, target, type.read(d, target) - 1);
      f.mul().runScalar(d, at, c.get(3, each ? i : 0) / divisor, d, at, n);
    }
  }
}
