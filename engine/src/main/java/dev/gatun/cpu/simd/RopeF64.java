package dev.gatun.cpu.simd;

import static dev.gatun.cpu.simd.ReduceF64.load;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.VectorShuffle;

/// Rotation of pairs in F64 rows of `d` elements, of which the first `2 h` turn: `(a, b)` becomes
/// `(a cos - b sin, b cos + a sin)`, with the sine negated where `inverse`. Row `r` of the tables
/// `[.., h]` is for row `r` of `x`. Offsets are in elements.
public final class RopeF64 {
  private static final int LANES = Lanes.F64.length();
  private static final long SIZE = Double.BYTES;

  /// Lanes 0, 0, 1, 1, ... and the same of the upper half; neighbours swapped.
  private static final VectorShuffle<Double> LOW = VectorShuffle.fromOp(Lanes.F64, i -> i / 2);

  private static final VectorShuffle<Double> HIGH =
      VectorShuffle.fromOp(Lanes.F64, i -> LANES / 2 + i / 2);
  private static final VectorShuffle<Double> SWAP = VectorShuffle.fromOp(Lanes.F64, i -> i ^ 1);

  /// -1, 1, -1, 1, ...
  private static final DoubleVector SIGN = sign();

  private RopeF64() {}

  private static DoubleVector sign() {
    double[] signs = new double[LANES];
    for (int i = 0; i < LANES; i++) {
      signs[i] = i % 2 == 0 ? -1 : 1;
    }
    return DoubleVector.fromArray(Lanes.F64, signs, 0);
  }

  /// Pairs `i` and `i + h`.
  public static void halves(
      MemorySegment x,
      long xAt,
      MemorySegment cos,
      MemorySegment sin,
      long tAt,
      MemorySegment y,
      long yAt,
      int rows,
      int d,
      int h,
      boolean inverse) {
    x = Lanes.offHeap(x);
    cos = Lanes.offHeap(cos);
    sin = Lanes.offHeap(sin);
    y = Lanes.offHeap(y);
    double sign = inverse ? -1 : 1;
    int full = Lanes.F64.loopBound(h);
    for (int r = 0; r < rows; r++) {
      long xo = (xAt + (long) r * d) * SIZE;
      long yo = (yAt + (long) r * d) * SIZE;
      long to = (tAt + (long) r * h) * SIZE;
      for (int i = 0; i < full; i += LANES) {
        DoubleVector a = load(x, xo + i * SIZE);
        DoubleVector b = load(x, xo + (i + h) * SIZE);
        DoubleVector c = load(cos, to + i * SIZE);
        DoubleVector s = load(sin, to + i * SIZE).mul(sign);
        a.fma(c, b.mul(s).neg()).intoMemorySegment(y, yo + i * SIZE, Lanes.ORDER);
        b.fma(c, a.mul(s)).intoMemorySegment(y, yo + (i + h) * SIZE, Lanes.ORDER);
      }
      for (int i = full; i < h; i++) {
        pair(x, xo + i * SIZE, h * SIZE, cos, sin, to + i * SIZE, sign, y, yo + i * SIZE);
      }
    }
  }

  /// Pairs `2 i` and `2 i + 1`.
  public static void neighbours(
      MemorySegment x,
      long xAt,
      MemorySegment cos,
      MemorySegment sin,
      long tAt,
      MemorySegment y,
      long yAt,
      int rows,
      int d,
      int h,
      boolean inverse) {
    x = Lanes.offHeap(x);
    cos = Lanes.offHeap(cos);
    sin = Lanes.offHeap(sin);
    y = Lanes.offHeap(y);
    double sign = inverse ? -1 : 1;
    DoubleVector signs = SIGN.mul(sign);
    int full = Lanes.F64.loopBound(h);
    for (int r = 0; r < rows; r++) {
      long xo = (xAt + (long) r * d) * SIZE;
      long yo = (yAt + (long) r * d) * SIZE;
      long to = (tAt + (long) r * h) * SIZE;
      for (int i = 0; i < full; i += LANES) {
        DoubleVector v = load(x, xo + 2 * i * SIZE);
        DoubleVector w = load(x, xo + (2 * i + LANES) * SIZE);
        DoubleVector c = load(cos, to + i * SIZE);
        DoubleVector s = load(sin, to + i * SIZE);
        v.fma(c.rearrange(LOW), v.rearrange(SWAP).mul(s.rearrange(LOW).mul(signs)))
            .intoMemorySegment(y, yo + 2 * i * SIZE, Lanes.ORDER);
        w.fma(c.rearrange(HIGH), w.rearrange(SWAP).mul(s.rearrange(HIGH).mul(signs)))
            .intoMemorySegment(y, yo + (2 * i + LANES) * SIZE, Lanes.ORDER);
      }
      for (int i = full; i < h; i++) {
        pair(x, xo + 2 * i * SIZE, SIZE, cos, sin, to + i * SIZE, sign, y, yo + 2 * i * SIZE);
      }
    }
  }

  /// One pair, `apart` bytes apart.
  private static void pair(
      MemorySegment x,
      long xo,
      long apart,
      MemorySegment cos,
      MemorySegment sin,
      long to,
      double sign,
      MemorySegment y,
      long yo) {
    double a = x.get(Lanes.DOUBLE, xo);
    double b = x.get(Lanes.DOUBLE, xo + apart);
    double c = cos.get(Lanes.DOUBLE, to);
    double s = sin.get(Lanes.DOUBLE, to) * sign;
    y.set(Lanes.DOUBLE, yo, Math.fma(a, c, -(b * s)));
    y.set(Lanes.DOUBLE, yo + apart, Math.fma(b, c, a * s));
  }

  /// Copies what does not turn. Apart from the loops above, which have no room for more.
  public static void rest(
      MemorySegment x, long xAt, MemorySegment y, long yAt, int rows, int d, int h) {
    for (int r = 0; r < rows; r++) {
      long skip = (long) r * d + 2L * h;
      copy(x, (xAt + skip) * SIZE, y, (yAt + skip) * SIZE, d - 2 * h);
    }
  }

  private static void copy(MemorySegment x, long xo, MemorySegment y, long yo, int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    int full = Lanes.F64.loopBound(n);
    for (int i = 0; i < full; i += LANES) {
      load(x, xo + i * SIZE).intoMemorySegment(y, yo + i * SIZE, Lanes.ORDER);
    }
    for (int i = full; i < n; i++) {
      y.set(Lanes.DOUBLE, yo + i * SIZE, x.get(Lanes.DOUBLE, xo + i * SIZE));
    }
  }
}
