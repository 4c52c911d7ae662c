package dev.gatun.cpu.simd;

import static dev.gatun.cpu.simd.ReduceF64.load;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;

/// Single steps of attention as a scan, on F64 rows of `n` elements. Offsets are in elements.
public final class AttentionScanF64 {
  private static final int LANES = Lanes.F64.length();
  private static final long SIZE = Double.BYTES;

  private AttentionScanF64() {}

  /// `to = keep from + weight v` and `o = scale to`; `to` and `from` may be the same. Without the
  /// weight `v` is not read.
  public static void forward(
      double keep,
      double weight,
      double scale,
      MemorySegment v,
      long vAt,
      MemorySegment from,
      long fromAt,
      MemorySegment to,
      long toAt,
      MemorySegment o,
      long oAt,
      int n) {
    if (weight == 0) {
      fade(keep, from, fromAt * SIZE, to, toAt * SIZE, n);
    } else {
      fold(keep, weight, v, vAt * SIZE, from, fromAt * SIZE, to, toAt * SIZE, n);
    }
    fade(scale, to, toAt * SIZE, o, oAt * SIZE, n);
  }

  /// `y = factor x`
  private static void fade(
      double factor, MemorySegment x, long xo, MemorySegment y, long yo, int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    int full = Lanes.F64.loopBound(n);
    for (int i = 0; i < full; i += LANES) {
      load(x, xo + i * SIZE).mul(factor).intoMemorySegment(y, yo + i * SIZE, Lanes.ORDER);
    }
    for (int i = full; i < n; i++) {
      y.set(Lanes.DOUBLE, yo + i * SIZE, x.get(Lanes.DOUBLE, xo + i * SIZE) * factor);
    }
  }

  /// `y = keep x + weight v`
  private static void fold(
      double keep,
      double weight,
      MemorySegment v,
      long vo,
      MemorySegment x,
      long xo,
      MemorySegment y,
      long yo,
      int n) {
    v = Lanes.offHeap(v);
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    DoubleVector w = DoubleVector.broadcast(Lanes.F64, weight);
    int full = Lanes.F64.loopBound(n);
    for (int i = 0; i < full; i += LANES) {
      load(v, vo + i * SIZE)
          .fma(w, load(x, xo + i * SIZE).mul(keep))
          .intoMemorySegment(y, yo + i * SIZE, Lanes.ORDER);
    }
    for (int i = full; i < n; i++) {
      double old = x.get(Lanes.DOUBLE, xo + i * SIZE) * keep;
      y.set(Lanes.DOUBLE, yo + i * SIZE, Math.fma(v.get(Lanes.DOUBLE, vo + i * SIZE), weight, old));
    }
  }

  /// `g = keep g + dout` and `dv = weight g`, which is 0 without the weight.
  public static void backward(
      double keep,
      double weight,
      MemorySegment dout,
      MemorySegment dv,
      long at,
      MemorySegment g,
      long gAt,
      int n) {
    fold(keep, 1, dout, at * SIZE, g, gAt * SIZE, g, gAt * SIZE, n);
    if (weight == 0) {
      Lanes.clear(dv, at * SIZE, n * SIZE);
    } else {
      fade(weight, g, gAt * SIZE, dv, at * SIZE, n);
    }
  }

  /// `x . (y - z)`
  public static double dot(
      MemorySegment x, long xAt, MemorySegment y, long yAt, MemorySegment z, long zAt, int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    z = Lanes.offHeap(z);
    long xo = xAt * SIZE;
    long yo = yAt * SIZE;
    long zo = zAt * SIZE;
    DoubleVector sum = DoubleVector.zero(Lanes.F64);
    int full = Lanes.F64.loopBound(n);
    for (int i = 0; i < full; i += LANES) {
      DoubleVector d = load(y, yo + i * SIZE).sub(load(z, zo + i * SIZE));
      sum = load(x, xo + i * SIZE).fma(d, sum);
    }
    double total = Fold.sum(sum);
    for (int i = full; i < n; i++) {
      double d = y.get(Lanes.DOUBLE, yo + i * SIZE) - z.get(Lanes.DOUBLE, zo + i * SIZE);
      total = Math.fma(x.get(Lanes.DOUBLE, xo + i * SIZE), d, total);
    }
    return total;
  }

  /// `x . y`
  public static double dot(MemorySegment x, long xAt, MemorySegment y, long yAt, int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    long xo = xAt * SIZE;
    long yo = yAt * SIZE;
    DoubleVector sum = DoubleVector.zero(Lanes.F64);
    int full = Lanes.F64.loopBound(n);
    for (int i = 0; i < full; i += LANES) {
      sum = load(x, xo + i * SIZE).fma(load(y, yo + i * SIZE), sum);
    }
    double total = Fold.sum(sum);
    for (int i = full; i < n; i++) {
      total =
          Math.fma(x.get(Lanes.DOUBLE, xo + i * SIZE), y.get(Lanes.DOUBLE, yo + i * SIZE), total);
    }
    return total;
  }
}
