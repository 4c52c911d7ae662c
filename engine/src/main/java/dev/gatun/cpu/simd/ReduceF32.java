package dev.gatun.cpu.simd;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/// Sums and maxima of F32 rows and columns.
///
/// Offsets and lengths are in elements. Rows are those of a contiguous `[rows, n]` matrix; a call
/// does rows `begin` to `end`. Order and result depend on `n` and the lanes alone. Reducing one
/// long row over several threads is a call on fixed blocks of it as rows, then one on the results.
///
/// Rows: two vector accumulators, emptied into a double every 256 vectors, so that the error is at
/// most `(128 + 10) 2^-24 sum |x|` for any `n` and any width. Four rows far apart are read side by
/// side: memory delivers four streams faster than one, and no accumulator waits for another.
/// Columns: eight rows at a time are added as a tree, then to the result; the error grows as `rows
/// / 8`, so a caller splits more than 1024 rows into blocks.
///
/// Maxima propagate NaN. What is left at the end of a row goes element by element: masked vectors
/// here are compiled apart from the loops and box.
public final class ReduceF32 {

  private static final int LANES = Lanes.F32.length();

  /// Elements summed in F32 before the total is kept in double.
  static final int CHUNK = 256 * LANES;

  private static final long SIZE = Float.BYTES;

  private ReduceF32() {}

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
      y.set(Lanes.FLOAT, (yAt + r) * SIZE, (float) (total / divisor));
    }
  }

  /// `y[r] = max(x[r, :])`, `n > 0`
  public static void maxRows(
      MemorySegment x, long xAt, MemorySegment y, long yAt, long begin, long end, int n) {
    for (long r = begin; r < end; r++) {
      y.set(Lanes.FLOAT, (yAt + r) * SIZE, max(x, (xAt + r * n) * SIZE, n));
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
    fill(y, yo, n, 0f);
    long step = stride * SIZE;
    long r = 0;
    for (; r + 8 <= rows; r += 8) {
      addEight(x, (xAt + r * stride) * SIZE, step, y, yo, n);
    }
    for (; r < rows; r++) {
      addOne(x, (xAt + r * stride) * SIZE, y, yo, n);
    }
    if (divisor != 1) {
      divide(y, yo, n, (float) divisor);
    }
  }

  /// `y[i] = max(x[:, i])` over `rows` rows that start `stride` elements apart, `rows > 0`.
  public static void maxColumns(
      MemorySegment x, long xAt, long stride, MemorySegment y, long yAt, long rows, int n) {
    long yo = yAt * SIZE;
    fill(y, yo, n, Float.NEGATIVE_INFINITY);
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

  private static float sumChunk(MemorySegment x, long xo, int n) {
    x = Lanes.offHeap(x);
    FloatVector a = FloatVector.zero(Lanes.F32);
    FloatVector b = a;
    int i = 0;
    for (int full = n - 2 * LANES; i <= full; i += 2 * LANES) {
      a = a.add(load(x, xo + i * SIZE));
      b = b.add(load(x, xo + (i + LANES) * SIZE));
    }
    for (int full = n - LANES; i <= full; i += LANES) {
      a = a.add(load(x, xo + i * SIZE));
    }
    float total = Fold.sum(a.add(b));
    for (; i < n; i++) {
      total += x.get(Lanes.FLOAT, xo + i * SIZE);
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
      FloatVector a0 = FloatVector.zero(Lanes.F32);
      FloatVector b0 = a0;
      FloatVector a1 = a0;
      FloatVector b1 = a0;
      FloatVector a2 = a0;
      FloatVector b2 = a0;
      FloatVector a3 = a0;
      FloatVector b3 = a0;
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
      float s0 = Fold.sum(a0.add(b0));
      float s1 = Fold.sum(a1.add(b1));
      float s2 = Fold.sum(a2.add(b2));
      float s3 = Fold.sum(a3.add(b3));
      for (; j < end; j++) {
        long at = xo + j * SIZE;
        s0 += x.get(Lanes.FLOAT, at);
        s1 += x.get(Lanes.FLOAT, at + apart);
        s2 += x.get(Lanes.FLOAT, at + 2 * apart);
        s3 += x.get(Lanes.FLOAT, at + 3 * apart);
      }
      t0 += s0;
      t1 += s1;
      t2 += s2;
      t3 += s3;
    }
    y.set(Lanes.FLOAT, yAt * SIZE, (float) (t0 / divisor));
    y.set(Lanes.FLOAT, (yAt + step) * SIZE, (float) (t1 / divisor));
    y.set(Lanes.FLOAT, (yAt + 2 * step) * SIZE, (float) (t2 / divisor));
    y.set(Lanes.FLOAT, (yAt + 3 * step) * SIZE, (float) (t3 / divisor));
  }

  /// Largest of `n` elements from byte offset `xo`; -inf for none.
  static float max(MemorySegment x, long xo, int n) {
    x = Lanes.offHeap(x);
    FloatVector a = FloatVector.broadcast(Lanes.F32, Float.NEGATIVE_INFINITY);
    FloatVector b = a;
    FloatVector c = a;
    FloatVector d = a;
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
    float most = Fold.max(a.max(b).max(c.max(d)));
    for (; i < n; i++) {
      most = Math.max(most, x.get(Lanes.FLOAT, xo + i * SIZE));
    }
    return most;
  }

  private static void addEight(
      MemorySegment x, long xo, long step, MemorySegment y, long yo, int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    int full = Lanes.F32.loopBound(n);
    for (int i = 0; i < full; i += LANES) {
      long at = xo + i * SIZE;
      FloatVector a = load(x, at).add(load(x, at + step));
      FloatVector b = load(x, at + 2 * step).add(load(x, at + 3 * step));
      FloatVector c = load(x, at + 4 * step).add(load(x, at + 5 * step));
      FloatVector d = load(x, at + 6 * step).add(load(x, at + 7 * step));
      a = a.add(b).add(c.add(d));
      load(y, yo + i * SIZE).add(a).intoMemorySegment(y, yo + i * SIZE, Lanes.ORDER);
    }
    for (int i = full; i < n; i++) {
      long at = xo + i * SIZE;
      float a = x.get(Lanes.FLOAT, at) + x.get(Lanes.FLOAT, at + step);
      float b = x.get(Lanes.FLOAT, at + 2 * step) + x.get(Lanes.FLOAT, at + 3 * step);
      float c = x.get(Lanes.FLOAT, at + 4 * step) + x.get(Lanes.FLOAT, at + 5 * step);
      float d = x.get(Lanes.FLOAT, at + 6 * step) + x.get(Lanes.FLOAT, at + 7 * step);
      y.set(Lanes.FLOAT, yo + i * SIZE, y.get(Lanes.FLOAT, yo + i * SIZE) + (a + b + (c + d)));
    }
  }

  private static void addOne(MemorySegment x, long xo, MemorySegment y, long yo, int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    int full = Lanes.F32.loopBound(n);
    for (int i = 0; i < full; i += LANES) {
      long at = i * SIZE;
      load(y, yo + at).add(load(x, xo + at)).intoMemorySegment(y, yo + at, Lanes.ORDER);
    }
    for (int i = full; i < n; i++) {
      long at = i * SIZE;
      y.set(Lanes.FLOAT, yo + at, y.get(Lanes.FLOAT, yo + at) + x.get(Lanes.FLOAT, xo + at));
    }
  }

  private static void maxOne(MemorySegment x, long xo, MemorySegment y, long yo, int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    int full = Lanes.F32.loopBound(n);
    for (int i = 0; i < full; i += LANES) {
      long at = i * SIZE;
      load(y, yo + at).max(load(x, xo + at)).intoMemorySegment(y, yo + at, Lanes.ORDER);
    }
    for (int i = full; i < n; i++) {
      long at = i * SIZE;
      y.set(
          Lanes.FLOAT, yo + at, Math.max(y.get(Lanes.FLOAT, yo + at), x.get(Lanes.FLOAT, xo + at)));
    }
  }

  private static void divide(MemorySegment y, long yo, int n, float divisor) {
    y = Lanes.offHeap(y);
    FloatVector v = FloatVector.broadcast(Lanes.F32, divisor);
    int full = Lanes.F32.loopBound(n);
    for (int i = 0; i < full; i += LANES) {
      load(y, yo + i * SIZE).div(v).intoMemorySegment(y, yo + i * SIZE, Lanes.ORDER);
    }
    for (int i = full; i < n; i++) {
      y.set(Lanes.FLOAT, yo + i * SIZE, y.get(Lanes.FLOAT, yo + i * SIZE) / divisor);
    }
  }

  /// Sets `n` elements from byte offset `yo`.
  static void fill(MemorySegment y, long yo, int n, float value) {
    y = Lanes.offHeap(y);
    FloatVector v = FloatVector.broadcast(Lanes.F32, value);
    int full = Lanes.F32.loopBound(n);
    for (int i = 0; i < full; i += LANES) {
      v.intoMemorySegment(y, yo + i * SIZE, Lanes.ORDER);
    }
    for (int i = full; i < n; i++) {
      y.set(Lanes.FLOAT, yo + i * SIZE, value);
    }
  }

  static FloatVector load(MemorySegment x, long at) {
    return FloatVector.fromMemorySegment(Lanes.F32, x, at, Lanes.ORDER);
  }
}
