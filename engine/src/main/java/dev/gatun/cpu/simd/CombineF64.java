package dev.gatun.cpu.simd;

import static dev.gatun.cpu.simd.ReduceF64.load;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;

/// Weighted sums over the parts of partial attentions, F64: `rows` rows of `d` elements in each of
/// `parts` parts that start `apart` elements apart. Weights are `[parts, step]`, of which a call
/// reads the first `rows` columns. A weight of 0 leaves its row unread. Offsets are in elements.
public final class CombineF64 {
  private static final int LANES = Lanes.F64.length();
  private static final long SIZE = Double.BYTES;

  private CombineF64() {}

  /// `y[r, :] = sum_p w[p, r] o[p, r, :]`
  public static void forward(
      MemorySegment o,
      long oAt,
      long apart,
      MemorySegment w,
      long wAt,
      int step,
      int parts,
      MemorySegment y,
      long yAt,
      int rows,
      int d) {
    Lanes.clear(y, yAt * SIZE, rows * d * SIZE);
    for (int r = 0; r < rows; r++) {
      for (int p = 0; p < parts; p++) {
        double weight = w.get(Lanes.DOUBLE, (wAt + (long) p * step + r) * SIZE);
        if (weight != 0) {
          add(
              weight,
              o,
              (oAt + p * apart + (long) r * d) * SIZE,
              y,
              (yAt + (long) r * d) * SIZE,
              d);
        }
      }
    }
  }

  /// `y += weight x`
  private static void add(
      double weight, MemorySegment x, long xo, MemorySegment y, long yo, int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    DoubleVector factor = DoubleVector.broadcast(Lanes.F64, weight);
    int full = Lanes.F64.loopBound(n);
    for (int i = 0; i < full; i += LANES) {
      load(x, xo + i * SIZE)
          .fma(factor, load(y, yo + i * SIZE))
          .intoMemorySegment(y, yo + i * SIZE, Lanes.ORDER);
    }
    for (int i = full; i < n; i++) {
      double sum = y.get(Lanes.DOUBLE, yo + i * SIZE);
      y.set(Lanes.DOUBLE, yo + i * SIZE, Math.fma(weight, x.get(Lanes.DOUBLE, xo + i * SIZE), sum));
    }
  }

  /// `dx[p, r, :] = w[p, r] dy[r, :]` and `dot[p, r] = dy[r, :] . o[p, r, :]`, 0 where the weight
  /// is; `dx` lies as `o`, `dot` as `w`.
  public static void gradient(
      MemorySegment o,
      long at,
      long apart,
      MemorySegment w,
      long wAt,
      int step,
      int parts,
      MemorySegment dy,
      long dyAt,
      MemorySegment dx,
      MemorySegment dot,
      long dotAt,
      int rows,
      int d) {
    for (int r = 0; r < rows; r++) {
      for (int p = 0; p < parts; p++) {
        long cell = (long) p * step + r;
        double weight = w.get(Lanes.DOUBLE, (wAt + cell) * SIZE);
        long row = (at + p * apart + (long) r * d) * SIZE;
        double sum = 0;
        if (weight != 0) {
          sum = scale(weight, o, row, dy, (dyAt + (long) r * d) * SIZE, dx, d);
        } else {
          Lanes.clear(dx, row, d * SIZE);
        }
        dot.set(Lanes.DOUBLE, (dotAt + cell) * SIZE, sum);
      }
    }
  }

  /// `dx = weight dy`; returns `dy . x`.
  private static double scale(
      double weight, MemorySegment x, long xo, MemorySegment dy, long go, MemorySegment dx, int n) {
    x = Lanes.offHeap(x);
    dy = Lanes.offHeap(dy);
    dx = Lanes.offHeap(dx);
    DoubleVector sum = DoubleVector.zero(Lanes.F64);
    int full = Lanes.F64.loopBound(n);
    for (int i = 0; i < full; i += LANES) {
      DoubleVector g = load(dy, go + i * SIZE);
      sum = g.fma(load(x, xo + i * SIZE), sum);
      g.mul(weight).intoMemorySegment(dx, xo + i * SIZE, Lanes.ORDER);
    }
    double total = Fold.sum(sum);
    for (int i = full; i < n; i++) {
      double g = dy.get(Lanes.DOUBLE, go + i * SIZE);
      total = Math.fma(g, x.get(Lanes.DOUBLE, xo + i * SIZE), total);
      dx.set(Lanes.DOUBLE, xo + i * SIZE, g * weight);
    }
    return total;
  }
}
