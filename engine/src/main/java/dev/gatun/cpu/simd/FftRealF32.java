package dev.gatun.cpu.simd;

import static dev.gatun.cpu.simd.Lanes.F32;
import static dev.gatun.cpu.simd.Lanes.FLOAT;
import static dev.gatun.cpu.simd.Lanes.ORDER;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;

/// What turns transforms of real F32 rows of `2 h` elements into complex ones of `h` and back: even
/// elements are real parts and odd ones imaginary parts. Offsets are in bytes; in all formulas `w =
/// e^(-pi i k / h)`, `k` up to `h / 2`, from a table of real and then imaginary parts `part` bytes
/// further.
public final class FftRealF32 {
  private static final int LANES = F32.length();
  private static final int SIZE = Float.BYTES;

  /// C2 has no shuffle of two lanes.
  private static final boolean SHUFFLES = LANES > 2;

  private static final VectorShuffle<Float> EVEN_ODD =
      VectorShuffle.fromOp(F32, i -> 2 * i % LANES + 2 * i / LANES);
  private static final VectorShuffle<Float> ODD_EVEN =
      VectorShuffle.fromOp(F32, i -> 2 * i % LANES + 1 - 2 * i / LANES);
  private static final VectorShuffle<Float> HALVES =
      VectorShuffle.fromOp(F32, i -> (i + LANES / 2) % LANES);
  private static final VectorShuffle<Float> LOW = VectorShuffle.fromOp(F32, i -> i / 2);
  private static final VectorShuffle<Float> HIGH = VectorShuffle.fromOp(F32, i -> (i + LANES) / 2);
  private static final VectorShuffle<Float> BACK = VectorShuffle.fromOp(F32, i -> LANES - 1 - i);
  private static final VectorMask<Float> UPPER = VectorMask.fromLong(F32, -1L << LANES / 2);
  private static final VectorMask<Float> ODD = VectorMask.fromLong(F32, 0xaaaa_aaaaL);

  private FftRealF32() {}

  /// `z_j = x_2j + i x_(2j + 1)` for `j < h`.
  public static void split(MemorySegment x, long xAt, int h, MemorySegment z, long re, long im) {
    x = Lanes.offHeap(x);
    z = Lanes.offHeap(z);
    int full = SHUFFLES ? F32.loopBound(h) : 0;
    for (int j = 0; j < full; j += LANES) {
      long from = xAt + 2L * SIZE * j;
      FloatVector a = fromMemorySegment(F32, x, from, ORDER).rearrange(EVEN_ODD);
      FloatVector b = fromMemorySegment(F32, x, from + LANES * SIZE, ORDER).rearrange(ODD_EVEN);
      a.blend(b, UPPER).intoMemorySegment(z, re + (long) SIZE * j, ORDER);
      b.blend(a, UPPER).rearrange(HALVES).intoMemorySegment(z, im + (long) SIZE * j, ORDER);
    }
    for (int j = full; j < h; j++) {
      long from = xAt + 2L * SIZE * j;
      z.set(FLOAT, re + (long) SIZE * j, x.get(FLOAT, from));
      z.set(FLOAT, im + (long) SIZE * j, x.get(FLOAT, from + SIZE));
    }
  }

  /// `y_2j = re z_j`, `y_(2j + 1) = im z_j` for `j < h`.
  public static void join(MemorySegment z, long re, long im, int h, MemorySegment y, long yAt) {
    z = Lanes.offHeap(z);
    y = Lanes.offHeap(y);
    int full = SHUFFLES ? F32.loopBound(h) : 0;
    for (int j = 0; j < full; j += LANES) {
      long to = yAt + 2L * SIZE * j;
      FloatVector a = fromMemorySegment(F32, z, re + (long) SIZE * j, ORDER);
      FloatVector b = fromMemorySegment(F32, z, im + (long) SIZE * j, ORDER);
      a.rearrange(LOW).blend(b.rearrange(LOW), ODD).intoMemorySegment(y, to, ORDER);
      a.rearrange(HIGH)
          .blend(b.rearrange(HIGH), ODD)
          .intoMemorySegment(y, to + LANES * SIZE, ORDER);
    }
    for (int j = full; j < h; j++) {
      long to = yAt + 2L * SIZE * j;
      y.set(FLOAT, to, z.get(FLOAT, re + (long) SIZE * j));
      y.set(FLOAT, to + SIZE, z.get(FLOAT, im + (long) SIZE * j));
    }
  }

  /// The spectrum of the row from the transform `z` of its halves: with `E = z_k + conj z_(h-k)`
  /// and `O = -i (z_k - conj z_(h-k))`, `y_k = inner (E + w O) / 2` and `y_(h-k) = inner conj(E - w
  /// O) / 2`; `y_0` and `y_h` times `edge` instead.
  public static void spectrum(
      MemorySegment z,
      long re,
      long im,
      int h,
      MemorySegment t,
      long part,
      MemorySegment yr,
      long yRe,
      MemorySegment yi,
      long yIm,
      double edge,
      double inner) {
    z = Lanes.offHeap(z);
    t = Lanes.offHeap(t);
    yr = Lanes.offHeap(yr);
    yi = Lanes.offHeap(yi);
    float s = (float) (inner / 2);
    int k = 1;
    for (; SHUFFLES && k + LANES <= h / 2 + 1; k += LANES) {
      long o = (long) k * SIZE;
      long m = (long) h * SIZE - o - (long) (LANES - 1) * SIZE;
      FloatVector a = fromMemorySegment(F32, z, re + o, ORDER).mul(s);
      FloatVector b = fromMemorySegment(F32, z, im + o, ORDER).mul(s);
      FloatVector c = fromMemorySegment(F32, z, re + m, ORDER).rearrange(BACK).mul(s);
      FloatVector d = fromMemorySegment(F32, z, im + m, ORDER).rearrange(BACK).mul(s);
      FloatVector wr = fromMemorySegment(F32, t, o, ORDER);
      FloatVector wi = fromMemorySegment(F32, t, part + o, ORDER);
      FloatVector or = b.add(d);
      FloatVector oi = c.sub(a);
      FloatVector pr = or.mul(wr).sub(oi.mul(wi));
      FloatVector pi = or.fma(wi, oi.mul(wr));
      a = a.add(c);
      b = b.sub(d);
      a.add(pr).intoMemorySegment(yr, yRe + o, ORDER);
      b.add(pi).intoMemorySegment(yi, yIm + o, ORDER);
      a.sub(pr).rearrange(BACK).intoMemorySegment(yr, yRe + m, ORDER);
      pi.sub(b).rearrange(BACK).intoMemorySegment(yi, yIm + m, ORDER);
    }
    for (; k <= h / 2; k++) {
      long o = (long) k * SIZE;
      long m = (long) (h - k) * SIZE;
      float a = s * z.get(FLOAT, re + o);
      float b = s * z.get(FLOAT, im + o);
      float c = s * z.get(FLOAT, re + m);
      float d = s * z.get(FLOAT, im + m);
      float wr = t.get(FLOAT, o);
      float wi = t.get(FLOAT, part + o);
      float pr = (b + d) * wr - (c - a) * wi;
      float pi = Math.fma(b + d, wi, (c - a) * wr);
      yr.set(FLOAT, yRe + m, a + c - pr);
      yi.set(FLOAT, yIm + m, pi - (b - d));
      yr.set(FLOAT, yRe + o, a + c + pr);
      yi.set(FLOAT, yIm + o, b - d + pi);
    }
    float a = z.get(FLOAT, re);
    float b = z.get(FLOAT, im);
    yr.set(FLOAT, yRe, (float) edge * (a + b));
    yi.set(FLOAT, yIm, 0);
    yr.set(FLOAT, yRe + (long) h * SIZE, (float) edge * (a - b));
    yi.set(FLOAT, yIm + (long) h * SIZE, 0);
  }

  /// What the inverse transform of the halves starts from: with `E = x_k + conj x_(h-k)` and `G =
  /// conj(w) (x_k - conj x_(h-k))`, `z_k = inner (E + i G) / 2` and `z_(h-k) = inner conj(E) +
  /// inner i conj(G)`, halved; `x_0` and `x_h`, whose imaginary parts are not read, times `edge`.
  public static void halves(
      MemorySegment xr,
      long xRe,
      MemorySegment xi,
      long xIm,
      int h,
      MemorySegment t,
      long part,
      MemorySegment z,
      long re,
      long im,
      double edge,
      double inner) {
    xr = Lanes.offHeap(xr);
    xi = Lanes.offHeap(xi);
    t = Lanes.offHeap(t);
    z = Lanes.offHeap(z);
    float s = (float) (inner / 2);
    int k = 1;
    for (; SHUFFLES && k + LANES <= h / 2 + 1; k += LANES) {
      long o = (long) k * SIZE;
      long m = (long) h * SIZE - o - (long) (LANES - 1) * SIZE;
      FloatVector a = fromMemorySegment(F32, xr, xRe + o, ORDER).mul(s);
      FloatVector b = fromMemorySegment(F32, xi, xIm + o, ORDER).mul(s);
      FloatVector c = fromMemorySegment(F32, xr, xRe + m, ORDER).rearrange(BACK).mul(s);
      FloatVector d = fromMemorySegment(F32, xi, xIm + m, ORDER).rearrange(BACK).mul(s);
      FloatVector wr = fromMemorySegment(F32, t, o, ORDER);
      FloatVector wi = fromMemorySegment(F32, t, part + o, ORDER);
      FloatVector dr = a.sub(c);
      FloatVector di = b.add(d);
      FloatVector gr = dr.fma(wr, di.mul(wi));
      FloatVector gi = di.mul(wr).sub(dr.mul(wi));
      a = a.add(c);
      b = b.sub(d);
      a.sub(gi).intoMemorySegment(z, re + o, ORDER);
      b.add(gr).intoMemorySegment(z, im + o, ORDER);
      a.add(gi).rearrange(BACK).intoMemorySegment(z, re + m, ORDER);
      gr.sub(b).rearrange(BACK).intoMemorySegment(z, im + m, ORDER);
    }
    for (; k <= h / 2; k++) {
      long o = (long) k * SIZE;
      long m = (long) (h - k) * SIZE;
      float a = s * xr.get(FLOAT, xRe + o);
      float b = s * xi.get(FLOAT, xIm + o);
      float c = s * xr.get(FLOAT, xRe + m);
      float d = s * xi.get(FLOAT, xIm + m);
      float wr = t.get(FLOAT, o);
      float wi = t.get(FLOAT, part + o);
      float gr = Math.fma(a - c, wr, (b + d) * wi);
      float gi = (b + d) * wr - (a - c) * wi;
      z.set(FLOAT, re + m, a + c + gi);
      z.set(FLOAT, im + m, gr - (b - d));
      z.set(FLOAT, re + o, a + c - gi);
      z.set(FLOAT, im + o, b - d + gr);
    }
    float a = (float) edge * xr.get(FLOAT, xRe);
    float b = (float) edge * xr.get(FLOAT, xRe + (long) h * SIZE);
    z.set(FLOAT, re, a + b);
    z.set(FLOAT, im, a - b);
  }

  /// `z_0 = edge re x_0`, `z_k = inner x_k / 2` and `z_(n-k)` its conjugate: the whole spectrum of
  /// an odd number `n` of real elements.
  public static void mirror(
      MemorySegment xr,
      long xRe,
      MemorySegment xi,
      long xIm,
      int n,
      MemorySegment z,
      long re,
      long im,
      double edge,
      double inner) {
    xr = Lanes.offHeap(xr);
    xi = Lanes.offHeap(xi);
    z = Lanes.offHeap(z);
    float s = (float) (inner / 2);
    z.set(FLOAT, re, (float) edge * xr.get(FLOAT, xRe));
    z.set(FLOAT, im, 0);
    for (int k = 1; k <= n / 2; k++) {
      long o = (long) k * SIZE;
      long m = (long) (n - k) * SIZE;
      float a = s * xr.get(FLOAT, xRe + o);
      float b = s * xi.get(FLOAT, xIm + o);
      z.set(FLOAT, re + o, a);
      z.set(FLOAT, im + o, b);
      z.set(FLOAT, re + m, a);
      z.set(FLOAT, im + m, -b);
    }
  }

  /// `y = s x` for `n` elements.
  public static void scale(MemorySegment x, long xAt, MemorySegment y, long yAt, int n, double s) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    float f = (float) s;
    int full = F32.loopBound(n);
    for (int i = 0; i < full; i += LANES) {
      long o = (long) i * SIZE;
      fromMemorySegment(F32, x, xAt + o, ORDER).mul(f).intoMemorySegment(y, yAt + o, ORDER);
    }
    for (int i = full; i < n; i++) {
      long o = (long) i * SIZE;
      y.set(FLOAT, yAt + o, f * x.get(FLOAT, xAt + o));
    }
  }

  /// Whether an element is finite: the first of a transform is the sum of the row.
  public static boolean isFinite(MemorySegment z, long at) {
    return Float.isFinite(Lanes.offHeap(z).get(FLOAT, at));
  }

  /// Sets `n` elements to NaN.
  public static void spoil(MemorySegment y, long at, long n) {
    y = Lanes.offHeap(y);
    for (long i = 0; i < n; i++) {
      y.set(FLOAT, at + i * SIZE, Float.NaN);
    }
  }
}
