package dev.gatun.op.sequence.attention;

import dev.gatun.cpu.simd.Loop;
import dev.gatun.cpu.simd.SigmoidLanes;
import dev.gatun.cpu.simd.SoftmaxF32;
import dev.gatun.cpu.simd.SoftmaxF64;
import dev.gatun.cpu.simd.SoftplusLanes;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/// Vector form of [SigSoftmax] and its gradient: blocks of rows, the sigmoid before or after the
/// loops of a softmax, while they are in the cache.
final class SigSoftmaxSimd {
  private static final int BLOCK = 16_384;

  /// `z + log sigmoid(z)`
  private static final Loop.Unary LOGIT_F32 =
      Loop.f32((FloatVector z) -> z.sub(SoftplusLanes.softplus(z.neg())));

  private static final Loop.Unary LOGIT_F64 =
      Loop.f64((DoubleVector z) -> z.sub(SoftplusLanes.softplus(z.neg())));

  /// `d (2 - sigmoid(z))`
  private static final Loop.Binary SLOPE_F32 =
      Loop.f32((FloatVector d, FloatVector z) -> d.mul(SigmoidLanes.f32(z).neg().add(2f)));

  private static final Loop.Binary SLOPE_F64 =
      Loop.f64((DoubleVector d, DoubleVector z) -> d.mul(SigmoidLanes.f64(z).neg().add(2)));

  static final Workers.Body PLAIN = (c, phase, block, worker) -> forward(c, block, false);
  static final Workers.Body LOG = (c, phase, block, worker) -> forward(c, block, true);
  static final Workers.Body GRAD = (c, phase, block, worker) -> gradient(c, block, false);
  static final Workers.Body LOG_GRAD = (c, phase, block, worker) -> gradient(c, block, true);

  private SigSoftmaxSimd() {}

  static void run(Call c, Workers w, Workers.Body body) {
    long elems = c.inShape(0).elems();
    if (elems > 0) {
      long rows = elems / c.inShape(0).dim(-1);
      w.run(body, c, 0, Math.toIntExact((rows + rows(c) - 1) / rows(c)));
    }
  }

  /// Rows of a block.
  private static long rows(Call c) {
    return Math.max(1, BLOCK / c.inShape(0).dim(-1));
  }

  private static long end(Call c, int block) {
    Shape z = c.inShape(0);
    return Math.min(z.elems() / z.dim(-1), (block + 1) * rows(c));
  }

  private static void forward(Call c, int block, boolean log) {
    long begin = block * rows(c);
    long end = end(c, block);
    int n = Math.toIntExact(c.inShape(0).dim(-1));
    boolean f32 = c.dtype() == DType.F32;
    for (long r = begin; r < end; r++) {
      (f32 ? LOGIT_F32 : LOGIT_F64).run(c.in(0), r * n, c.out(0), r * n, n);
    }
    if (f32 && log) {
      SoftmaxF32.logRows(c.out(0), 0, c.out(0), 0, begin, end, n);
    } else if (f32) {
      SoftmaxF32.rows(c.out(0), 0, c.out(0), 0, begin, end, n);
    } else if (log) {
      SoftmaxF64.logRows(c.out(0), 0, c.out(0), 0, begin, end, n);
    } else {
      SoftmaxF64.rows(c.out(0), 0, c.out(0), 0, begin, end, n);
    }
  }

  private static void gradient(Call c, int block, boolean log) {
    long begin = block * rows(c);
    long end = end(c, block);
    int n = Math.toIntExact(c.inShape(0).dim(-1));
    boolean f32 = c.dtype() == DType.F32;
    if (f32 && log) {
      SoftmaxF32.logGradientRows(c.in(1), 0, c.in(2), 0, c.out(0), 0, begin, end, n);
    } else if (f32) {
      SoftmaxF32.gradientRows(c.in(1), 0, c.in(2), 0, c.out(0), 0, begin, end, n);
    } else if (log) {
      SoftmaxF64.logGradientRows(c.in(1), 0, c.in(2), 0, c.out(0), 0, begin, end, n);
    } else {
      SoftmaxF64.gradientRows(c.in(1), 0, c.in(2), 0, c.out(0), 0, begin, end, n);
    }
    for (long r = begin; r < end; r++) {
      long at = r * n;
      (f32 ? SLOPE_F32 : SLOPE_F64).run(c.out(0), at, 0, c.in(0), at, 0, c.out(0), at, 1, n);
    }
  }
}
