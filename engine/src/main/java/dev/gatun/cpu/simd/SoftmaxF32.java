package dev.gatun.cpu.simd;

import static dev.gatun.cpu.simd.ReduceF32.load;
import static jdk.incubator.vector.VectorOperators.GT;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/// Softmax and log-softmax of F32 rows, and their gradients.
///
/// Rows are those of a contiguous `[rows, n]` matrix; a call does rows `begin` to `end`. Offsets
/// are in elements; output and input may be the same range. The row's maximum is subtracted first,
/// so nothing overflows. Terms are summed in F32 up to 256 at a time, then in double.
///
/// A row of nothing but -inf, and one that holds NaN or +inf, gives NaN, as in PyTorch.
public final class SoftmaxF32 {

  private static final int LANES = Lanes.F32.length();

  /// Elements summed in one vector: a chain of 32 to 64 roundings.
  private static final int CHUNK = 256;

  private static final long SIZE = Float.BYTES;

  private SoftmaxF32() {}

  /// `y[r, i] = exp(x[r, i]) / sum_j exp(x[r, j])`
  public static void rows(
      MemorySegment x, long xAt, MemorySegment y, long yAt, long begin, long end, int n) {
    for (long r = begin; r < end; r++) {
      long xo = (xAt + r * n) * SIZE;
      long yo = (yAt + r * n) * SIZE;
      float top = top(x, xo, n);
      double total = 0;
      for (int i = 0; i < n; i += CHUNK) {
        int m = Math.min(CHUNK, n - i);
        total += exp(x, xo + i * SIZE, y, yo + i * SIZE, top, m);
      }
      scale(y, yo, n, (float) (1 / total));
    }
  }

  /// `y[r, i] = x[r, i] - log(sum_j exp(x[r, j]))`
  public static void logRows(
      MemorySegment x, long xAt, MemorySegment y, long yAt, long begin, long end, int n) {
    for (long r = begin; r < end; r++) {
      long xo = (xAt + r * n) * SIZE;
      float top = top(x, xo, n);
      float log = (float) Math.log(total(x, xo, top, n));
      subtract(x, xo, y, (yAt + r * n) * SIZE, top, log, n);
    }
  }

  /// `y[r] = log(sum_j exp(x[r, j]))`; unlike the others -inf for a row of nothing but -inf.
  public static void logSumExpRows(
      MemorySegment x, long xAt, MemorySegment y, long yAt, long begin, long end, int n) {
    for (long r = begin; r < end; r++) {
      long xo = (xAt + r * n) * SIZE;
      float top = ReduceF32.max(x, xo, n);
      double z = Float.isInfinite(top) ? top : top + Math.log(total(x, xo, top, n));
      y.set(Lanes.FLOAT, (yAt + r) * SIZE, (float) z);
    }
  }

  /// Gradient of [#rows]: `dx[r, i] = y[r, i] (dy[r, i] - sum_j y[r, j] dy[r, j])`
  public static void gradientRows(
      MemorySegment y,
      long yAt,
      MemorySegment dy,
      long dyAt,
      MemorySegment dx,
      long dxAt,
      long begin,
      long end,
      int n) {
    for (long r = begin; r < end; r++) {
      long yo = (yAt + r * n) * SIZE;
      long go = (dyAt + r * n) * SIZE;
      double total = 0;
      for (int i = 0; i < n; i += CHUNK) {
        total += dot(y, yo + i * SIZE, dy, go + i * SIZE, Math.min(CHUNK, n - i));
      }
      gradient(y, yo, dy, go, dx, (dxAt + r * n) * SIZE, (float) total, n);
    }
  }

  /// Gradient of [#logRows]: `dx[r, i] = dy[r, i] - exp(y[r, i]) sum_j dy[r, j]`
  public static void logGradientRows(
      MemorySegment y,
      long yAt,
      MemorySegment dy,
      long dyAt,
      MemorySegment dx,
      long dxAt,
      long begin,
      long end,
      int n) {
    for (long r = begin; r < end; r++) {
      long go = (dyAt + r * n) * SIZE;
      float total = (float) ReduceF32.sum(dy, go, n);
      logGradient(y, (yAt + r * n) * SIZE, dy, go, dx, (dxAt + r * n) * SIZE, total, n);
    }
  }

  /// Largest element, NaN ignored: a NaN shows in the sum of exponentials anyway, and comparing
  /// costs a third of `max`, which must order NaN and the zeros.
  static float top(MemorySegment x, long xo, int n) {
    x = Lanes.offHeap(x);
    FloatVector a = FloatVector.broadcast(Lanes.F32, Float.NEGATIVE_INFINITY);
    FloatVector b = a;
    FloatVector c = a;
    FloatVector d = a;
    int i = 0;
    for (int full = n - 4 * LANES; i <= full; i += 4 * LANES) {
      long at = xo + i * SIZE;
      FloatVector v = load(x, at);
      a = a.blend(v, v.compare(GT, a));
      v = load(x, at + LANES * SIZE);
      b = b.blend(v, v.compare(GT, b));
      v = load(x, at + 2 * LANES * SIZE);
      c = c.blend(v, v.compare(GT, c));
      v = load(x, at + 3 * LANES * SIZE);
      d = d.blend(v, v.compare(GT, d));
    }
    for (int full = n - LANES; i <= full; i += LANES) {
      FloatVector v = load(x, xo + i * SIZE);
      a = a.blend(v, v.compare(GT, a));
    }
    float most = Fold.max(a.max(b).max(c.max(d)));
    for (; i < n; i++) {
      float v = x.get(Lanes.FLOAT, xo + i * SIZE);
      most = v > most ? v : most;
    }
    return most;
  }

  private static float exp(MemorySegment x, long xo, MemorySegment y, long yo, float top, int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    FloatVector sum = FloatVector.zero(Lanes.F32);
    int full = Lanes.F32.loopBound(n);
    for (int i = 0; i < full; i += LANES) {
      FloatVector e = ExpLanes.nonPositiveF32(load(x, xo + i * SIZE).sub(top));
      e.intoMemorySegment(y, yo + i * SIZE, Lanes.ORDER);
      sum = sum.add(e);
    }
    float total = Fold.sum(sum);
    return full == n
        ? total
        : total + expTail(x, xo + full * SIZE, y, yo + full * SIZE, top, n - full);
  }

  private static float expTail(
      MemorySegment x, long xo, MemorySegment y, long yo, float top, int rest) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    float total = 0;
    for (int i = 0; i < rest; i++) {
      float e = (float) Math.exp(x.get(Lanes.FLOAT, xo + i * SIZE) - top);
      y.set(Lanes.FLOAT, yo + i * SIZE, e);
      total += e;
    }
    return total;
  }

  private static double total(MemorySegment x, long xo, float top, int n) {
    double total = 0;
    for (int i = 0; i < n; i += CHUNK) {
      total += expSum(x, xo + i * SIZE, top, Math.min(CHUNK, n - i));
    }
    return total;
  }

  private static float expSum(MemorySegment x, long xo, float top, int n) {
    x = Lanes.offHeap(x);
    FloatVector sum = FloatVector.zero(Lanes.F32);
    int full = Lanes.F32.loopBound(n);
    for (int i = 0; i < full; i += LANES) {
      sum = sum.add(ExpLanes.nonPositiveF32(load(x, xo + i * SIZE).sub(top)));
    }
    float total = Fold.sum(sum);
    return full == n ? total : total + expSumTail(x, xo + full * SIZE, top, n - full);
  }

  private static float expSumTail(MemorySegment x, long xo, float top, int rest) {
    x = Lanes.offHeap(x);
    float total = 0;
    for (int i = 0; i < rest; i++) {
      total += (float) Math.exp(x.get(Lanes.FLOAT, xo + i * SIZE) - top);
    }
    return total;
  }

  private static void scale(MemorySegment y, long yo, int n, float factor) {
    y = Lanes.offHeap(y);
    int full = Lanes.F32.loopBound(n);
    for (int i = 0; i < full; i += LANES) {
      load(y, yo + i * SIZE).mul(factor).intoMemorySegment(y, yo + i * SIZE, Lanes.ORDER);
    }
    for (int i = full; i < n; i++) {
      y.set(Lanes.FLOAT, yo + i * SIZE, y.get(Lanes.FLOAT, yo + i * SIZE) * factor);
    }
  }

  private static void subtract(
      MemorySegment x, long xo, MemorySegment y, long yo, float top, float log, int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    int full = Lanes.F32.loopBound(n);
    for (int i = 0; i < full; i += LANES) {
      FloatVector v = load(x, xo + i * SIZE).sub(top).sub(log);
      v.intoMemorySegment(y, yo + i * SIZE, Lanes.ORDER);
    }
    for (int i = full; i < n; i++) {
      y.set(Lanes.FLOAT, yo + i * SIZE, x.get(Lanes.FLOAT, xo + i * SIZE) - top - log);
    }
  }

  private static float dot(MemorySegment x, long xo, MemorySegment y, long yo, int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    FloatVector a = FloatVector.zero(Lanes.F32);
    FloatVector b = a;
    FloatVector c = a;
    FloatVector d = a;
    int i = 0;
    for (int full = n - 4 * LANES; i <= full; i += 4 * LANES) {
      long p = xo + i * SIZE;
      long q = yo + i * SIZE;
      a = load(x, p).fma(load(y, q), a);
      b = load(x, p + LANES * SIZE).fma(load(y, q + LANES * SIZE), b);
      c = load(x, p + 2 * LANES * SIZE).fma(load(y, q + 2 * LANES * SIZE), c);
      d = load(x, p + 3 * LANES * SIZE).fma(load(y, q + 3 * LANES * SIZE), d);
    }
    for (int full = n - LANES; i <= full; i += LANES) {
      a = load(x, xo + i * SIZE).fma(load(y, yo + i * SIZE), a);
    }
    float total = Fold.sum(a.add(b).add(c.add(d)));
    for (; i < n; i++) {
      total = Math.fma(x.get(Lanes.FLOAT, xo + i * SIZE), y.get(Lanes.FLOAT, yo + i * SIZE), total);
    }
    return total;
  }

  private static void gradient(
      MemorySegment y,
      long yo,
      MemorySegment dy,
      long go,
      MemorySegment dx,
      long dxo,
      float total,
      int n) {
    y = Lanes.offHeap(y);
    dy = Lanes.offHeap(dy);
    dx = Lanes.offHeap(dx);
    int full = Lanes.F32.loopBound(n);
    for (int i = 0; i < full; i += LANES) {
      long at = i * SIZE;
      FloatVector v = load(dy, go + at).sub(total).mul(load(y, yo + at));
      v.intoMemorySegment(dx, dxo + at, Lanes.ORDER);
    }
    for (int i = full; i < n; i++) {
      long at = i * SIZE;
      dx.set(
          Lanes.FLOAT,
          dxo + at,
          (dy.get(Lanes.FLOAT, go + at) - total) * y.get(Lanes.FLOAT, yo + at));
    }
  }

  private static void logGradient(
      MemorySegment y,
      long yo,
      MemorySegment dy,
      long go,
      MemorySegment dx,
      long dxo,
      float total,
      int n) {
    y = Lanes.offHeap(y);
    dy = Lanes.offHeap(dy);
    dx = Lanes.offHeap(dx);
    int full = Lanes.F32.loopBound(n);
    FloatVector minus = FloatVector.broadcast(Lanes.F32, -total);
    for (int i = 0; i < full; i += LANES) {
      long at = i * SIZE;
      FloatVector p = ExpLanes.nonPositiveF32(load(y, yo + at));
      p.fma(minus, load(dy, go + at)).intoMemorySegment(dx, dxo + at, Lanes.ORDER);
    }
    if (full < n) {
      long at = full * SIZE;
      logGradientTail(y, yo + at, dy, go + at, dx, dxo + at, total, n - full);
    }
  }

  private static void logGradientTail(
      MemorySegment y,
      long yo,
      MemorySegment dy,
      long go,
      MemorySegment dx,
      long dxo,
      float total,
      int rest) {
    y = Lanes.offHeap(y);
    dy = Lanes.offHeap(dy);
    dx = Lanes.offHeap(dx);
    for (int i = 0; i < rest; i++) {
      long at = i * SIZE;
      float p = (float) Math.exp(y.get(Lanes.FLOAT, yo + at));
      dx.set(Lanes.FLOAT, dxo + at, Math.fma(p, -total, dy.get(Lanes.FLOAT, go + at)));
    }
  }
}
