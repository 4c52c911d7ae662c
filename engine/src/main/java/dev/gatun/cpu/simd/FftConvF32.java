package dev.gatun.cpu.simd;

import static dev.gatun.cpu.simd.Lanes.F32;
import static dev.gatun.cpu.simd.Lanes.FLOAT;
import static dev.gatun.cpu.simd.Lanes.ORDER;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/// What a convolution of F32 rows by transforms does beside them. Offsets are in bytes; the table
/// `t` holds `w_j = e^(-i pi j / 2h)`, real parts, then imaginary ones `part` bytes further.
public final class FftConvF32 {
  private static final int LANES = F32.length();
  private static final int SIZE = Float.BYTES;

  /// Products summed in F32 before the total is kept in double.
  private static final int CHUNK = 64 * LANES;

  private FftConvF32() {}

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
    int full = F32.loopBound(n);
    for (int i = 0; i < full; i += LANES) {
      long o = (long) i * SIZE;
      FloatVector v = fromMemorySegment(F32, x, xAt + o, ORDER);
      FloatVector wr = fromMemorySegment(F32, t, o, ORDER);
      FloatVector wi = fromMemorySegment(F32, t, part + o, ORDER);
      v.mul(wr).intoMemorySegment(z, re + o, ORDER);
      v.neg().mul(wi).intoMemorySegment(z, im + o, ORDER);
    }
    for (int i = full; i < n; i++) {
      long o = (long) i * SIZE;
      float v = x.get(FLOAT, xAt + o);
      z.set(FLOAT, re + o, v * t.get(FLOAT, o));
      z.set(FLOAT, im + o, -v * t.get(FLOAT, part + o));
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
    boolean finite = FftRealF32.isFinite(z, re) && FftRealF32.isFinite(z, im);
    int full = F32.loopBound(n);
    for (int i = 0; i < full; i += LANES) {
      long o = (long) i * SIZE;
      FloatVector a = fromMemorySegment(F32, z, re + o, ORDER);
      FloatVector b = fromMemorySegment(F32, z, im + o, ORDER);
      FloatVector wr = fromMemorySegment(F32, t, o, ORDER);
      FloatVector wi = fromMemorySegment(F32, t, part + o, ORDER);
      a.mul(wr).sub(b.mul(wi)).intoMemorySegment(y, yAt + o, ORDER);
    }
    for (int i = full; i < n; i++) {
      long o = (long) i * SIZE;
      float a = z.get(FLOAT, re + o) * t.get(FLOAT, o);
      y.set(FLOAT, yAt + o, a - z.get(FLOAT, im + o) * t.get(FLOAT, part + o));
    }
    if (!finite) {
      FftRealF32.spoil(y, yAt, n);
    }
  }

  /// `y += s x` for `n` elements.
  public static void add(MemorySegment x, long xAt, int n, double s, MemorySegment y, long yAt) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    float f = (float) s;
    FloatVector v = FloatVector.broadcast(F32, f);
    int full = F32.loopBound(n);
    for (int i = 0; i < full; i += LANES) {
      long o = (long) i * SIZE;
      fromMemorySegment(F32, x, xAt + o, ORDER)
          .fma(v, fromMemorySegment(F32, y, yAt + o, ORDER))
          .intoMemorySegment(y, yAt + o, ORDER);
    }
    for (int i = full; i < n; i++) {
      long o = (long) i * SIZE;
      y.set(FLOAT, yAt + o, Math.fma(f, x.get(FLOAT, xAt + o), y.get(FLOAT, yAt + o)));
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

  private static float dotChunk(MemorySegment x, long xAt, MemorySegment y, long yAt, int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    FloatVector a = FloatVector.zero(F32);
    int full = F32.loopBound(n);
    for (int i = 0; i < full; i += LANES) {
      long o = (long) i * SIZE;
      a =
          fromMemorySegment(F32, x, xAt + o, ORDER)
              .fma(fromMemorySegment(F32, y, yAt + o, ORDER), a);
    }
    float sum = Fold.sum(a);
    for (int i = full; i < n; i++) {
      long o = (long) i * SIZE;
      sum = Math.fma(x.get(FLOAT, xAt + o), y.get(FLOAT, yAt + o), sum);
    }
    return sum;
  }

  /// `s += g conj(u)` for `n` complex elements in one segment.
  public static void accumulate(
      MemorySegment z, long gr, long gi, long ur, long ui, int n, long sr, long si) {
    z = Lanes.offHeap(z);
    int full = F32.loopBound(n);
    for (int i = 0; i < full; i += LANES) {
      long o = (long) i * SIZE;
      FloatVector a = fromMemorySegment(F32, z, gr + o, ORDER);
      FloatVector b = fromMemorySegment(F32, z, gi + o, ORDER);
      FloatVector c = fromMemorySegment(F32, z, ur + o, ORDER);
      FloatVector d = fromMemorySegment(F32, z, ui + o, ORDER);
      FloatVector re = fromMemorySegment(F32, z, sr + o, ORDER);
      FloatVector im = fromMemorySegment(F32, z, si + o, ORDER);
      a.fma(c, b.fma(d, re)).intoMemorySegment(z, sr + o, ORDER);
      b.fma(c, im).sub(a.mul(d)).intoMemorySegment(z, si + o, ORDER);
    }
    for (int i = full; i < n; i++) {
      long o = (long) i * SIZE;
      float a = z.get(FLOAT, gr + o);
      float b = z.get(FLOAT, gi + o);
      float c = z.get(FLOAT, ur + o);
      float d = z.get(FLOAT, ui + o);
      z.set(FLOAT, sr + o, Math.fma(a, c, Math.fma(b, d, z.get(FLOAT, sr + o))));
      z.set(FLOAT, si + o, Math.fma(b, c, z.get(FLOAT, si + o)) - a * d);
    }
  }

  /// Adds a filter that looks ahead, `n` elements: lag 0 to `z_0`, lag `-a` negated to the
  /// imaginary part of `z_(h - a)`.
  public static void ahead(
      MemorySegment k, long at, int n, MemorySegment z, long re, long im, int h) {
    k = Lanes.offHeap(k);
    z = Lanes.offHeap(z);
    z.set(FLOAT, re, z.get(FLOAT, re) + k.get(FLOAT, at));
    for (int a = 1; a < n; a++) {
      z.set(FLOAT, im + (long) (h - a) * SIZE, -k.get(FLOAT, at + (long) a * SIZE));
    }
  }

  /// Takes such a filter out again.
  public static void behind(
      MemorySegment z, long re, long im, int h, MemorySegment k, long at, int n) {
    z = Lanes.offHeap(z);
    k = Lanes.offHeap(k);
    k.set(FLOAT, at, z.get(FLOAT, re));
    for (int a = 1; a < n; a++) {
      k.set(FLOAT, at + (long) a * SIZE, -z.get(FLOAT, im + (long) (h - a) * SIZE));
    }
  }
}
