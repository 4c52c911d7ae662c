package dev.gatun.cpu.simd;

import static dev.gatun.cpu.simd.ReduceF64.CHUNK;
import static dev.gatun.cpu.simd.ReduceF64.load;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;

/// Gradients of [NormF64], with its rows, groups and statistics.
///
/// With `h = (x - mean) rstd` and `g = dy w`: `dx = rstd (g - mean(g) - h mean(g h))`, without
/// `mean(g)` in RMS norm; `dw = sum over rows of dy h`; `db = sum over rows of dy`.
public final class NormGradientF64 {

  private static final int LANES = Lanes.F64.length();
  private static final long SIZE = Double.BYTES;

  private NormGradientF64() {}

  /// `dx` of rows `begin` to `end`. `MemorySegment.NULL` stands for no weight.
  public static void rows(
      MemorySegment x,
      long xAt,
      MemorySegment weight,
      long weightAt,
      MemorySegment dy,
      long dyAt,
      MemorySegment stats,
      long statsAt,
      MemorySegment dx,
      long dxAt,
      long begin,
      long end,
      int n,
      long groups,
      boolean centred) {
    boolean weighted = weight.byteSize() > 0;
    for (long r = begin; r < end; r++) {
      long xo = (xAt + r * n) * SIZE;
      long go = (dyAt + r * n) * SIZE;
      long wo = (weightAt + r % groups * n) * SIZE;
      long dxo = (dxAt + r * n) * SIZE;
      double mean = stats.get(Lanes.DOUBLE, (statsAt + 2 * r) * SIZE);
      double rstd = stats.get(Lanes.DOUBLE, (statsAt + 2 * r + 1) * SIZE);
      double g = 0;
      double gh = 0;
      for (int i = 0; i < n; i += CHUNK) {
        int m = Math.min(CHUNK, n - i);
        long at = i * SIZE;
        if (weighted) {
          g += centred ? dot(weight, wo + at, dy, go + at, m) : 0;
          gh += dot(x, xo + at, weight, wo + at, dy, go + at, mean, m);
        } else {
          g += centred ? ReduceF64.sum(dy, go + at, m) : 0;
          gh += centredDot(x, xo + at, dy, go + at, mean, m);
        }
      }
      double shift = (-g / n);
      double slope = (-gh * rstd * rstd / n);
      if (weighted) {
        input(x, xo, weight, wo, dy, go, dx, dxo, mean, rstd, shift, slope, n);
      } else {
        input(x, xo, dy, go, dx, dxo, mean, rstd, shift, slope, n);
      }
    }
  }

  /// Sums of rows `begin` to `end` of `dy h` into `dw[groups * n]` and of `dy` into `db[groups *
  /// n]`.
  ///
  /// For one block of rows; the blocks' results are then added with [ReduceF64#sumColumns].
  public static void weights(
      MemorySegment x,
      long xAt,
      MemorySegment dy,
      long dyAt,
      MemorySegment stats,
      long statsAt,
      MemorySegment dw,
      long dwAt,
      MemorySegment db,
      long dbAt,
      long begin,
      long end,
      int n,
      long groups) {
    for (long g = 0; g < groups; g++) {
      ReduceF64.fill(dw, (dwAt + g * n) * SIZE, n, 0.0);
      ReduceF64.fill(db, (dbAt + g * n) * SIZE, n, 0.0);
    }
    for (long r = begin; r < end; r++) {
      double mean = stats.get(Lanes.DOUBLE, (statsAt + 2 * r) * SIZE);
      double rstd = stats.get(Lanes.DOUBLE, (statsAt + 2 * r + 1) * SIZE);
      long g = r % groups * n;
      accumulate(
          x,
          (xAt + r * n) * SIZE,
          dy,
          (dyAt + r * n) * SIZE,
          dw,
          (dwAt + g) * SIZE,
          db,
          (dbAt + g) * SIZE,
          mean,
          rstd,
          n);
    }
  }

  /// `sum(w dy)`
  private static double dot(MemorySegment w, long wo, MemorySegment dy, long go, int n) {
    w = Lanes.offHeap(w);
    dy = Lanes.offHeap(dy);
    DoubleVector a = DoubleVector.zero(Lanes.F64);
    DoubleVector b = a;
    int i = 0;
    for (int full = n - 2 * LANES; i <= full; i += 2 * LANES) {
      long at = i * SIZE;
      a = load(w, wo + at).fma(load(dy, go + at), a);
      b = load(w, wo + at + LANES * SIZE).fma(load(dy, go + at + LANES * SIZE), b);
    }
    for (int full = n - LANES; i <= full; i += LANES) {
      a = load(w, wo + i * SIZE).fma(load(dy, go + i * SIZE), a);
    }
    double total = Fold.sum(a.add(b));
    for (; i < n; i++) {
      long at = i * SIZE;
      total = Math.fma(w.get(Lanes.DOUBLE, wo + at), dy.get(Lanes.DOUBLE, go + at), total);
    }
    return total;
  }

  /// `sum((x - mean) w dy)`
  private static double dot(
      MemorySegment x,
      long xo,
      MemorySegment w,
      long wo,
      MemorySegment dy,
      long go,
      double mean,
      int n) {
    x = Lanes.offHeap(x);
    w = Lanes.offHeap(w);
    dy = Lanes.offHeap(dy);
    DoubleVector a = DoubleVector.zero(Lanes.F64);
    DoubleVector b = a;
    int i = 0;
    for (int full = n - 2 * LANES; i <= full; i += 2 * LANES) {
      long at = i * SIZE;
      DoubleVector g = load(w, wo + at).mul(load(dy, go + at));
      a = load(x, xo + at).sub(mean).fma(g, a);
      at += LANES * SIZE;
      g = load(w, wo + at).mul(load(dy, go + at));
      b = load(x, xo + at).sub(mean).fma(g, b);
    }
    for (int full = n - LANES; i <= full; i += LANES) {
      long at = i * SIZE;
      DoubleVector g = load(w, wo + at).mul(load(dy, go + at));
      a = load(x, xo + at).sub(mean).fma(g, a);
    }
    double total = Fold.sum(a.add(b));
    for (; i < n; i++) {
      long at = i * SIZE;
      double g = w.get(Lanes.DOUBLE, wo + at) * dy.get(Lanes.DOUBLE, go + at);
      total = Math.fma(x.get(Lanes.DOUBLE, xo + at) - mean, g, total);
    }
    return total;
  }

  /// `sum((x - mean) dy)`
  private static double centredDot(
      MemorySegment x, long xo, MemorySegment dy, long go, double mean, int n) {
    x = Lanes.offHeap(x);
    dy = Lanes.offHeap(dy);
    DoubleVector a = DoubleVector.zero(Lanes.F64);
    DoubleVector b = a;
    int i = 0;
    for (int full = n - 2 * LANES; i <= full; i += 2 * LANES) {
      long at = i * SIZE;
      a = load(x, xo + at).sub(mean).fma(load(dy, go + at), a);
      at += LANES * SIZE;
      b = load(x, xo + at).sub(mean).fma(load(dy, go + at), b);
    }
    for (int full = n - LANES; i <= full; i += LANES) {
      a = load(x, xo + i * SIZE).sub(mean).fma(load(dy, go + i * SIZE), a);
    }
    double total = Fold.sum(a.add(b));
    for (; i < n; i++) {
      long at = i * SIZE;
      total = Math.fma(x.get(Lanes.DOUBLE, xo + at) - mean, dy.get(Lanes.DOUBLE, go + at), total);
    }
    return total;
  }

  /// `dx = rstd (w dy + shift + slope (x - mean))`
  private static void input(
      MemorySegment x,
      long xo,
      MemorySegment w,
      long wo,
      MemorySegment dy,
      long go,
      MemorySegment dx,
      long dxo,
      double mean,
      double rstd,
      double shift,
      double slope,
      int n) {
    x = Lanes.offHeap(x);
    w = Lanes.offHeap(w);
    dy = Lanes.offHeap(dy);
    dx = Lanes.offHeap(dx);
    DoubleVector c = DoubleVector.broadcast(Lanes.F64, shift);
    DoubleVector k = DoubleVector.broadcast(Lanes.F64, slope);
    int full = Lanes.F64.loopBound(n);
    for (int i = 0; i < full; i += LANES) {
      long at = i * SIZE;
      DoubleVector v = load(x, xo + at).sub(mean).fma(k, c);
      v = load(w, wo + at).fma(load(dy, go + at), v).mul(rstd);
      v.intoMemorySegment(dx, dxo + at, Lanes.ORDER);
    }
    for (int i = full; i < n; i++) {
      long at = i * SIZE;
      double v = Math.fma(x.get(Lanes.DOUBLE, xo + at) - mean, slope, shift);
      v = Math.fma(w.get(Lanes.DOUBLE, wo + at), dy.get(Lanes.DOUBLE, go + at), v) * rstd;
      dx.set(Lanes.DOUBLE, dxo + at, v);
    }
  }

  /// `dx = rstd (dy + shift + slope (x - mean))`
  private static void input(
      MemorySegment x,
      long xo,
      MemorySegment dy,
      long go,
      MemorySegment dx,
      long dxo,
      double mean,
      double rstd,
      double shift,
      double slope,
      int n) {
    x = Lanes.offHeap(x);
    dy = Lanes.offHeap(dy);
    dx = Lanes.offHeap(dx);
    DoubleVector c = DoubleVector.broadcast(Lanes.F64, shift);
    DoubleVector k = DoubleVector.broadcast(Lanes.F64, slope);
    int full = Lanes.F64.loopBound(n);
    for (int i = 0; i < full; i += LANES) {
      long at = i * SIZE;
      DoubleVector v = load(x, xo + at).sub(mean).fma(k, c);
      load(dy, go + at).add(v).mul(rstd).intoMemorySegment(dx, dxo + at, Lanes.ORDER);
    }
    for (int i = full; i < n; i++) {
      long at = i * SIZE;
      double v = Math.fma(x.get(Lanes.DOUBLE, xo + at) - mean, slope, shift);
      dx.set(Lanes.DOUBLE, dxo + at, (dy.get(Lanes.DOUBLE, go + at) + v) * rstd);
    }
  }

  private static void accumulate(
      MemorySegment x,
      long xo,
      MemorySegment dy,
      long go,
      MemorySegment dw,
      long dwo,
      MemorySegment db,
      long dbo,
      double mean,
      double rstd,
      int n) {
    x = Lanes.offHeap(x);
    dy = Lanes.offHeap(dy);
    dw = Lanes.offHeap(dw);
    db = Lanes.offHeap(db);
    int full = Lanes.F64.loopBound(n);
    for (int i = 0; i < full; i += LANES) {
      long at = i * SIZE;
      DoubleVector g = load(dy, go + at);
      DoubleVector h = load(x, xo + at).sub(mean).mul(rstd);
      h.fma(g, load(dw, dwo + at)).intoMemorySegment(dw, dwo + at, Lanes.ORDER);
      load(db, dbo + at).add(g).intoMemorySegment(db, dbo + at, Lanes.ORDER);
    }
    for (int i = full; i < n; i++) {
      long at = i * SIZE;
      double g = dy.get(Lanes.DOUBLE, go + at);
      double h = (x.get(Lanes.DOUBLE, xo + at) - mean) * rstd;
      dw.set(Lanes.DOUBLE, dwo + at, Math.fma(h, g, dw.get(Lanes.DOUBLE, dwo + at)));
      db.set(Lanes.DOUBLE, dbo + at, db.get(Lanes.DOUBLE, dbo + at) + g);
    }
  }
}
