package dev.gatun.cpu.simd;

import static dev.gatun.cpu.simd.Lanes.DOUBLE;
import static dev.gatun.cpu.simd.Lanes.F64;
import static dev.gatun.cpu.simd.Lanes.ORDER;
import static jdk.incubator.vector.DoubleVector.fromMemorySegment;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;

/// What a convolution of F64 rows by transforms does beside them. Offsets are in bytes; the table
/// `t` holds `w_j = e^(-i pi j / 2h)`, real parts, then imaginary ones `part` bytes further.
public final class FftConvF64 {
  private static final int LANES = F64.length();
  private static final int SIZE = Double.BYTES;

  /// Products summed in F64 before the total is kept in double.
  private static final int CHUNK = 64 * LANES;

  private FftConvF64() {}

  /// `z_j = x_j / w_j` for `j < n`, 0 up to `h`.
  public static void twist(
      MemorySegment x,
      long xAt,
      int n,
      MemorySegment t,
      long part,
      MemorySegment z,
      long re,
      long im,
      int h) {
    x = Lanes.offHeap(x);
    t = Lanes.offHeap(t);
    z = Lanes.offHeap(z);
    int full = F64.loopBound(n);
    for (int i = 0; i < full; i += LANES) {
      long o = (long) i * SIZE;
      DoubleVector v = fromMemorySegment(F64, x, xAt + o, ORDER);
      DoubleVector wr = fromMemorySegment(F64, t, o, ORDER);
      DoubleVector wi = fromMemorySegment(F64, t, part + o, ORDER);
      v.mul(wr).intoMemorySegment(z, re + o, ORDER);
      v.neg().mul(wi).intoMemorySegment(z, im + o, ORDER);
    }
    for (int i = full; i < n; i++) {
      long o = (long) i * SIZE;
      double v = x.get(DOUBLE, xAt + o);
      z.set(DOUBLE, re + o, v * t.get(DOUBLE, o));
      z.set(DOUBLE, im + o, -v * t.get(DOUBLE, part + o));
    }
    Lanes.clear(z, re + (long) n * SIZE, (long) (h - n) * SIZE);
    Lanes.clear(z, im + (long) n * SIZE, (long) (h - n) * SIZE);
  }

  /// `y_j = Re(z_j w_j)` for `j < n`, or NaN where the sum `z_0` is not finite.
  public static void untwist(
      MemorySegment z,
      long re,
      long im,
      MemorySegment t,
      long part,
      int n,
      MemorySegment y,
      long yAt) {
    z = Lanes.offHeap(z);
    t = Lanes.offHeap(t);
    y = Lanes.offHeap(y);
    boolean finite = FftRealF64.isFinite(z, re) && FftRealF64.isFinite(z, im);
    int full = F64.loopBound(n);
    for (int i = 0; i < full; i += LANES) {
      long o = (long) i * SIZE;
      DoubleVector a = fromMemorySegment(F64, z, re + o, ORDER);
      DoubleVector b = fromMemorySegment(F64, z, im + o, ORDER);
      DoubleVector wr = fromMemorySegment(F64, t, o, ORDER);
      DoubleVector wi = fromMemorySegment(F64, t, part + o, ORDER);
      a.mul(wr).sub(b.mul(wi)).intoMemorySegment(y, yAt + o, ORDER);
    }
    for (int i = full; i < n; i++) {
      long o = (long) i * SIZE;
      double a = z.get(DOUBLE, re + o) * t.get(DOUBLE, o);
      y.set(DOUBLE, yAt + o, a - z.get(DOUBLE, im + o) * t.get(DOUBLE, part + o));
    }
    if (!finite) {
      FftRealF64.spoil(y, yAt, n);
    }
  }

  /// `y += s x` for `n` elements.
  public static void add(MemorySegment x, long xAt, int n, double s, MemorySegment y, long yAt) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    double f = s;
    DoubleVector v = DoubleVector.broadcast(F64, f);
    int full = F64.loopBound(n);
    for (int i = 0; i < full; i += LANES) {
      long o = (long) i * SIZE;
      fromMemorySegment(F64, x, xAt + o, ORDER)
          .fma(v, fromMemorySegment(F64, y, yAt + o, ORDER))
          .intoMemorySegment(y, yAt + o, ORDER);
    }
    for (int i = full; i < n; i++) {
      long o = (long) i * SIZE;
      y.set(DOUBLE, yAt + o, Math.fma(f, x.get(DOUBLE, xAt + o), y.get(DOUBLE, yAt + o)));
    }
  }

  /// `sum x y` over `n` elements.
  public static double dot(MemorySegment x, long xAt, MemorySegment y, long yAt, int n) {
    double sum = 0;
    for (int i = 0; i < n; i += CHUNK) {
      long o = (long) i * SIZE;
      sum += dotChunk(x, xAt + o, y, yAt + o, Math.min(CHUNK, n - i));
    }
    return sum;
  }

  private static double dotChunk(MemorySegment x, long xAt, MemorySegment y, long yAt, int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    DoubleVector a = DoubleVector.zero(F64);
    int full = F64.loopBound(n);
    for (int i = 0; i < full; i += LANES) {
      long o = (long) i * SIZE;
      a =
          fromMemorySegment(F64, x, xAt + o, ORDER)
              .fma(fromMemorySegment(F64, y, yAt + o, ORDER), a);
    }
    double sum = Fold.sum(a);
    for (int i = full; i < n; i++) {
      long o = (long) i * SIZE;
      sum = Math.fma(x.get(DOUBLE, xAt + o), y.get(DOUBLE, yAt + o), sum);
    }
    return sum;
  }

  /// `s += g conj(u)` for `n` complex elements in one segment.
  public static void accumulate(
      MemorySegment z, long gr, long gi, long ur, long ui, int n, long sr, long si) {
    z = Lanes.offHeap(z);
    int full = F64.loopBound(n);
    for (int i = 0; i < full; i += LANES) {
      long o = (long) i * SIZE;
      DoubleVector a = fromMemorySegment(F64, z, gr + o, ORDER);
      DoubleVector b = fromMemorySegment(F64, z, gi + o, ORDER);
      DoubleVector c = fromMemorySegment(F64, z, ur + o, ORDER);
      DoubleVector d = fromMemorySegment(F64, z, ui + o, ORDER);
      DoubleVector re = fromMemorySegment(F64, z, sr + o, ORDER);
      DoubleVector im = fromMemorySegment(F64, z, si + o, ORDER);
      a.fma(c, b.fma(d, re)).intoMemorySegment(z, sr + o, ORDER);
      b.fma(c, im).sub(a.mul(d)).intoMemorySegment(z, si + o, ORDER);
    }
    for (int i = full; i < n; i++) {
      long o = (long) i * SIZE;
      double a = z.get(DOUBLE, gr + o);
      double b = z.get(DOUBLE, gi + o);
      double c = z.get(DOUBLE, ur + o);
      double d = z.get(DOUBLE, ui + o);
      z.set(DOUBLE, sr + o, Math.fma(a, c, Math.fma(b, d, z.get(DOUBLE, sr + o))));
      z.set(DOUBLE, si + o, Math.fma(b, c, z.get(DOUBLE, si + o)) - a * d);
    }
  }

  /// Adds a filter that looks ahead, `n` elements: lag 0 to `z_0`, lag `-a` negated to the
  /// imaginary part of `z_(h - a)`.
  public static void ahead(
      MemorySegment k, long at, int n, MemorySegment z, long re, long im, int h) {
    k = Lanes.offHeap(k);
    z = Lanes.offHeap(z);
    z.set(DOUBLE, re, z.get(DOUBLE, re) + k.get(DOUBLE, at));
    for (int a = 1; a < n; a++) {
      z.set(DOUBLE, im + (long) (h - a) * SIZE, -k.get(DOUBLE, at + (long) a * SIZE));
    }
  }

  /// Takes such a filter out again.
  public static void behind(
      MemorySegment z, long re, long im, int h, MemorySegment k, long at, int n) {
    z = Lanes.offHeap(z);
    k = Lanes.offHeap(k);
    k.set(DOUBLE, at, z.get(DOUBLE, re));
    for (int a = 1; a < n; a++) {
      k.set(DOUBLE, at + (long) a * SIZE, -z.get(DOUBLE, im + (long) (h - a) * SIZE));
    }
  }
}
