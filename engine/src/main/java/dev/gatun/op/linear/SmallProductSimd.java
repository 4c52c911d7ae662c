package dev.gatun.op.linear;

import dev.gatun.cpu.simd.Lanes;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/// `C = A B` for matrices so small that a plan and packing would take longer than the product: four
/// rows of `C` by one vector of columns at a time. Offsets and strides are in elements, and every
/// element is one chain of fused multiply-adds in the order of `k`.
final class SmallProductSimd {
  private static final int LANES_F = Lanes.F32.length();
  private static final int LANES = Lanes.F64.length();

  private SmallProductSimd() {}

  /// Rows of `B` and `C` are contiguous and hold a vector at least; its last one may start within
  /// the one before.
  static void f32(
      MemorySegment left,
      long aAt,
      int aRow,
      int aCol,
      MemorySegment right,
      long bAt,
      MemorySegment result,
      long cAt,
      int m,
      int n,
      int k) {
    MemorySegment a = Lanes.offHeap(left);
    MemorySegment b = Lanes.offHeap(right);
    MemorySegment c = Lanes.offHeap(result);
    for (int j0 = 0; j0 < n; j0 += LANES_F) {
      int j = Math.min(j0, n - LANES_F);
      int i = 0;
      for (; i + 4 <= m; i += 4) {
        FloatVector s0 = FloatVector.zero(Lanes.F32);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        FloatVector s3 = s0;
        long row = aAt + (long) i * aRow;
        for (int l = 0; l < k; l++) {
          long o = (row + (long) l * aCol) * 4;
          long step = aRow * 4L;
          FloatVector v =
              FloatVector.fromMemorySegment(
                  Lanes.F32, b, (bAt + (long) l * n + j) * 4, Lanes.ORDER);
          s0 = FloatVector.broadcast(Lanes.F32, a.get(Lanes.FLOAT, o)).fma(v, s0);
          s1 = FloatVector.broadcast(Lanes.F32, a.get(Lanes.FLOAT, o + step)).fma(v, s1);
          s2 = FloatVector.broadcast(Lanes.F32, a.get(Lanes.FLOAT, o + 2 * step)).fma(v, s2);
          s3 = FloatVector.broadcast(Lanes.F32, a.get(Lanes.FLOAT, o + 3 * step)).fma(v, s3);
        }
        long o = (cAt + (long) i * n + j) * 4;
        s0.intoMemorySegment(c, o, Lanes.ORDER);
        s1.intoMemorySegment(c, o + n * 4L, Lanes.ORDER);
        s2.intoMemorySegment(c, o + n * 8L, Lanes.ORDER);
        s3.intoMemorySegment(c, o + n * 12L, Lanes.ORDER);
      }
      for (; i < m; i++) {
        FloatVector s = FloatVector.zero(Lanes.F32);
        for (int l = 0; l < k; l++) {
          long o = (aAt + (long) i * aRow + (long) l * aCol) * 4;
          long at = (bAt + (long) l * n + j) * 4;
          FloatVector v = FloatVector.fromMemorySegment(Lanes.F32, b, at, Lanes.ORDER);
          s = FloatVector.broadcast(Lanes.F32, a.get(Lanes.FLOAT, o)).fma(v, s);
        }
        s.intoMemorySegment(c, (cAt + (long) i * n + j) * 4, Lanes.ORDER);
      }
    }
  }

  /// As [#f32].
  static void f64(
      MemorySegment left,
      long aAt,
      int aRow,
      int aCol,
      MemorySegment right,
      long bAt,
      MemorySegment result,
      long cAt,
      int m,
      int n,
      int k) {
    MemorySegment a = Lanes.offHeap(left);
    MemorySegment b = Lanes.offHeap(right);
    MemorySegment c = Lanes.offHeap(result);
    for (int j0 = 0; j0 < n; j0 += LANES) {
      int j = Math.min(j0, n - LANES);
      int i = 0;
      for (; i + 4 <= m; i += 4) {
        DoubleVector s0 = DoubleVector.zero(Lanes.F64);
        DoubleVector s1 = s0;
        DoubleVector s2 = s0;
        DoubleVector s3 = s0;
        long row = aAt + (long) i * aRow;
        for (int l = 0; l < k; l++) {
          long o = (row + (long) l * aCol) * 8;
          long step = aRow * 8L;
          DoubleVector v =
              DoubleVector.fromMemorySegment(
                  Lanes.F64, b, (bAt + (long) l * n + j) * 8, Lanes.ORDER);
          s0 = DoubleVector.broadcast(Lanes.F64, a.get(Lanes.DOUBLE, o)).fma(v, s0);
          s1 = DoubleVector.broadcast(Lanes.F64, a.get(Lanes.DOUBLE, o + step)).fma(v, s1);
          s2 = DoubleVector.broadcast(Lanes.F64, a.get(Lanes.DOUBLE, o + 2 * step)).fma(v, s2);
          s3 = DoubleVector.broadcast(Lanes.F64, a.get(Lanes.DOUBLE, o + 3 * step)).fma(v, s3);
        }
        long o = (cAt + (long) i * n + j) * 8;
        s0.intoMemorySegment(c, o, Lanes.ORDER);
        s1.intoMemorySegment(c, o + n * 8L, Lanes.ORDER);
        s2.intoMemorySegment(c, o + n * 16L, Lanes.ORDER);
        s3.intoMemorySegment(c, o + n * 24L, Lanes.ORDER);
      }
      for (; i < m; i++) {
        DoubleVector s = DoubleVector.zero(Lanes.F64);
        for (int l = 0; l < k; l++) {
          long o = (aAt + (long) i * aRow + (long) l * aCol) * 8;
          long at = (bAt + (long) l * n + j) * 8;
          DoubleVector v = DoubleVector.fromMemorySegment(Lanes.F64, b, at, Lanes.ORDER);
          s = DoubleVector.broadcast(Lanes.F64, a.get(Lanes.DOUBLE, o)).fma(v, s);
        }
        s.intoMemorySegment(c, (cAt + (long) i * n + j) * 8, Lanes.ORDER);
      }
    }
  }
}
