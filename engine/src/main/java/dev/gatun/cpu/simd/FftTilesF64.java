package dev.gatun.cpu.simd;

import static dev.gatun.cpu.simd.Lanes.DOUBLE;
import static dev.gatun.cpu.simd.Lanes.F64;
import static dev.gatun.cpu.simd.Lanes.ORDER;
import static jdk.incubator.vector.DoubleVector.fromMemorySegment;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;

/// Transposes and copies between rows of F64 columns and a matrix. Offsets and strides are in
/// bytes.
final class FftTilesF64 {
  private static final int LANES = F64.length();
  private static final int SIZE = Double.BYTES;
  private static final VectorShuffle<Double> BY1 = swap(1);
  private static final VectorShuffle<Double> BY2 = swap(2);
  private static final VectorShuffle<Double> BY4 = swap(4);
  private static final VectorMask<Double> BIT1 = bit(1);
  private static final VectorMask<Double> BIT2 = bit(2);
  private static final VectorMask<Double> BIT4 = bit(4);

  private FftTilesF64() {}

  private static VectorShuffle<Double> swap(int h) {
    return VectorShuffle.fromOp(F64, i -> (i ^ h) % LANES);
  }

  private static VectorMask<Double> bit(int h) {
    boolean[] set = new boolean[LANES];
    for (int i = 0; i < LANES; i++) {
      set[i] = (i & h) != 0;
    }
    return VectorMask.fromArray(F64, set, 0);
  }

  /// `y[i, k] = s x[order[k], i]` for `k < rows`, `i < width`.
  static void transpose(
      MemorySegment x,
      long xAt,
      long xStride,
      int[] order,
      int rows,
      int width,
      MemorySegment y,
      long yAt,
      long yStride,
      double s) {
    int wide = 0;
    int high = 0;
    if (LANES == 8 || LANES == 4) {
      wide = width / LANES * LANES;
      high = wide > 0 ? rows / LANES * LANES : 0;
      for (int i = 0; i < wide; i += LANES) {
        long from = xAt + (long) i * SIZE;
        if (LANES == 8) {
          tiles8(x, from, xStride, order, high, y, yAt + yStride * i, yStride, s);
        } else {
          tiles4(x, from, xStride, order, high, y, yAt + yStride * i, yStride, s);
        }
      }
    }
    edge(x, xAt, xStride, order, 0, high, wide, width, y, yAt, yStride, s);
    edge(x, xAt, xStride, order, high, rows, 0, width, y, yAt, yStride, s);
  }

  private static void edge(
      MemorySegment x,
      long xAt,
      long xStride,
      int[] order,
      int top,
      int bottom,
      int left,
      int right,
      MemorySegment y,
      long yAt,
      long yStride,
      double s) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    for (int k = top; k < bottom; k++) {
      long from = xAt + xStride * order[k];
      long to = yAt + (long) k * SIZE;
      for (int i = left; i < right; i++) {
        y.set(DOUBLE, to + yStride * i, s * x.get(DOUBLE, from + (long) i * SIZE));
      }
    }
  }

  /// Lanes whose numbers differ in one bit trade places, bit by bit.
  private static void tiles8(
      MemorySegment x,
      long xAt,
      long xStride,
      int[] order,
      int rows,
      MemorySegment y,
      long yAt,
      long yStride,
      double scale) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    for (int k = 0; k < rows; k += 8) {
      DoubleVector a = fromMemorySegment(F64, x, xAt + xStride * order[k], ORDER).mul(scale);
      DoubleVector b = fromMemorySegment(F64, x, xAt + xStride * order[k + 1], ORDER).mul(scale);
      DoubleVector c = fromMemorySegment(F64, x, xAt + xStride * order[k + 2], ORDER).mul(scale);
      DoubleVector d = fromMemorySegment(F64, x, xAt + xStride * order[k + 3], ORDER).mul(scale);
      DoubleVector e = fromMemorySegment(F64, x, xAt + xStride * order[k + 4], ORDER).mul(scale);
      DoubleVector f = fromMemorySegment(F64, x, xAt + xStride * order[k + 5], ORDER).mul(scale);
      DoubleVector g = fromMemorySegment(F64, x, xAt + xStride * order[k + 6], ORDER).mul(scale);
      DoubleVector h = fromMemorySegment(F64, x, xAt + xStride * order[k + 7], ORDER).mul(scale);
      DoubleVector s = a.blend(e.rearrange(BY4), BIT4);
      e = a.rearrange(BY4).blend(e, BIT4);
      a = s;
      s = b.blend(f.rearrange(BY4), BIT4);
      f = b.rearrange(BY4).blend(f, BIT4);
      b = s;
      s = c.blend(g.rearrange(BY4), BIT4);
      g = c.rearrange(BY4).blend(g, BIT4);
      c = s;
      s = d.blend(h.rearrange(BY4), BIT4);
      h = d.rearrange(BY4).blend(h, BIT4);
      d = s;
      s = a.blend(c.rearrange(BY2), BIT2);
      c = a.rearrange(BY2).blend(c, BIT2);
      a = s;
      s = b.blend(d.rearrange(BY2), BIT2);
      d = b.rearrange(BY2).blend(d, BIT2);
      b = s;
      s = e.blend(g.rearrange(BY2), BIT2);
      g = e.rearrange(BY2).blend(g, BIT2);
      e = s;
      s = f.blend(h.rearrange(BY2), BIT2);
      h = f.rearrange(BY2).blend(h, BIT2);
      f = s;
      long to = yAt + (long) k * SIZE;
      a.blend(b.rearrange(BY1), BIT1).intoMemorySegment(y, to, ORDER);
      a.rearrange(BY1).blend(b, BIT1).intoMemorySegment(y, to + yStride, ORDER);
      c.blend(d.rearrange(BY1), BIT1).intoMemorySegment(y, to + 2 * yStride, ORDER);
      c.rearrange(BY1).blend(d, BIT1).intoMemorySegment(y, to + 3 * yStride, ORDER);
      e.blend(f.rearrange(BY1), BIT1).intoMemorySegment(y, to + 4 * yStride, ORDER);
      e.rearrange(BY1).blend(f, BIT1).intoMemorySegment(y, to + 5 * yStride, ORDER);
      g.blend(h.rearrange(BY1), BIT1).intoMemorySegment(y, to + 6 * yStride, ORDER);
      g.rearrange(BY1).blend(h, BIT1).intoMemorySegment(y, to + 7 * yStride, ORDER);
    }
  }

  private static void tiles4(
      MemorySegment x,
      long xAt,
      long xStride,
      int[] order,
      int rows,
      MemorySegment y,
      long yAt,
      long yStride,
      double scale) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    for (int k = 0; k < rows; k += 4) {
      DoubleVector a = fromMemorySegment(F64, x, xAt + xStride * order[k], ORDER).mul(scale);
      DoubleVector b = fromMemorySegment(F64, x, xAt + xStride * order[k + 1], ORDER).mul(scale);
      DoubleVector c = fromMemorySegment(F64, x, xAt + xStride * order[k + 2], ORDER).mul(scale);
      DoubleVector d = fromMemorySegment(F64, x, xAt + xStride * order[k + 3], ORDER).mul(scale);
      DoubleVector s = a.blend(c.rearrange(BY2), BIT2);
      c = a.rearrange(BY2).blend(c, BIT2);
      a = s;
      s = b.blend(d.rearrange(BY2), BIT2);
      d = b.rearrange(BY2).blend(d, BIT2);
      b = s;
      long to = yAt + (long) k * SIZE;
      a.blend(b.rearrange(BY1), BIT1).intoMemorySegment(y, to, ORDER);
      a.rearrange(BY1).blend(b, BIT1).intoMemorySegment(y, to + yStride, ORDER);
      c.blend(d.rearrange(BY1), BIT1).intoMemorySegment(y, to + 2 * yStride, ORDER);
      c.rearrange(BY1).blend(d, BIT1).intoMemorySegment(y, to + 3 * yStride, ORDER);
    }
  }

  /// `y[k, i] = s x[order[k], i]` for `k < rows`, `i < width`.
  static void copy(
      MemorySegment x,
      long xAt,
      long xStride,
      int[] order,
      int rows,
      int width,
      MemorySegment y,
      long yAt,
      long yStride,
      double s) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    int wide = F64.loopBound(width);
    if (wide == 2 * LANES) {
      // A row at a time: rows a power of two apart throw each other out of the cache.
      long half = (long) LANES * SIZE;
      for (int k = 0; k < rows; k++) {
        long from = xAt + xStride * order[k];
        long to = yAt + yStride * k;
        DoubleVector a = fromMemorySegment(F64, x, from, ORDER).mul(s);
        DoubleVector b = fromMemorySegment(F64, x, from + half, ORDER).mul(s);
        a.intoMemorySegment(y, to, ORDER);
        b.intoMemorySegment(y, to + half, ORDER);
      }
    } else {
      for (int k = 0; k < rows; k++) {
        long from = xAt + xStride * order[k];
        long to = yAt + yStride * k;
        for (int i = 0; i < wide; i += LANES) {
          fromMemorySegment(F64, x, from + (long) i * SIZE, ORDER)
              .mul(s)
              .intoMemorySegment(y, to + (long) i * SIZE, ORDER);
        }
      }
    }
    if (wide < width) {
      for (int k = 0; k < rows; k++) {
        for (int i = wide; i < width; i++) {
          double v = s * x.get(DOUBLE, xAt + xStride * order[k] + (long) i * SIZE);
          y.set(DOUBLE, yAt + yStride * k + (long) i * SIZE, v);
        }
      }
    }
  }
}
