package dev.gatun.cpu.simd;

import static dev.gatun.cpu.simd.ReduceF64.load;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;

/// Loops of `dev.gatun.op.sequence.linear.FastWeights`, F64: states are matrices `[rows][width]`
/// with a row for each element of keys, values along the lanes. All arrays lie in one segment,
/// offsets are in elements, and widths are multiples of the lanes: what fills them up is 0.
public final class FastWeightsF64 {
  private static final int LANES = Lanes.F64.length();
  private static final long SIZE = Double.BYTES;

  private FastWeightsF64() {}

  static DoubleVector number(MemorySegment s, long at) {
    return DoubleVector.broadcast(Lanes.F64, s.get(Lanes.DOUBLE, at * SIZE));
  }

  static DoubleVector at(MemorySegment s, long at) {
    return load(s, at * SIZE);
  }

  static void store(DoubleVector v, MemorySegment s, long at) {
    v.intoMemorySegment(s, at * SIZE, Lanes.ORDER);
  }

  /// Reads `rows` rows of `n` elements, `stride` apart, times `factor`, into rows of `width`.
  public static void gather(
      MemorySegment x,
      long from,
      long stride,
      double factor,
      MemorySegment w,
      long to,
      int rows,
      int n,
      int width) {
    x = Lanes.offHeap(x);
    w = Lanes.offHeap(w);
    int full = n - n % LANES;
    for (int t = 0; t < rows; t++) {
      long at = from + t * stride;
      long y = to + (long) t * width;
      for (int i = 0; i < full; i += LANES) {
        store(at(x, at + i).mul(factor), w, y + i);
      }
      for (int i = full; i < n; i++) {
        w.set(Lanes.DOUBLE, (y + i) * SIZE, x.get(Lanes.DOUBLE, (at + i) * SIZE) * factor);
      }
      for (int i = n; i < width; i++) {
        w.set(Lanes.DOUBLE, (y + i) * SIZE, 0.0);
      }
    }
  }

  /// Fills `rows` rows of `width` with a number each, `stride` apart.
  public static void spread(
      MemorySegment x, long from, long stride, MemorySegment w, long to, int rows, int width) {
    x = Lanes.offHeap(x);
    w = Lanes.offHeap(w);
    for (int t = 0; t < rows; t++) {
      DoubleVector v = number(x, from + t * stride);
      for (int i = 0; i < width; i += LANES) {
        store(v, w, to + (long) t * width + i);
      }
    }
  }

  /// Writes `rows` rows of `n` elements times `factor`, or adds them.
  public static void scatter(
      MemorySegment w,
      long from,
      int width,
      double factor,
      MemorySegment y,
      long to,
      long stride,
      int rows,
      int n,
      boolean add) {
    w = Lanes.offHeap(w);
    y = Lanes.offHeap(y);
    int full = n - n % LANES;
    for (int t = 0; t < rows; t++) {
      long at = to + t * stride;
      long x = from + (long) t * width;
      for (int i = 0; i < full; i += LANES) {
        DoubleVector v = at(w, x + i).mul(factor);
        store(add ? v.add(at(y, at + i)) : v, y, at + i);
      }
      for (int i = full; i < n; i++) {
        double v = w.get(Lanes.DOUBLE, (x + i) * SIZE) * factor;
        double before = add ? y.get(Lanes.DOUBLE, (at + i) * SIZE) : 0;
        y.set(Lanes.DOUBLE, (at + i) * SIZE, add ? before + v : v);
      }
    }
  }

  /// `y = sum_r x[r] s[r]`
  public static void dot(MemorySegment w, long x, long s, long y, int rows, int width) {
    int i = 0;
    for (; i + 4 * LANES <= width; i += 4 * LANES) {
      dot4(w, x, s + i, y + i, rows, width);
    }
    for (; i < width; i += LANES) {
      dot1(w, x, s + i, y + i, rows, width);
    }
  }

  private static void dot4(MemorySegment w, long x, long s, long y, int rows, int width) {
    w = Lanes.offHeap(w);
    DoubleVector y0 = DoubleVector.zero(Lanes.F64);
    DoubleVector y1 = y0;
    DoubleVector y2 = y0;
    DoubleVector y3 = y0;
    long row = s;
    for (int r = 0; r < rows; r++) {
      DoubleVector f = number(w, x + r);
      y0 = f.fma(at(w, row), y0);
      y1 = f.fma(at(w, row + LANES), y1);
      y2 = f.fma(at(w, row + 2 * LANES), y2);
      y3 = f.fma(at(w, row + 3 * LANES), y3);
      row += width;
    }
    store(y0, w, y);
    store(y1, w, y + LANES);
    store(y2, w, y + 2 * LANES);
    store(y3, w, y + 3 * LANES);
  }

  private static void dot1(MemorySegment w, long x, long s, long y, int rows, int width) {
    w = Lanes.offHeap(w);
    DoubleVector y0 = DoubleVector.zero(Lanes.F64);
    for (int r = 0; r < rows; r++) {
      y0 = number(w, x + r).fma(at(w, s + (long) r * width), y0);
    }
    store(y0, w, y);
  }

  /// `to[r] = e[r] s[r] + k[r] v`, `o = sum_r q[r] to[r]`, or of `s` itself if `before`.
  public static void advance(
      MemorySegment w,
      long s,
      long to,
      long e,
      long k,
      long v,
      long q,
      long o,
      int rows,
      int width,
      boolean before) {
    int i = 0;
    for (; i + 4 * LANES <= width; i += 4 * LANES) {
      if (before) {
        before4(w, s + i, to + i, e, k, v + i, q, o + i, rows, width);
      } else {
        after4(w, s + i, to + i, e, k, v + i, q, o + i, rows, width);
      }
    }
    for (; i < width; i += LANES) {
      if (before) {
        before1(w, s + i, to + i, e, k, v + i, q, o + i, rows, width);
      } else {
        after1(w, s + i, to + i, e, k, v + i, q, o + i, rows, width);
      }
    }
  }

  private static void after4(
      MemorySegment w,
      long s,
      long to,
      long e,
      long k,
      long v,
      long q,
      long o,
      int rows,
      int width) {
    w = Lanes.offHeap(w);
    DoubleVector o0 = DoubleVector.zero(Lanes.F64);
    DoubleVector o1 = o0;
    DoubleVector o2 = o0;
    DoubleVector o3 = o0;
    DoubleVector v0 = at(w, v);
    DoubleVector v1 = at(w, v + LANES);
    DoubleVector v2 = at(w, v + 2 * LANES);
    DoubleVector v3 = at(w, v + 3 * LANES);
    long row = s;
    long next = to;
    for (int r = 0; r < rows; r++) {
      DoubleVector f = number(w, e + r);
      DoubleVector key = number(w, k + r);
      DoubleVector query = number(w, q + r);
      DoubleVector s0 = f.fma(at(w, row), key.mul(v0));
      DoubleVector s1 = f.fma(at(w, row + LANES), key.mul(v1));
      DoubleVector s2 = f.fma(at(w, row + 2 * LANES), key.mul(v2));
      DoubleVector s3 = f.fma(at(w, row + 3 * LANES), key.mul(v3));
      store(s0, w, next);
      store(s1, w, next + LANES);
      store(s2, w, next + 2 * LANES);
      store(s3, w, next + 3 * LANES);
      o0 = query.fma(s0, o0);
      o1 = query.fma(s1, o1);
      o2 = query.fma(s2, o2);
      o3 = query.fma(s3, o3);
      row += width;
      next += width;
    }
    store(o0, w, o);
    store(o1, w, o + LANES);
    store(o2, w, o + 2 * LANES);
    store(o3, w, o + 3 * LANES);
  }

  private static void after1(
      MemorySegment w,
      long s,
      long to,
      long e,
      long k,
      long v,
      long q,
      long o,
      int rows,
      int width) {
    w = Lanes.offHeap(w);
    DoubleVector o0 = DoubleVector.zero(Lanes.F64);
    DoubleVector v0 = at(w, v);
    for (int r = 0; r < rows; r++) {
      long row = (long) r * width;
      DoubleVector s0 = number(w, e + r).fma(at(w, s + row), number(w, k + r).mul(v0));
      store(s0, w, to + row);
      o0 = number(w, q + r).fma(s0, o0);
    }
    store(o0, w, o);
  }

  private static void before4(
      MemorySegment w,
      long s,
      long to,
      long e,
      long k,
      long v,
      long q,
      long o,
      int rows,
      int width) {
    w = Lanes.offHeap(w);
    DoubleVector o0 = DoubleVector.zero(Lanes.F64);
    DoubleVector o1 = o0;
    DoubleVector o2 = o0;
    DoubleVector o3 = o0;
    DoubleVector v0 = at(w, v);
    DoubleVector v1 = at(w, v + LANES);
    DoubleVector v2 = at(w, v + 2 * LANES);
    DoubleVector v3 = at(w, v + 3 * LANES);
    long row = s;
    long next = to;
    for (int r = 0; r < rows; r++) {
      DoubleVector f = number(w, e + r);
      DoubleVector key = number(w, k + r);
      DoubleVector query = number(w, q + r);
      DoubleVector s0 = at(w, row);
      DoubleVector s1 = at(w, row + LANES);
      DoubleVector s2 = at(w, row + 2 * LANES);
      DoubleVector s3 = at(w, row + 3 * LANES);
      store(f.fma(s0, key.mul(v0)), w, next);
      store(f.fma(s1, key.mul(v1)), w, next + LANES);
      store(f.fma(s2, key.mul(v2)), w, next + 2 * LANES);
      store(f.fma(s3, key.mul(v3)), w, next + 3 * LANES);
      o0 = query.fma(s0, o0);
      o1 = query.fma(s1, o1);
      o2 = query.fma(s2, o2);
      o3 = query.fma(s3, o3);
      row += width;
      next += width;
    }
    store(o0, w, o);
    store(o1, w, o + LANES);
    store(o2, w, o + 2 * LANES);
    store(o3, w, o + 3 * LANES);
  }

  private static void before1(
      MemorySegment w,
      long s,
      long to,
      long e,
      long k,
      long v,
      long q,
      long o,
      int rows,
      int width) {
    w = Lanes.offHeap(w);
    DoubleVector o0 = DoubleVector.zero(Lanes.F64);
    DoubleVector v0 = at(w, v);
    for (int r = 0; r < rows; r++) {
      long row = (long) r * width;
      DoubleVector s0 = at(w, s + row);
      store(number(w, e + r).fma(s0, number(w, k + r).mul(v0)), w, to + row);
      o0 = number(w, q + r).fma(s0, o0);
    }
    store(o0, w, o);
  }

  /// `to[r] = e[r] s[r] + k[r] v + b[r] p`, `o = sum_r q[r] to[r]`
  public static void advance(
      MemorySegment w,
      long s,
      long to,
      long e,
      long k,
      long v,
      long b,
      long p,
      long q,
      long o,
      int rows,
      int width) {
    int i = 0;
    for (; i + 2 * LANES <= width; i += 2 * LANES) {
      both2(w, s + i, to + i, e, k, v + i, b, p + i, q, o + i, rows, width);
    }
    for (; i < width; i += LANES) {
      both1(w, s + i, to + i, e, k, v + i, b, p + i, q, o + i, rows, width);
    }
  }

  private static void both2(
      MemorySegment w,
      long s,
      long to,
      long e,
      long k,
      long v,
      long b,
      long p,
      long q,
      long o,
      int rows,
      int width) {
    w = Lanes.offHeap(w);
    DoubleVector o0 = DoubleVector.zero(Lanes.F64);
    DoubleVector o1 = o0;
    DoubleVector v0 = at(w, v);
    DoubleVector v1 = at(w, v + LANES);
    DoubleVector p0 = at(w, p);
    DoubleVector p1 = at(w, p + LANES);
    for (int r = 0; r < rows; r++) {
      long row = (long) r * width;
      DoubleVector f = number(w, e + r);
      DoubleVector key = number(w, k + r);
      DoubleVector more = number(w, b + r);
      DoubleVector query = number(w, q + r);
      DoubleVector s0 = f.fma(at(w, s + row), more.fma(p0, key.mul(v0)));
      DoubleVector s1 = f.fma(at(w, s + row + LANES), more.fma(p1, key.mul(v1)));
      store(s0, w, to + row);
      store(s1, w, to + row + LANES);
      o0 = query.fma(s0, o0);
      o1 = query.fma(s1, o1);
    }
    store(o0, w, o);
    store(o1, w, o + LANES);
  }

  private static void both1(
      MemorySegment w,
      long s,
      long to,
      long e,
      long k,
      long v,
      long b,
      long p,
      long q,
      long o,
      int rows,
      int width) {
    w = Lanes.offHeap(w);
    DoubleVector o0 = DoubleVector.zero(Lanes.F64);
    DoubleVector v0 = at(w, v);
    DoubleVector p0 = at(w, p);
    for (int r = 0; r < rows; r++) {
      long row = (long) r * width;
      DoubleVector in = number(w, b + r).fma(p0, number(w, k + r).mul(v0));
      DoubleVector s0 = number(w, e + r).fma(at(w, s + row), in);
      store(s0, w, to + row);
      o0 = number(w, q + r).fma(s0, o0);
    }
    store(o0, w, o);
  }

  /// `s[r] = e[r] s[r]`
  public static void fade(MemorySegment w, long s, long e, int rows, int width) {
    w = Lanes.offHeap(w);
    for (int r = 0; r < rows; r++) {
      DoubleVector f = number(w, e + r);
      for (int i = 0; i < width; i += LANES) {
        long at = s + (long) r * width + i;
        store(f.mul(at(w, at)), w, at);
      }
    }
  }

  /// `s[r] += x[r] y`
  public static void outer(MemorySegment w, long s, long x, long y, int rows, int width) {
    w = Lanes.offHeap(w);
    for (int r = 0; r < rows; r++) {
      DoubleVector f = number(w, x + r);
      for (int i = 0; i < width; i += LANES) {
        long at = s + (long) r * width + i;
        store(f.fma(at(w, y + i), at(w, at)), w, at);
      }
    }
  }

  /// `y[r] = sum s[r] x` over `n` values, added to what is there if `add`. What fills up rows is
  /// not looked at: next to infinite keys it is NaN.
  public static void read(
      MemorySegment w, long s, long x, long y, int rows, int width, int n, boolean add) {
    for (int r = 0; r < rows; r++) {
      double total = FastRowsF64.sum2(w, s + (long) r * width, x, n);
      double before = add ? w.get(Lanes.DOUBLE, (y + r) * SIZE) : 0;
      w.set(Lanes.DOUBLE, (y + r) * SIZE, add ? before + total : total);
    }
  }

  /// `y[r] = sum e[r] d[r] s[r]` over `n` values.
  public static void rates(
      MemorySegment w, long d, long s, long e, long y, int rows, int width, int n) {
    for (int r = 0; r < rows; r++) {
      long at = (long) r * width;
      double f = w.get(Lanes.DOUBLE, (e + r) * SIZE);
      w.set(Lanes.DOUBLE, (y + r) * SIZE, faded(w, d + at, s + at, f, n));
    }
  }

  private static double faded(MemorySegment w, long d, long s, double e, int n) {
    w = Lanes.offHeap(w);
    DoubleVector f = DoubleVector.broadcast(Lanes.F64, e);
    DoubleVector sum = DoubleVector.zero(Lanes.F64);
    int i = 0;
    for (int full = n - LANES; i <= full; i += LANES) {
      sum = at(w, d + i).mul(f).fma(at(w, s + i), sum);
    }
    double total = Fold.sum(sum);
    for (; i < n; i++) {
      total += w.get(Lanes.DOUBLE, (d + i) * SIZE) * e * w.get(Lanes.DOUBLE, (s + i) * SIZE);
    }
    return total;
  }
}
