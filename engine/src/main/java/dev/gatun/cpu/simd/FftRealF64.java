package dev.gatun.cpu.simd;

import static dev.gatun.cpu.simd.Lanes.DOUBLE;
import static dev.gatun.cpu.simd.Lanes.F64;
import static dev.gatun.cpu.simd.Lanes.ORDER;
import static jdk.incubator.vector.DoubleVector.fromMemorySegment;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;

/// What turns transforms of real F64 rows of `2 h` elements into complex ones of `h` and back: even
/// elements are real parts and odd ones imaginary parts. Offsets are in bytes; in all formulas `w =
/// e^(-pi i k / h)`, `k` up to `h / 2`, from a table of real and then imaginary parts `part` bytes
/// further.
public final class FftRealF64 {
  private static final int LANES = F64.length();
  private static final int SIZE = Double.BYTES;

  /// C2 has no shuffle of two lanes.
  private static final boolean SHUFFLES = LANES > 2;

  private static final VectorShuffle<Double> EVEN_ODD =
      VectorShuffle.fromOp(F64, i -> 2 * i % LANES + 2 * i / LANES);
  private static final VectorShuffle<Double> ODD_EVEN =
      VectorShuffle.fromOp(F64, i -> 2 * i % LANES + 1 - 2 * i / LANES);
  private static final VectorShuffle<Double> HALVES =
      VectorShuffle.fromOp(F64, i -> (i + LANES / 2) % LANES);
  private static final VectorShuffle<Double> LOW = VectorShuffle.fromOp(F64, i -> i / 2);
  private static final VectorShuffle<Double> HIGH = VectorShuffle.fromOp(F64, i -> (i + LANES) / 2);
  private static final VectorShuffle<Double> BACK = VectorShuffle.fromOp(F64, i -> LANES - 1 - i);
  private static final VectorMask<Double> UPPER = VectorMask.fromLong(F64, -1L << LANES / 2);
  private static final VectorMask<Double> ODD = VectorMask.fromLong(F64, 0xaaaa_aaaaL);

  private FftRealF64() {}

  /// `z_j = x_2j + i x_(2j + 1)` for `j < h`.
  public static void split(MemorySegment x, long xAt, int h, MemorySegment z, long re, long im) {
    x = Lanes.offHeap(x);
    z = Lanes.offHeap(z);
    int full = SHUFFLES ? F64.loopBound(h) : 0;
    for (int j = 0; j < full; j += LANES) {
      long from = xAt + 2L * SIZE * j;
      DoubleVector a = fromMemorySegment(F64, x, from, ORDER).rearrange(EVEN_ODD);
      DoubleVector b = fromMemorySegment(F64, x, from + LANES * SIZE, ORDER).rearrange(ODD_EVEN);
      a.blend(b, UPPER).intoMemorySegment(z, re + (long) SIZE * j, ORDER);
      b.blend(a, UPPER).rearrange(HALVES).intoMemorySegment(z, im + (long) SIZE * j, ORDER);
    }
    for (int j = full; j < h; j++) {
      long from = xAt + 2L * SIZE * j;
      z.set(DOUBLE, re + (long) SIZE * j, x.get(DOUBLE, from));
      z.set(DOUBLE, im + (long) SIZE * j, x.get(DOUBLE, from + SIZE));
    }
  }

  /// `y_2j = re z_j`, `y_(2j + 1) = im z_j` for `j < h`.
  public static void join(MemorySegment z, long re, long im, int h, MemorySegment y, long yAt) {
    z = Lanes.offHeap(z);
    y = Lanes.offHeap(y);
    int full = SHUFFLES ? F64.loopBound(h) : 0;
    for (int j = 0; j < full; j += LANES) {
      long to = yAt + 2L * SIZE * j;
      DoubleVector a = fromMemorySegment(F64, z, re + (long) SIZE * j, ORDER);
      DoubleVector b = fromMemorySegment(F64, z, im + (long) SIZE * j, ORDER);
      a.rearrange(LOW).blend(b.rearrange(LOW), ODD).intoMemorySegment(y, to, ORDER);
      a.rearrange(HIGH)
          .blend(b.rearrange(HIGH), ODD)
          .intoMemorySegment(y, to + LANES * SIZE, ORDER);
    }
    for (int j = full; j < h; j++) {
      long to = yAt + 2L * SIZE * j;
      y.set(DOUBLE, to, z.get(DOUBLE, re + (long) SIZE * j));
      y.set(DOUBLE, to + SIZE, z.get(DOUBLE, im + (long) SIZE * j));
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
    double s = inner / 2;
    int k = 1;
    for (; SHUFFLES && k + LANES <= h / 2 + 1; k += LANES) {
      long o = (long) k * SIZE;
      long m = (long) h * SIZE - o - (long) (LANES - 1) * SIZE;
      DoubleVector a = fromMemorySegment(F64, z, re + o, ORDER).mul(s);
      DoubleVector b = fromMemorySegment(F64, z, im + o, ORDER).mul(s);
      DoubleVector c = fromMemorySegment(F64, z, re + m, ORDER).rearrange(BACK).mul(s);
      DoubleVector d = fromMemorySegment(F64, z, im + m, ORDER).rearrange(BACK).mul(s);
      DoubleVector wr = fromMemorySegment(F64, t, o, ORDER);
      DoubleVector wi = fromMemorySegment(F64, t, part + o, ORDER);
      DoubleVector or = b.add(d);
      DoubleVector oi = c.sub(a);
      DoubleVector pr = or.mul(wr).sub(oi.mul(wi));
      DoubleVector pi = or.fma(wi, oi.mul(wr));
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
      double a = s * z.get(DOUBLE, re + o);
      double b = s * z.get(DOUBLE, im + o);
      double c = s * z.get(DOUBLE, re + m);
      double d = s * z.get(DOUBLE, im + m);
      double wr = t.get(DOUBLE, o);
      double wi = t.get(DOUBLE, part + o);
      double pr = (b + d) * wr - (c - a) * wi;
      double pi = Math.fma(b + d, wi, (c - a) * wr);
      yr.set(DOUBLE, yRe + m, a + c - pr);
      yi.set(DOUBLE, yIm + m, pi - (b - d));
      yr.set(DOUBLE, yRe + o, a + c + pr);
      yi.set(DOUBLE, yIm + o, b - d + pi);
    }
    double a = z.get(DOUBLE, re);
    double b = z.get(DOUBLE, im);
    yr.set(DOUBLE, yRe, edge * (a + b));
    yi.set(DOUBLE, yIm, 0);
    yr.set(DOUBLE, yRe + (long) h * SIZE, edge * (a - b));
    yi.set(DOUBLE, yIm + (long) h * SIZE, 0);
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
    double s = inner / 2;
    int k = 1;
    for (; SHUFFLES && k + LANES <= h / 2 + 1; k += LANES) {
      long o = (long) k * SIZE;
      long m = (long) h * SIZE - o - (long) (LANES - 1) * SIZE;
      DoubleVector a = fromMemorySegment(F64, xr, xRe + o, ORDER).mul(s);
      DoubleVector b = fromMemorySegment(F64, xi, xIm + o, ORDER).mul(s);
      DoubleVector c = fromMemorySegment(F64, xr, xRe + m, ORDER).rearrange(BACK).mul(s);
      DoubleVector d = fromMemorySegment(F64, xi, xIm + m, ORDER).rearrange(BACK).mul(s);
      DoubleVector wr = fromMemorySegment(F64, t, o, ORDER);
      DoubleVector wi = fromMemorySegment(F64, t, part + o, ORDER);
      DoubleVector dr = a.sub(c);
      DoubleVector di = b.add(d);
      DoubleVector gr = dr.fma(wr, di.mul(wi));
      DoubleVector gi = di.mul(wr).sub(dr.mul(wi));
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
      double a = s * xr.get(DOUBLE, xRe + o);
      double b = s * xi.get(DOUBLE, xIm + o);
      double c = s * xr.get(DOUBLE, xRe + m);
      double d = s * xi.get(DOUBLE, xIm + m);
      double wr = t.get(DOUBLE, o);
      double wi = t.get(DOUBLE, part + o);
      double gr = Math.fma(a - c, wr, (b + d) * wi);
      double gi = (b + d) * wr - (a - c) * wi;
      z.set(DOUBLE, re + m, a + c + gi);
      z.set(DOUBLE, im + m, gr - (b - d));
      z.set(DOUBLE, re + o, a + c - gi);
      z.set(DOUBLE, im + o, b - d + gr);
    }
    double a = edge * xr.get(DOUBLE, xRe);
    double b = edge * xr.get(DOUBLE, xRe + (long) h * SIZE);
    z.set(DOUBLE, re, a + b);
    z.set(DOUBLE, im, a - b);
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
    double s = inner / 2;
    z.set(DOUBLE, re, edge * xr.get(DOUBLE, xRe));
    z.set(DOUBLE, im, 0);
    for (int k = 1; k <= n / 2; k++) {
      long o = (long) k * SIZE;
      long m = (long) (n - k) * SIZE;
      double a = s * xr.get(DOUBLE, xRe + o);
      double b = s * xi.get(DOUBLE, xIm + o);
      z.set(DOUBLE, re + o, a);
      z.set(DOUBLE, im + o, b);
      z.set(DOUBLE, re + m, a);
      z.set(DOUBLE, im + m, -b);
    }
  }

  /// `y = s x` for `n` elements.
  public static void scale(MemorySegment x, long xAt, MemorySegment y, long yAt, int n, double s) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    double f = s;
    int full = F64.loopBound(n);
    for (int i = 0; i < full; i += LANES) {
      long o = (long) i * SIZE;
      fromMemorySegment(F64, x, xAt + o, ORDER).mul(f).intoMemorySegment(y, yAt + o, ORDER);
    }
    for (int i = full; i < n; i++) {
      long o = (long) i * SIZE;
      y.set(DOUBLE, yAt + o, f * x.get(DOUBLE, xAt + o));
    }
  }

  /// Whether an element is finite: the first of a transform is the sum of the row.
  public static boolean isFinite(MemorySegment z, long at) {
    return Double.isFinite(Lanes.offHeap(z).get(DOUBLE, at));
  }

  /// Sets `n` elements to NaN.
  public static void spoil(MemorySegment y, long at, long n) {
    y = Lanes.offHeap(y);
    for (long i = 0; i < n; i++) {
      y.set(DOUBLE, at + i * SIZE, Double.NaN);
    }
  }
}
