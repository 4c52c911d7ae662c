package dev.gatun.cpu.simd;

import static dev.gatun.cpu.simd.ReduceF32.CHUNK;
import static dev.gatun.cpu.simd.ReduceF32.load;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/// Gradients of [NormF32], with its rows, groups and statistics.
///
/// With `h = (x - mean) rstd` and `g = dy w`: `dx = rstd (g - mean(g) - h mean(g h))`, without
/// `mean(g)` in RMS norm; `dw = sum over rows of dy h`; `db = sum over rows of dy`.
public final class NormGradientF32 {

  private static final int LANES = Lanes.F32.length();
  private static final long SIZE = Float.BYTES;

  private NormGradientF32() {}

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
      float mean = stats.get(Lanes.FLOAT, (statsAt + 2 * r) * SIZE);
      float rstd = stats.get(Lanes.FLOAT, (statsAt + 2 * r + 1) * SIZE);
      double g = 0;
      double gh = 0;
      for (int i = 0; i < n; i += CHUNK) {
        int m = Math.min(CHUNK, n - i);
        long at = i * SIZE;
        if (weighted) {
          g += centred ? dot(weight, wo + at, dy, go + at, m) : 0;
          gh += dot(x, xo + at, weight, wo + at, dy, go + at, mean, m);
        } else {
          g += centred ? ReduceF32.sum(dy, go + at, m) : 0;
          gh += centredDot(x, xo + at, dy, go + at, mean, m);
        }
      }
      float shift = (float) (-g / n);
      float slope = (float) (-gh * rstd * rstd / n);
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
  /// For one block of rows; the blocks' results are then added with [ReduceF32#sumColumns].
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
      ReduceF32.fill(dw, (dwAt + g * n) * SIZE, n, 0f);
      ReduceF32.fill(db, (dbAt + g * n) * SIZE, n, 0f);
    }
    for (long r = begin; r < end; r++) {
      float mean = stats.get(Lanes.FLOAT, (statsAt + 2 * r) * SIZE);
      float rstd = stats.get(Lanes.FLOAT, (statsAt + 2 * r + 1) * SIZE);
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
  private static float dot(MemorySegment w, long wo, MemorySegment dy, long go, int n) {
    w = Lanes.offHeap(w);
    dy = Lanes.offHeap(dy);
    FloatVector a = FloatVector.zero(Lanes.F32);
    FloatVector b = a;
    int i = 0;
    for (int full = n - 2 * LANES; i <= full; i += 2 * LANES) {
      long at = i * SIZE;
      a = load(w, wo + at).fma(load(dy, go + at), a);
      b = load(w, wo + at + LANES * SIZE).fma(load(dy, go + at + LANES * SIZE), b);
    }
    for (int full = n - LANES; i <= full; i += LANES) {
      a = load(w, wo + i * SIZE).fma(load(dy, go + i * SIZE), a);
    }
    float total = Fold.sum(a.add(b));
    for (; i < n; i++) {
      long at = i * SIZE;
      total = Math.fma(w.get(Lanes.FLOAT, wo + at), dy.get(Lanes.FLOAT, go + at), total);
    }
    return total;
  }

  /// `sum((x - mean) w dy)`
  private static float dot(
      MemorySegment x,
      long xo,
      MemorySegment w,
      long wo,
      MemorySegment dy,
      long go,
      float mean,
      int n) {
    x = Lanes.offHeap(x);
    w = Lanes.offHeap(w);
    dy = Lanes.offHeap(dy);
    FloatVector a = FloatVector.zero(Lanes.F32);
    FloatVector b = a;
    int i = 0;
    for (int full = n - 2 * LANES; i <= full; i += 2 * LANES) {
      long at = i * SIZE;
      FloatVector g = load(w, wo + at).mul(load(dy, go + at));
      a = load(x, xo + at).sub(mean).fma(g, a);
      at += LANES * SIZE;
      g = load(w, wo + at).mul(load(dy, go + at));
      b = load(x, xo + at).sub(mean).fma(g, b);
    }
    for (int full = n - LANES; i <= full; i += LANES) {
      long at = i * SIZE;
      FloatVector g = load(w, wo + at).mul(load(dy, go + at));
      a = load(x, xo + at).sub(mean).fma(g, a);
    }
    float total = Fold.sum(a.add(b));
    for (; i < n; i++) {
      long at = i * SIZE;
      float g = w.get(Lanes.FLOAT, wo + at) * dy.get(Lanes.FLOAT, go + at);
      total = Math.fma(x.get(Lanes.FLOAT, xo + at) - mean, g, total);
    }
    return total;
  }

  /// `sum((x - mean) dy)`
  private static float centredDot(
      MemorySegment x, long xo, MemorySegment dy, long go, float mean, int n) {
    x = Lanes.offHeap(x);
    dy = Lanes.offHeap(dy);
    FloatVector a = FloatVector.zero(Lanes.F32);
    FloatVector b = a;
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
    float total = Fold.sum(a.add(b));
    for (; i < n; i++) {
      long at = i * SIZE;
      total = Math.fma(x.get(Lanes.FLOAT, xo + at) - mean, dy.get(Lanes.FLOAT, go + at), total);
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
      float mean,
      float rstd,
      float shift,
      float slope,
      int n) {
    x = Lanes.offHeap(x);
    w = Lanes.offHeap(w);
    dy = Lanes.offHeap(dy);
    dx = Lanes.offHeap(dx);
    FloatVector c = FloatVector.broadcast(Lanes.F32, shift);
    FloatVector k = FloatVector.broadcast(Lanes.F32, slope);
    int full = Lanes.F32.loopBound(n);
    for (int i = 0; i < full; i += LANES) {
      long at = i * SIZE;
      FloatVector v = load(x, xo + at).sub(mean).fma(k, c);
      v = load(w, wo + at).fma(load(dy, go + at), v).mul(rstd);
      v.intoMemorySegment(dx, dxo + at, Lanes.ORDER);
    }
    for (int i = full; i < n; i++) {
      long at = i * SIZE;
      float v = Math.fma(x.get(Lanes.FLOAT, xo + at) - mean, slope, shift);
      v = Math.fma(w.get(Lanes.FLOAT, wo + at), dy.get(Lanes.FLOAT, go + at), v) * rstd;
      dx.set(Lanes.FLOAT, dxo + at, v);
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
      float mean,
      float rstd,
      float shift,
      float slope,
      int n) {
    x = Lanes.offHeap(x);
    dy = Lanes.offHeap(dy);
    dx = Lanes.offHeap(dx);
    FloatVector c = FloatVector.broadcast(Lanes.F32, shift);
    FloatVector k = FloatVector.broadcast(Lanes.F32, slope);
    int full = Lanes.F32.loopBound(n);
    for (int i = 0; i < full; i += LANES) {
      long at = i * SIZE;
      FloatVector v = load(x, xo + at).sub(mean).fma(k, c);
      load(dy, go + at).add(v).mul(rstd).intoMemorySegment(dx, dxo + at, Lanes.ORDER);
    }
    for (int i = full; i < n; i++) {
      long at = i * SIZE;
      float v = Math.fma(x.get(Lanes.FLOAT, xo + at) - mean, slope, shift);
      dx.set(Lanes.FLOAT, dxo + at, (dy.get(Lanes.FLOAT, go + at) + v) * rstd);
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
      float mean,
      float rstd,
      int n) {
    x = Lanes.offHeap(x);
    dy = Lanes.offHeap(dy);
    dw = Lanes.offHeap(dw);
    db = Lanes.offHeap(db);
    int full = Lanes.F32.loopBound(n);
    for (int i = 0; i < full; i += LANES) {
      long at = i * SIZE;
      FloatVector g = load(dy, go + at);
      FloatVector h = load(x, xo + at).sub(mean).mul(rstd);
      h.fma(g, load(dw, dwo + at)).intoMemorySegment(dw, dwo + at, Lanes.ORDER);
      load(db, dbo + at).add(g).intoMemorySegment(db, dbo + at, Lanes.ORDER);
    }
    for (int i = full; i < n; i++) {
      long at = i * SIZE;
      float g = dy.get(Lanes.FLOAT, go + at);
      float h = (x.get(Lanes.FLOAT, xo + at) - mean) * rstd;
      dw.set(Lanes.FLOAT, dwo + at, Math.fma(h, g, dw.get(Lanes.FLOAT, dwo + at)));
      db.set(Lanes.FLOAT, dbo + at, db.get(Lanes.FLOAT, dbo + at) + g);
    }
  }
}
