package dev.gatun.cpu.simd;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/// Inner products and combinations of two rows. Offsets and lengths are in elements.
///
/// Products are summed by four vectors (one would wait for its own latency), emptied into a double
/// every 2048 elements. The order depends on `n` and the lanes alone.
public final class RowPairs {
  private static final int CHUNK = 2048;

  private RowPairs() {}

  /// `sum(x y)` in F32.
  public static double dotF32(MemorySegment x, long xAt, MemorySegment y, long yAt, int n) {
    double total = 0;
    for (int i = 0; i < n; i += CHUNK) {
      int m = Math.min(CHUNK, n - i);
      total += chunkF32(x, (xAt + i) * Float.BYTES, y, (yAt + i) * Float.BYTES, m);
    }
    return total;
  }

  /// `sum(x y)` in F64.
  public static double dotF64(MemorySegment x, long xAt, MemorySegment y, long yAt, int n) {
    double total = 0;
    for (int i = 0; i < n; i += CHUNK) {
      int m = Math.min(CHUNK, n - i);
      total += chunkF64(x, (xAt + i) * Double.BYTES, y, (yAt + i) * Double.BYTES, m);
    }
    return total;
  }

  private static float chunkF32(MemorySegment x, long xo, MemorySegment y, long yo, int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    int lanes = Lanes.F32.length();
    long size = Float.BYTES;
    long step = lanes * size;
    FloatVector a = FloatVector.zero(Lanes.F32);
    FloatVector b = a;
    FloatVector c = a;
    FloatVector d = a;
    int i = 0;
    for (int full = n - 4 * lanes; i <= full; i += 4 * lanes) {
      long p = xo + i * size;
      long q = yo + i * size;
      a = loadF32(x, p).fma(loadF32(y, q), a);
      b = loadF32(x, p + step).fma(loadF32(y, q + step), b);
      c = loadF32(x, p + 2 * step).fma(loadF32(y, q + 2 * step), c);
      d = loadF32(x, p + 3 * step).fma(loadF32(y, q + 3 * step), d);
    }
    for (int full = n - lanes; i <= full; i += lanes) {
      a = loadF32(x, xo + i * size).fma(loadF32(y, yo + i * size), a);
    }
    float total = Fold.sum(a.add(b).add(c.add(d)));
    for (; i < n; i++) {
      total = Math.fma(x.get(Lanes.FLOAT, xo + i * size), y.get(Lanes.FLOAT, yo + i * size), total);
    }
    return total;
  }

  /// `z = a x + b y` over `n` elements from element `at` on.
  public static void combineF32(
      MemorySegment x, float a, MemorySegment y, float b, MemorySegment z, long at, int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    z = Lanes.offHeap(z);
    long from = at * Float.BYTES;
    FloatVector k = FloatVector.broadcast(Lanes.F32, a);
    int lanes = Lanes.F32.length();
    int full = Lanes.F32.loopBound(n);
    for (int i = 0; i < full; i += lanes) {
      long p = from + (long) i * Float.BYTES;
      loadF32(x, p).fma(k, loadF32(y, p).mul(b)).intoMemorySegment(z, p, Lanes.ORDER);
    }
    for (int i = full; i < n; i++) {
      long p = from + (long) i * Float.BYTES;
      float v = y.get(Lanes.FLOAT, p) * b;
      z.set(Lanes.FLOAT, p, Math.fma(x.get(Lanes.FLOAT, p), a, v));
    }
  }

  private static FloatVector loadF32(MemorySegment x, long at) {
    return FloatVector.fromMemorySegment(Lanes.F32, x, at, Lanes.ORDER);
  }

  private static double chunkF64(MemorySegment x, long xo, MemorySegment y, long yo, int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    int lanes = Lanes.F64.length();
    long size = Double.BYTES;
    long step = lanes * size;
    DoubleVector a = DoubleVector.zero(Lanes.F64);
    DoubleVector b = a;
    DoubleVector c = a;
    DoubleVector d = a;
    int i = 0;
    for (int full = n - 4 * lanes; i <= full; i += 4 * lanes) {
      long p = xo + i * size;
      long q = yo + i * size;
      a = loadF64(x, p).fma(loadF64(y, q), a);
      b = loadF64(x, p + step).fma(loadF64(y, q + step), b);
      c = loadF64(x, p + 2 * step).fma(loadF64(y, q + 2 * step), c);
      d = loadF64(x, p + 3 * step).fma(loadF64(y, q + 3 * step), d);
    }
    for (int full = n - lanes; i <= full; i += lanes) {
      a = loadF64(x, xo + i * size).fma(loadF64(y, yo + i * size), a);
    }
    double total = Fold.sum(a.add(b).add(c.add(d)));
    for (; i < n; i++) {
      total =
          Math.fma(x.get(Lanes.DOUBLE, xo + i * size), y.get(Lanes.DOUBLE, yo + i * size), total);
    }
    return total;
  }

  /// `z = a x + b y` over `n` elements from element `at` on.
  public static void combineF64(
      MemorySegment x, double a, MemorySegment y, double b, MemorySegment z, long at, int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    z = Lanes.offHeap(z);
    long from = at * Double.BYTES;
    DoubleVector k = DoubleVector.broadcast(Lanes.F64, a);
    int lanes = Lanes.F64.length();
    int full = Lanes.F64.loopBound(n);
    for (int i = 0; i < full; i += lanes) {
      long p = from + (long) i * Double.BYTES;
      loadF64(x, p).fma(k, loadF64(y, p).mul(b)).intoMemorySegment(z, p, Lanes.ORDER);
    }
    for (int i = full; i < n; i++) {
      long p = from + (long) i * Double.BYTES;
      double v = y.get(Lanes.DOUBLE, p) * b;
      z.set(Lanes.DOUBLE, p, Math.fma(x.get(Lanes.DOUBLE, p), a, v));
    }
  }

  private static DoubleVector loadF64(MemorySegment x, long at) {
    return DoubleVector.fromMemorySegment(Lanes.F64, x, at, Lanes.ORDER);
  }
}
