package dev.gatun.cpu.simd;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;

/// Sums and maxima of F64 rows and columns.
///
/// Offsets and lengths are in elements. Rows are those of a contiguous `[rows, n]` matrix; a call
/// does rows `begin` to `end`. Order and result depend on `n` and the lanes alone. Reducing one
/// long row over several threads is a call on fixed blocks of it as rows, then one on the results.
///
/// Rows: two vector accumulators, emptied into a total every 256 vectors, so that the error is at
/// most `(128 + 10) 2^-53 sum |x|` for any `n` and any width. Four rows far apart are read side by
/// side: memory delivers four streams faster than one, and no accumulator waits for another.
/// Columns: eight rows at a time are added as a tree, then to the result; the error grows as `rows
/// / 8`, so a caller splits more than 1024 rows into blocks.
///
/// Maxima propagate NaN. What is left at the end of a row goes element by element: masked vectors
/// here are compiled apart from the loops and box.
public final class ReduceF64 {

  private static final int LANES = Lanes.F64.length();

  /// Elements per accumulation; their sums are added up one by one.
  static final int CHUNK = 256 * LANES;

  private static final long SIZE = Double.BYTES;

  private ReduceF64() {}

  /// `y[r] = sum(x[r, :]) / divisor`
  public static void sumRows(
      MemorySegment x,
      long xAt,
      MemorySegment y,
      long yAt,
      long begin,
      long end,
      int n,
      double divisor) {
    long quarter = (end - begin) / 4;
    for (long r = begin; r < begin + quarter; r++) {
      sumFour(x, (xAt + r * n) * SIZE, quarter * n * SIZE, y, yAt + r, quarter, n, divisor);
    }
    for (long r = begin + 4 * quarter; r < end; r++) {
      double total = sum(x, (xAt + r * n) * SIZE, n);
      y.set(Lanes.DOUBLE, (yAt + r) * SIZE, total / divisor);
    }
  }

  /// `y[r] = max(x[r, :])`, `n > 0`
  public static void maxRows(
      MemorySegment x, long xAt, MemorySegment y, long yAt, long begin, long end, int n) {
    for (long r = begin; r < end; r++) {
      y.set(Lanes.DOUBLE, (yAt + r) * SIZE, max(x, (xAt + r * n) * SIZE, n));
    }
  }

  /// `y[i] = sum(x[:, i]) / divisor` over `rows` rows that start `stride` elements apart.
  public static void sumColumns(
      MemorySegment x,
      long xAt,
      long stride,
      MemorySegment y,
      long yAt,
      long rows,
      int n,
      double divisor) {
    long yo = yAt * SIZE;
    fill(y, yo, n, 0.0);
    long step = stride * SIZE;
    long r = 0;
    for (; r + 8 <= rows; r += 8) {
      addEight(x, (xAt + r * stride) * SIZE, step, y, yo, n);
    }
    for (; r < rows; r++) {
      addOne(x, (xAt + r * stride) * SIZE, y, yo, n);
    }
    if (divisor != 1) {
      divide(y, yo, n, divisor);
    }
  }

  /// `y[i] = max(x[:, i])` over `rows` rows that start `stride` elements apart, `rows > 0`.
  public static void maxColumns(
      MemorySegment x, long xAt, long stride, MemorySegment y, long yAt, long rows, int n) {
    long yo = yAt * SIZE;
    fill(y, yo, n, Double.NEGATIVE_INFINITY);
    for (long r = 0; r < rows; r++) {
      maxOne(x, (xAt + r * stride) * SIZE, y, yo, n);
    }
  }

  /// Sum of `n` elements from byte offset `xo`.
  static double sum(MemorySegment x, long xo, int n) {
    double total = 0;
    for (int i = 0; i < n; i += CHUNK) {
      total += sumChunk(x, xo + i * SIZE, Math.min(CHUNK, n - i));
    }
    return total;
  }

  private static double sumChunk(MemorySegment x, long xo, int n) {
    x = Lanes.offHeap(x);
    DoubleVector a = DoubleVector.zero(Lanes.F64);
    DoubleVector b = a;
    int i = 0;
    for (int full = n - 2 * LANES; i <= full; i += 2 * LANES) {
      a = a.add(load(x, xo + i * SIZE));
      b = b.add(load(x, xo + (i + LANES) * SIZE));
    }
    for (int full = n - LANES; i <= full; i += LANES) {
      a = a.add(load(x, xo + i * SIZE));
    }
    double total = Fold.sum(a.add(b));
    for (; i < n; i++) {
      total += x.get(Lanes.DOUBLE, xo + i * SIZE);
    }
    return total;
  }

  /// Sums of four rows `apart` bytes apart to elements of `y` that are `step` apart, each in the
  /// order of [#sum].
  private static void sumFour(
      MemorySegment x,
      long xo,
      long apart,
      MemorySegment y,
      long yAt,
      long step,
      int n,
      double divisor) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    double t0 = 0;
    double t1 = 0;
    double t2 = 0;
    double t3 = 0;
    for (int i = 0, end; i < n; i = end) {
      end = Math.min(n, i + CHUNK);
      DoubleVector a0 = DoubleVector.zero(Lanes.F64);
      DoubleVector b0 = a0;
      DoubleVector a1 = a0;
      DoubleVector b1 = a0;
      DoubleVector a2 = a0;
      DoubleVector b2 = a0;
      DoubleVector a3 = a0;
      DoubleVector b3 = a0;
      int j = i;
      for (int full = end - 2 * LANES; j <= full; j += 2 * LANES) {
        long at = xo + j * SIZE;
        long next = at + LANES * SIZE;
        a0 = a0.add(load(x, at));
        b0 = b0.add(load(x, next));
        a1 = a1.add(load(x, at + apart));
        b1 = b1.add(load(x, next + apart));
        a2 = a2.add(load(x, at + 2 * apart));
        b2 = b2.add(load(x, next + 2 * apart));
        a3 = a3.add(load(x, at + 3 * apart));
        b3 = b3.add(load(x, next + 3 * apart));
      }
      for (int full = end - LANES; j <= full; j += LANES) {
        long at = xo + j * SIZE;
        a0 = a0.add(load(x, at));
        a1 = a1.add(load(x, at + apart));
        a2 = a2.add(load(x, at + 2 * apart));
        a3 = a3.add(load(x, at + 3 * apart));
      }
      double s0 = Fold.sum(a0.add(b0));
      double s1 = Fold.sum(a1.add(b1));
      double s2 = Fold.sum(a2.add(b2));
      double s3 = Fold.sum(a3.add(b3));
      for (; j < end; j++) {
        long at = xo + j * SIZE;
        s0 += x.get(Lanes.DOUBLE, at);
        s1 += x.get(Lanes.DOUBLE, at + apart);
        s2 += x.get(Lanes.DOUBLE, at + 2 * apart);
        s3 += x.get(Lanes.DOUBLE, at + 3 * apart);
      }
      t0 += s0;
      t1 += s1;
      t2 += s2;
      t3 += s3;
    }
    y.set(Lanes.DOUBLE, yAt * SIZE, t0 / divisor);
    y.set(Lanes.DOUBLE, (yAt + step) * SIZE, t1 / divisor);
    y.set(Lanes.DOUBLE, (yAt + 2 * step) * SIZE, t2 / divisor);
    y.set(Lanes.DOUBLE, (yAt + 3 * step) * SIZE, t3 / divisor);
  }

  /// Largest of `n` elements from byte offset `xo`; -inf for none.
  static double max(MemorySegment x, long xo, int n) {
    x = Lanes.offHeap(x);
    DoubleVector a = DoubleVector.broadcast(Lanes.F64, Double.NEGATIVE_INFINITY);
    DoubleVector b = a;
    DoubleVector c = a;
    DoubleVector d = a;
    int i = 0;
    for (int full = n - 4 * LANES; i <= full; i += 4 * LANES) {
      long at = xo + i * SIZE;
      a = a.max(load(x, at));
      b = b.max(load(x, at + LANES * SIZE));
      c = c.max(load(x, at + 2 * LANES * SIZE));
      d = d.max(load(x, at + 3 * LANES * SIZE));
    }
    for (int full = n - LANES; i <= full; i += LANES) {
      a = a.max(load(x, xo + i * SIZE));
    }
    double most = Fold.max(a.max(b).max(c.max(d)));
    for (; i < n; i++) {
      most = Math.max(most, x.get(Lanes.DOUBLE, xo + i * SIZE));
    }
    return most;
  }

  private static void addEight(
      MemorySegment x, long xo, long step, MemorySegment y, long yo, int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    int full = Lanes.F64.loopBound(n);
    for (int i = 0; i < full; i += LANES) {
      long at = xo + i * SIZE;
      DoubleVector a = load(x, at).add(load(x, at + step));
      DoubleVector b = load(x, at + 2 * step).add(load(x, at + 3 * step));
      DoubleVector c = load(x, at + 4 * step).add(load(x, at + 5 * step));
      DoubleVector d = load(x, at + 6 * step).add(load(x, at + 7 * step));
      a = a.add(b).add(c.add(d));
      load(y, yo + i * SIZE).add(a).intoMemorySegment(y, yo + i * SIZE, Lanes.ORDER);
    }
    for (int i = full; i < n; i++) {
      long at = xo + i * SIZE;
      double a = x.get(Lanes.DOUBLE, at) + x.get(Lanes.DOUBLE, at + step);
      double b = x.get(Lanes.DOUBLE, at + 2 * step) + x.get(Lanes.DOUBLE, at + 3 * step);
      double c = x.get(Lanes.DOUBLE, at + 4 * step) + x.get(Lanes.DOUBLE, at + 5 * step);
      double d = x.get(Lanes.DOUBLE, at + 6 * step) + x.get(Lanes.DOUBLE, at + 7 * step);
      y.set(Lanes.DOUBLE, yo + i * SIZE, y.get(Lanes.DOUBLE, yo + i * SIZE) + (a + b + (c + d)));
    }
  }

  private static void addOne(MemorySegment x, long xo, MemorySegment y, long yo, int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    int full = Lanes.F64.loopBound(n);
    for (int i = 0; i < full; i += LANES) {
      long at = i * SIZE;
      load(y, yo + at).add(load(x, xo + at)).intoMemorySegment(y, yo + at, Lanes.ORDER);
    }
    for (int i = full; i < n; i++) {
      long at = i * SIZE;
      y.set(Lanes.DOUBLE, yo + at, y.get(Lanes.DOUBLE, yo + at) + x.get(Lanes.DOUBLE, xo + at));
    }
  }

  private static void maxOne(MemorySegment x, long xo, MemorySegment y, long yo, int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    int full = Lanes.F64.loopBound(n);
    for (int i = 0; i < full; i += LANES) {
      long at = i * SIZE;
      load(y, yo + at).max(load(x, xo + at)).intoMemorySegment(y, yo + at, Lanes.ORDER);
    }
    for (int i = full; i < n; i++) {
      long at = i * SIZE;
      y.set(
          Lanes.DOUBLE,
          yo + at,
          Math.max(y.get(Lanes.DOUBLE, yo + at), x.get(Lanes.DOUBLE, xo + at)));
    }
  }

  private static void divide(MemorySegment y, long yo, int n, double divisor) {
    y = Lanes.offHeap(y);
    DoubleVector v = DoubleVector.broadcast(Lanes.F64, divisor);
    int full = Lanes.F64.loopBound(n);
    for (int i = 0; i < full; i += LANES) {
      load(y, yo + i * SIZE).div(v).intoMemorySegment(y, yo + i * SIZE, Lanes.ORDER);
    }
    for (int i = full; i < n; i++) {
      y.set(Lanes.DOUBLE, yo + i * SIZE, y.get(Lanes.DOUBLE, yo + i * SIZE) / divisor);
    }
  }

  /// Sets `n` elements from byte offset `yo`.
  static void fill(MemorySegment y, long yo, int n, double value) {
    y = Lanes.offHeap(y);
    DoubleVector v = DoubleVector.broadcast(Lanes.F64, value);
    int full = Lanes.F64.loopBound(n);
    for (int i = 0; i < full; i += LANES) {
      v.intoMemorySegment(y, yo + i * SIZE, Lanes.ORDER);
    }
    for (int i = full; i < n; i++) {
      y.set(Lanes.DOUBLE, yo + i * SIZE, value);
    }
  }

  static DoubleVector load(MemorySegment x, long at) {
    return DoubleVector.fromMemorySegment(Lanes.F64, x, at, Lanes.ORDER);
  }
}
