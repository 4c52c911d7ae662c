package dev.gatun.cpu.simd;

import static dev.gatun.cpu.simd.FastWeightsF64.at;
import static dev.gatun.cpu.simd.FastWeightsF64.number;
import static dev.gatun.cpu.simd.FastWeightsF64.store;
import static jdk.incubator.vector.VectorOperators.LT;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.VectorMask;

/// Loops of `dev.gatun.op.sequence.linear.FastWeights` in chunks of 16 steps, F64. Arrays lie as in
/// [FastWeightsF64]; what belongs to pairs of steps is `[.., 16]`, the later step first, and
/// columns are `[n, 16]`.
public final class FastChunkF64 {
  private static final int LANES = Lanes.F64.length();
  private static final long SIZE = Double.BYTES;
  private static final int CHUNK = 16;

  /// Below this a product of decays and a key counts as 0.
  private static final double LEAST = 1e-30;

  private FastChunkF64() {}

  /// Whether all numbers are finite.
  public static boolean finite(MemorySegment w, long x, int n) {
    w = Lanes.offHeap(w);
    DoubleVector sum = DoubleVector.zero(Lanes.F64);
    for (int i = 0; i < n; i += LANES) {
      sum = at(w, x + i).fma(DoubleVector.zero(Lanes.F64), sum);
    }
    return Fold.sum(sum) == 0;
  }

  /// `y[c, r] = x[r, c]`, 0 from row `n` on.
  public static void columns(MemorySegment w, long x, int width, long y, int n, int columns) {
    w = Lanes.offHeap(w);
    for (int c = 0; c < columns; c++) {
      long to = (y + (long) c * CHUNK) * SIZE;
      for (int r = 0; r < n; r++) {
        w.set(Lanes.DOUBLE, to + r * SIZE, w.get(Lanes.DOUBLE, (x + (long) r * width + c) * SIZE));
      }
      for (int r = n; r < CHUNK; r++) {
        w.set(Lanes.DOUBLE, to + r * SIZE, 0.0);
      }
    }
  }

  /// `y[r, c] = x[c, r]`
  public static void rows(MemorySegment w, long x, long y, int width, int n, int columns) {
    w = Lanes.offHeap(w);
    for (int c = 0; c < columns; c++) {
      long from = (x + (long) c * CHUNK) * SIZE;
      for (int r = 0; r < n; r++) {
        w.set(
            Lanes.DOUBLE, (y + (long) r * width + c) * SIZE, w.get(Lanes.DOUBLE, from + r * SIZE));
      }
    }
  }

  /// `c = a b`, or `c += a b`: `a [m, k]`, `b [k, n]`, `n` a multiple of two vectors.
  public static void product(
      MemorySegment w,
      long a,
      int aRow,
      long b,
      int bRow,
      long c,
      int cRow,
      int m,
      int k,
      int n,
      boolean add,
      long zeros) {
    int tiles = n / (2 * LANES);
    int height;
    for (int i = 0; i < m; i += height) {
      height = Gemm.height(m - i);
      long to = (c + (long) i * cRow) * SIZE;
      Gemm.tiles(
          GemmPlan.F64,
          height,
          w,
          (a + (long) i * aRow) * SIZE,
          aRow * SIZE,
          w,
          b * SIZE,
          bRow * SIZE,
          2 * LANES * SIZE,
          k,
          tiles,
          w,
          add ? to : zeros * SIZE,
          add ? cRow * SIZE : 0,
          add ? 2 * LANES * SIZE : 0,
          w,
          to,
          cRow * SIZE);
    }
  }

  /// `y[r] = sum_c l[r, c] x[c]`: `m` rows of `width`, of which `k` count, with columns.
  public static void dots(MemorySegment w, long l, int width, int m, long x, int k, long y) {
    for (int j = 0; j < CHUNK; j += LANES) {
      int r = 0;
      for (; r + 8 <= m; r += 8) {
        dots8(w, l + (long) r * width, width, x + j, k, y + (long) r * CHUNK + j);
      }
      for (; r < m; r++) {
        dots1(w, l + (long) r * width, x + j, k, y + (long) r * CHUNK + j);
      }
    }
  }

  private static void dots8(MemorySegment w, long l, int width, long x, int k, long y) {
    w = Lanes.offHeap(w);
    DoubleVector y0 = DoubleVector.zero(Lanes.F64);
    DoubleVector y1 = y0;
    DoubleVector y2 = y0;
    DoubleVector y3 = y0;
    DoubleVector y4 = y0;
    DoubleVector y5 = y0;
    DoubleVector y6 = y0;
    DoubleVector y7 = y0;
    long row = width;
    for (int c = 0; c < k; c++) {
      DoubleVector v = at(w, x + (long) c * CHUNK);
      long i = l + c;
      y0 = number(w, i).fma(v, y0);
      y1 = number(w, i + row).fma(v, y1);
      y2 = number(w, i + 2 * row).fma(v, y2);
      y3 = number(w, i + 3 * row).fma(v, y3);
      y4 = number(w, i + 4 * row).fma(v, y4);
      y5 = number(w, i + 5 * row).fma(v, y5);
      y6 = number(w, i + 6 * row).fma(v, y6);
      y7 = number(w, i + 7 * row).fma(v, y7);
    }
    store(y0, w, y);
    store(y1, w, y + CHUNK);
    store(y2, w, y + 2 * CHUNK);
    store(y3, w, y + 3 * CHUNK);
    store(y4, w, y + 4 * CHUNK);
    store(y5, w, y + 5 * CHUNK);
    store(y6, w, y + 6 * CHUNK);
    store(y7, w, y + 7 * CHUNK);
  }

  private static void dots1(MemorySegment w, long l, long x, int k, long y) {
    w = Lanes.offHeap(w);
    DoubleVector sum = DoubleVector.zero(Lanes.F64);
    for (int c = 0; c < k; c++) {
      sum = number(w, l + c).fma(at(w, x + (long) c * CHUNK), sum);
    }
    store(sum, w, y);
  }

  /// Columns before the `i`-th fade: `x[c, j] *= e[c]`, `j < i`. Before that `before[i, j] = sum_c
  /// first[c] x[c, j]`, after it `after[i, j]` by `second` and `again` by `third`. What is not
  /// below the diagonal, or, for the latter two, on it, is left to [#lower].
  public static void fade(
      MemorySegment w,
      long x,
      long e,
      long first,
      long second,
      long before,
      long after,
      int columns,
      int i,
      boolean early) {
    for (int j = 0; j < CHUNK && j <= i; j += LANES) {
      if (early) {
        early(w, x + j, e, first, second, before + j, after + j, columns, i - j);
      } else {
        late(w, x + j, e, first, second, before + j, after + j, columns, i - j);
      }
    }
  }

  private static DoubleVector faded(DoubleVector x, double e, VectorMask<Double> past) {
    DoubleVector y = x.mul(DoubleVector.broadcast(Lanes.F64, 1.0).blend(e, past));
    return y.blend(0.0, y.abs().compare(LT, LEAST));
  }

  private static void early(
      MemorySegment w,
      long x,
      long e,
      long first,
      long second,
      long before,
      long after,
      int columns,
      int i) {
    w = Lanes.offHeap(w);
    DoubleVector a0 = DoubleVector.zero(Lanes.F64);
    DoubleVector a1 = a0;
    DoubleVector b0 = a0;
    DoubleVector b1 = a0;
    VectorMask<Double> past = a0.addIndex(1).compare(LT, i);
    int c = 0;
    for (; c + 2 <= columns; c += 2) {
      long at = x + (long) c * CHUNK;
      DoubleVector x0 = at(w, at);
      DoubleVector x1 = at(w, at + CHUNK);
      a0 = number(w, first + c).fma(x0, a0);
      a1 = number(w, first + c + 1).fma(x1, a1);
      x0 = faded(x0, w.get(Lanes.DOUBLE, (e + c) * SIZE), past);
      x1 = faded(x1, w.get(Lanes.DOUBLE, (e + c + 1) * SIZE), past);
      store(x0, w, at);
      store(x1, w, at + CHUNK);
      b0 = number(w, second + c).fma(x0, b0);
      b1 = number(w, second + c + 1).fma(x1, b1);
    }
    for (; c < columns; c++) {
      long at = x + (long) c * CHUNK;
      DoubleVector x0 = at(w, at);
      a0 = number(w, first + c).fma(x0, a0);
      x0 = faded(x0, w.get(Lanes.DOUBLE, (e + c) * SIZE), past);
      store(x0, w, at);
      b0 = number(w, second + c).fma(x0, b0);
    }
    store(a0.add(a1), w, before);
    store(b0.add(b1), w, after);
  }

  private static void late(
      MemorySegment w,
      long x,
      long e,
      long first,
      long second,
      long before,
      long after,
      int columns,
      int i) {
    w = Lanes.offHeap(w);
    DoubleVector a0 = DoubleVector.zero(Lanes.F64);
    DoubleVector a1 = a0;
    DoubleVector b0 = a0;
    DoubleVector b1 = a0;
    VectorMask<Double> past = a0.addIndex(1).compare(LT, i);
    int c = 0;
    for (; c + 2 <= columns; c += 2) {
      long at = x + (long) c * CHUNK;
      DoubleVector x0 = faded(at(w, at), w.get(Lanes.DOUBLE, (e + c) * SIZE), past);
      DoubleVector x1 = faded(at(w, at + CHUNK), w.get(Lanes.DOUBLE, (e + c + 1) * SIZE), past);
      store(x0, w, at);
      store(x1, w, at + CHUNK);
      a0 = number(w, first + c).fma(x0, a0);
      a1 = number(w, first + c + 1).fma(x1, a1);
      b0 = number(w, second + c).fma(x0, b0);
      b1 = number(w, second + c + 1).fma(x1, b1);
    }
    for (; c < columns; c++) {
      long at = x + (long) c * CHUNK;
      DoubleVector x0 = faded(at(w, at), w.get(Lanes.DOUBLE, (e + c) * SIZE), past);
      store(x0, w, at);
      a0 = number(w, first + c).fma(x0, a0);
      b0 = number(w, second + c).fma(x0, b0);
    }
    store(a0.add(a1), w, before);
    store(b0.add(b1), w, after);
  }

  /// Row `i` of pairs is 0 from column `i` on, or after it if `diagonal`.
  public static void lower(MemorySegment w, long y, int n, boolean diagonal) {
    for (int i = 0; i < n; i++) {
      for (int j = diagonal ? i + 1 : i; j < CHUNK; j++) {
        w.set(Lanes.DOUBLE, (y + (long) i * CHUNK + j) * SIZE, 0.0);
      }
    }
  }

  /// `y += sum_j f[j] x[j]`, `j` in `[from, to)`, factors `step` apart; minus if `away`.
  public static void combine(
      MemorySegment w,
      long y,
      long f,
      int step,
      long x,
      int width,
      int from,
      int to,
      boolean away) {
    int i = 0;
    for (; i + 4 * LANES <= width; i += 4 * LANES) {
      combine4(w, y + i, f, step, x + i, width, from, to, away);
    }
    for (; i < width; i += LANES) {
      combine1(w, y + i, f, step, x + i, width, from, to, away);
    }
  }

  private static void combine4(
      MemorySegment w,
      long y,
      long f,
      int step,
      long x,
      int width,
      int from,
      int to,
      boolean away) {
    w = Lanes.offHeap(w);
    DoubleVector y0 = DoubleVector.zero(Lanes.F64);
    DoubleVector y1 = y0;
    DoubleVector y2 = y0;
    DoubleVector y3 = y0;
    for (int j = from; j < to; j++) {
      DoubleVector v = number(w, f + (long) j * step);
      long row = x + (long) j * width;
      y0 = v.fma(at(w, row), y0);
      y1 = v.fma(at(w, row + LANES), y1);
      y2 = v.fma(at(w, row + 2 * LANES), y2);
      y3 = v.fma(at(w, row + 3 * LANES), y3);
    }
    double sign = away ? -1.0 : 1.0;
    store(y0.fma(DoubleVector.broadcast(Lanes.F64, sign), at(w, y)), w, y);
    store(y1.fma(DoubleVector.broadcast(Lanes.F64, sign), at(w, y + LANES)), w, y + LANES);
    store(y2.fma(DoubleVector.broadcast(Lanes.F64, sign), at(w, y + 2 * LANES)), w, y + 2 * LANES);
    store(y3.fma(DoubleVector.broadcast(Lanes.F64, sign), at(w, y + 3 * LANES)), w, y + 3 * LANES);
  }

  private static void combine1(
      MemorySegment w,
      long y,
      long f,
      int step,
      long x,
      int width,
      int from,
      int to,
      boolean away) {
    w = Lanes.offHeap(w);
    DoubleVector y0 = DoubleVector.zero(Lanes.F64);
    for (int j = from; j < to; j++) {
      y0 = number(w, f + (long) j * step).fma(at(w, x + (long) j * width), y0);
    }
    store(y0.fma(DoubleVector.broadcast(Lanes.F64, away ? -1.0 : 1.0), at(w, y)), w, y);
  }

  /// `x[j] *= e`, `j` in `[from, to)`.
  public static void fadeRows(MemorySegment w, long x, long e, int width, int from, int to) {
    w = Lanes.offHeap(w);
    for (int i = 0; i < width; i += LANES) {
      DoubleVector f = at(w, e + i);
      for (int j = from; j < to; j++) {
        long at = x + (long) j * width + i;
        DoubleVector v = at(w, at).mul(f);
        store(v.blend(0.0, v.abs().compare(LT, LEAST)), w, at);
      }
    }
  }

  /// Running products of decays: with `p = e[0] .. e[i]`, `y[i] = x[i] p`, or before the last
  /// factor if `early`; the last `p` to `whole`.
  public static void fromStart(
      MemorySegment w, long e, long x, long y, long whole, int width, int n, boolean early) {
    w = Lanes.offHeap(w);
    for (int i = 0; i < width; i += LANES) {
      DoubleVector p = DoubleVector.broadcast(Lanes.F64, 1.0);
      for (int t = 0; t < n; t++) {
        long at = (long) t * width + i;
        DoubleVector next = p.mul(at(w, e + at));
        next = next.blend(0.0, next.abs().compare(LT, LEAST));
        store(at(w, x + at).mul(early ? p : next), w, y + at);
        p = next;
      }
      store(p, w, whole + i);
    }
  }

  /// `y[i] = x[i] e[i + 1] .. e[n - 1]`
  public static void toEnd(MemorySegment w, long e, long x, long y, int width, int n) {
    w = Lanes.offHeap(w);
    for (int i = 0; i < width; i += LANES) {
      DoubleVector p = DoubleVector.broadcast(Lanes.F64, 1.0);
      for (int t = n - 1; t >= 0; t--) {
        long at = (long) t * width + i;
        store(at(w, x + at).mul(p), w, y + at);
        p = p.mul(at(w, e + at));
        p = p.blend(0.0, p.abs().compare(LT, LEAST));
      }
    }
  }

  /// Sums from the last row to the first: row `m` of `y` is `total`, and `plus` less `minus` of all
  /// rows from `m` on, and `later` of those after it.
  public static void rates(
      MemorySegment w, long total, long plus, long minus, long later, long y, int width, int n) {
    w = Lanes.offHeap(w);
    for (int i = 0; i < width; i += LANES) {
      DoubleVector sum = at(w, total + i);
      for (int t = n - 1; t >= 0; t--) {
        long at = (long) t * width + i;
        sum = sum.add(at(w, plus + at)).sub(at(w, minus + at));
        store(sum, w, y + at);
        sum = sum.add(at(w, later + at));
      }
    }
  }
}
