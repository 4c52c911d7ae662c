package dev.gatun.cpu.simd;

import static dev.gatun.cpu.simd.ReduceF32.load;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/// Weighted sums over the parts of partial attentions, F32: `rows` rows of `d` elements in each of
/// `parts` parts that start `apart` elements apart. Weights are `[parts, step]`, of which a call
/// reads the first `rows` columns. A weight of 0 leaves its row unread. Offsets are in elements.
public final class CombineF32 {
  private static final int LANES = Lanes.F32.length();
  private static final long SIZE = Float.BYTES;

  private CombineF32() {}

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
        float weight = w.get(Lanes.FLOAT, (wAt + (long) p * step + r) * SIZE);
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
  private static void add(float weight, MemorySegment x, long xo, MemorySegment y, long yo, int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    FloatVector factor = FloatVector.broadcast(Lanes.F32, weight);
    int full = Lanes.F32.loopBound(n);
    for (int i = 0; i < full; i += LANES) {
      load(x, xo + i * SIZE)
          .fma(factor, load(y, yo + i * SIZE))
          .intoMemorySegment(y, yo + i * SIZE, Lanes.ORDER);
    }
    for (int i = full; i < n; i++) {
      float sum = y.get(Lanes.FLOAT, yo + i * SIZE);
      y.set(Lanes.FLOAT, yo + i * SIZE, Math.fma(weight, x.get(Lanes.FLOAT, xo + i * SIZE), sum));
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
        float weight = w.get(Lanes.FLOAT, (wAt + cell) * SIZE);
        long row = (at + p * apart + (long) r * d) * SIZE;
        float sum = 0;
        if (weight != 0) {
          sum = scale(weight, o, row, dy, (dyAt + (long) r * d) * SIZE, dx, d);
        } else {
          Lanes.clear(dx, row, d * SIZE);
        }
        dot.set(Lanes.FLOAT, (dotAt + cell) * SIZE, sum);
      }
    }
  }

  /// `dx = weight dy`; returns `dy . x`.
  private static float scale(
      float weight, MemorySegment x, long xo, MemorySegment dy, long go, MemorySegment dx, int n) {
    x = Lanes.offHeap(x);
    dy = Lanes.offHeap(dy);
    dx = Lanes.offHeap(dx);
    FloatVector sum = FloatVector.zero(Lanes.F32);
    int full = Lanes.F32.loopBound(n);
    for (int i = 0; i < full; i += LANES) {
      FloatVector g = load(dy, go + i * SIZE);
      sum = g.fma(load(x, xo + i * SIZE), sum);
      g.mul(weight).intoMemorySegment(dx, xo + i * SIZE, Lanes.ORDER);
    }
    float total = Fold.sum(sum);
    for (int i = full; i < n; i++) {
      float g = dy.get(Lanes.FLOAT, go + i * SIZE);
      total = Math.fma(g, x.get(Lanes.FLOAT, xo + i * SIZE), total);
      dx.set(Lanes.FLOAT, xo + i * SIZE, g * weight);
    }
    return total;
  }
}
