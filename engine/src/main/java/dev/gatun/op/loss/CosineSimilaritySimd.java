package dev.gatun.op.loss;

import dev.gatun.cpu.simd.RowPairs;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.op.loss.CosineSimilarity.Grad;
import dev.gatun.tensor.DType;
import java.lang.foreign.MemorySegment;

/// Vector form of [CosineSimilarity] and its gradient, in blocks of whole rows.
final class CosineSimilaritySimd {
  private static final int BLOCK = 16_384;

  // Registers.
  private static final int N = 0;
  private static final int ROWS = 1;
  private static final int PER_BLOCK = 2;
  private static final int EPS = 3;

  private static final Workers.Body FORWARD = CosineSimilaritySimd::forward;
  private static final Workers.Body GRADIENT = CosineSimilaritySimd::gradient;

  private CosineSimilaritySimd() {}

  static void forward(CosineSimilarity op, Call c, Workers w) {
    c.registers()[EPS] = Double.doubleToRawLongBits(op.eps());
    w.run(FORWARD, c, 0, plan(c));
  }

  /// Fills the registers, returns the number of blocks.
  private static int plan(Call c) {
    long[] r = c.registers();
    r[N] = c.inShape(0).dim(-1);
    r[ROWS] = 1;
    for (int i = 0; i < c.inShape(0).rank() - 1; i++) {
      r[ROWS] *= c.inShape(0).dim(i);
    }
    r[PER_BLOCK] = Math.max(1, BLOCK / Math.max(1, r[N]));
    return Math.toIntExact((r[ROWS] + r[PER_BLOCK] - 1) / r[PER_BLOCK]);
  }

  private static void forward(Call c, long phase, int block, int worker) {
    long[] r = c.registers();
    long begin = block * r[PER_BLOCK];
    long end = Math.min(r[ROWS], begin + r[PER_BLOCK]);
    double eps = Double.longBitsToDouble(r[EPS]);
    MemorySegment x = c.in(0);
    MemorySegment y = c.in(1);
    int n = Math.toIntExact(r[N]);
    for (long i = begin; i < end; i++) {
      double xy = dot(c.dtype(), x, y, i * n, n);
      double xx = dot(c.dtype(), x, x, i * n, n);
      double yy = dot(c.dtype(), y, y, i * n, n);
      CosineSimilarity.result(c, i, xy, xx, yy, eps);
    }
  }

  private static double dot(DType type, MemorySegment x, MemorySegment y, long at, int n) {
    return type == DType.F32 ? RowPairs.dotF32(x, at, y, at, n) : RowPairs.dotF64(x, at, y, at, n);
  }

  static void gradient(Call c, Workers w) {
    w.run(GRADIENT, c, 0, plan(c));
  }

  private static void gradient(Call c, long phase, int block, int worker) {
    long[] r = c.registers();
    long begin = block * r[PER_BLOCK];
    long end = Math.min(r[ROWS], begin + r[PER_BLOCK]);
    MemorySegment x = c.in(0);
    MemorySegment y = c.in(1);
    int n = Math.toIntExact(r[N]);
    for (long i = begin; i < end; i++) {
      double cross = Grad.cross(c, i);
      double a = -Grad.own(c, i, 0);
      double b = -Grad.own(c, i, 1);
      long at = i * n;
      if (c.dtype() == DType.F32) {
        RowPairs.combineF32(x, (float) a, y, (float) cross, c.out(0), at, n);
        RowPairs.combineF32(y, (float) b, x, (float) cross, c.out(1), at, n);
      } else {
        RowPairs.combineF64(x, a, y, cross, c.out(0), at, n);
        RowPairs.combineF64(y, b, x, cross, c.out(1), at, n);
      }
    }
  }
}
