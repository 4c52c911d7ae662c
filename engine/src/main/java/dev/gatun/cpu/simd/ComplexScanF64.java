package dev.gatun.cpu.simd;

import static dev.gatun.cpu.simd.ReduceF64.load;
import static jdk.incubator.vector.VectorOperators.LT;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;

/// The recurrence `h = a h + b` in complex F64, real and imaginary parts apart. As [AffineScanF64];
/// `sign` is -1 for the conjugates of the gates. Imaginary parts of states lie `apart` elements
/// behind the real ones in `w`.
public final class ComplexScanF64 {
  private static final int LANES = Lanes.F64.length();
  private static final long SIZE = Double.BYTES;

  private ComplexScanF64() {}

  /// Steps of `n` channels side by side, `n` a multiple of the lanes.
  public static void columns(
      MemorySegment ar,
      MemorySegment ai,
      long aAt,
      long aStep,
      boolean shared,
      int sign,
      MemorySegment br,
      MemorySegment bi,
      long bAt,
      long bStep,
      MemorySegment hr,
      MemorySegment hi,
      long hAt,
      long hStep,
      int rows,
      int n,
      MemorySegment w,
      long wAt,
      long apart) {
    int r = 0;
    for (; r + 2 <= rows && !shared; r += 2) {
      long ao = (aAt + r * aStep) * SIZE;
      long bo = (bAt + r * bStep) * SIZE;
      long ho = (hAt + r * hStep) * SIZE;
      long wo = wAt * SIZE;
      long as = aStep * SIZE;
      two(
          ar,
          ai,
          ao,
          as,
          sign,
          br,
          bi,
          bo,
          bStep * SIZE,
          hr,
          hi,
          ho,
          hStep * SIZE,
          n,
          w,
          wo,
          apart);
    }
    for (; r < rows; r++) {
      long ao = (aAt + r * aStep) * SIZE;
      long bo = (bAt + r * bStep) * SIZE;
      long ho = (hAt + r * hStep) * SIZE;
      if (shared) {
        oneShared(ar, ai, ao, sign, br, bi, bo, hr, hi, ho, n, w, wAt * SIZE, apart);
      } else {
        one(ar, ai, ao, false, sign, br, bi, bo, hr, hi, ho, n, w, wAt * SIZE, apart);
      }
    }
  }

  private static void two(
      MemorySegment ar,
      MemorySegment ai,
      long ao,
      long as,
      int sign,
      MemorySegment br,
      MemorySegment bi,
      long bo,
      long bs,
      MemorySegment hr,
      MemorySegment hi,
      long ho,
      long hs,
      int n,
      MemorySegment w,
      long wo,
      long apart) {
    ar = Lanes.offHeap(ar);
    ai = Lanes.offHeap(ai);
    br = Lanes.offHeap(br);
    bi = Lanes.offHeap(bi);
    hr = Lanes.offHeap(hr);
    hi = Lanes.offHeap(hi);
    w = Lanes.offHeap(w);
    long im = wo + apart * SIZE;
    for (int i = 0; i < n; i += LANES) {
      long o = i * SIZE;
      DoubleVector x = load(w, wo + o);
      DoubleVector y = load(w, im + o);
      DoubleVector p = load(ar, ao + o);
      DoubleVector q = load(ai, ao + o).mul(sign);
      DoubleVector re = p.fma(x, load(br, bo + o)).sub(q.mul(y));
      DoubleVector v = q.fma(x, p.fma(y, load(bi, bo + o)));
      p = load(ar, ao + as + o);
      q = load(ai, ao + as + o).mul(sign);
      DoubleVector re2 = p.fma(re, load(br, bo + bs + o)).sub(q.mul(v));
      DoubleVector v2 = q.fma(re, p.fma(v, load(bi, bo + bs + o)));
      re.intoMemorySegment(hr, ho + o, Lanes.ORDER);
      v.intoMemorySegment(hi, ho + o, Lanes.ORDER);
      re2.intoMemorySegment(hr, ho + hs + o, Lanes.ORDER);
      v2.intoMemorySegment(hi, ho + hs + o, Lanes.ORDER);
      flushed(re2).intoMemorySegment(w, wo + o, Lanes.ORDER);
      flushed(v2).intoMemorySegment(w, im + o, Lanes.ORDER);
    }
  }

  private static void oneShared(
      MemorySegment ar,
      MemorySegment ai,
      long ao,
      int sign,
      MemorySegment br,
      MemorySegment bi,
      long bo,
      MemorySegment hr,
      MemorySegment hi,
      long ho,
      int n,
      MemorySegment w,
      long wo,
      long apart) {
    br = Lanes.offHeap(br);
    bi = Lanes.offHeap(bi);
    hr = Lanes.offHeap(hr);
    hi = Lanes.offHeap(hi);
    w = Lanes.offHeap(w);
    DoubleVector p = DoubleVector.broadcast(Lanes.F64, ar.get(Lanes.DOUBLE, ao));
    DoubleVector q = DoubleVector.broadcast(Lanes.F64, sign * ai.get(Lanes.DOUBLE, ao));
    long im = wo + apart * SIZE;
    for (int i = 0; i < n; i += LANES) {
      long o = i * SIZE;
      DoubleVector x = load(w, wo + o);
      DoubleVector y = load(w, im + o);
      DoubleVector re = p.fma(x, load(br, bo + o)).sub(q.mul(y));
      DoubleVector v = q.fma(x, p.fma(y, load(bi, bo + o)));
      re.intoMemorySegment(hr, ho + o, Lanes.ORDER);
      v.intoMemorySegment(hi, ho + o, Lanes.ORDER);
      flushed(re).intoMemorySegment(w, wo + o, Lanes.ORDER);
      flushed(v).intoMemorySegment(w, im + o, Lanes.ORDER);
    }
  }

  private static void one(
      MemorySegment ar,
      MemorySegment ai,
      long ao,
      boolean shared,
      int sign,
      MemorySegment br,
      MemorySegment bi,
      long bo,
      MemorySegment hr,
      MemorySegment hi,
      long ho,
      int n,
      MemorySegment w,
      long wo,
      long apart) {
    ar = Lanes.offHeap(ar);
    ai = Lanes.offHeap(ai);
    br = Lanes.offHeap(br);
    bi = Lanes.offHeap(bi);
    hr = Lanes.offHeap(hr);
    hi = Lanes.offHeap(hi);
    w = Lanes.offHeap(w);
    long im = wo + apart * SIZE;
    long as = shared ? 0 : SIZE;
    for (int i = 0; i < n; i++) {
      long o = i * SIZE;
      double x = w.get(Lanes.DOUBLE, wo + o);
      double y = w.get(Lanes.DOUBLE, im + o);
      double p = ar.get(Lanes.DOUBLE, ao + i * as);
      double q = ai.get(Lanes.DOUBLE, ao + i * as) * sign;
      double re = Math.fma(p, x, br.get(Lanes.DOUBLE, bo + o)) - q * y;
      double v = Math.fma(q, x, Math.fma(p, y, bi.get(Lanes.DOUBLE, bo + o)));
      hr.set(Lanes.DOUBLE, ho + o, re);
      hi.set(Lanes.DOUBLE, ho + o, v);
      w.set(Lanes.DOUBLE, wo + o, flushed(re));
      w.set(Lanes.DOUBLE, im + o, flushed(v));
    }
  }

  /// [#columns] of any number of channels, one by one within a step.
  public static void narrow(
      MemorySegment ar,
      MemorySegment ai,
      long aAt,
      long aStep,
      boolean shared,
      int sign,
      MemorySegment br,
      MemorySegment bi,
      long bAt,
      long bStep,
      MemorySegment hr,
      MemorySegment hi,
      long hAt,
      long hStep,
      int rows,
      int n,
      MemorySegment w,
      long wAt,
      long apart) {
    for (int r = 0; r < rows; r++) {
      long ao = (aAt + r * aStep) * SIZE;
      long bo = (bAt + r * bStep) * SIZE;
      long ho = (hAt + r * hStep) * SIZE;
      one(ar, ai, ao, shared, sign, br, bi, bo, hr, hi, ho, n, w, wAt * SIZE, apart);
    }
  }

  /// What `rows` steps make of a state `s`: `p s + q`; four numbers `apart`, the parts of `p` and
  /// of `q`.
  public static void fold(
      MemorySegment ar,
      MemorySegment ai,
      long aAt,
      long aStep,
      boolean shared,
      int sign,
      MemorySegment br,
      MemorySegment bi,
      long bAt,
      long bStep,
      int rows,
      int n,
      MemorySegment w,
      long wAt,
      long apart) {
    ar = Lanes.offHeap(ar);
    ai = Lanes.offHeap(ai);
    br = Lanes.offHeap(br);
    bi = Lanes.offHeap(bi);
    w = Lanes.offHeap(w);
    for (int i = 0; i < n; i++) {
      long wo = (wAt + i) * SIZE;
      double p = w.get(Lanes.DOUBLE, wo);
      double q = w.get(Lanes.DOUBLE, wo + apart * SIZE);
      double x = w.get(Lanes.DOUBLE, wo + 2 * apart * SIZE);
      double y = w.get(Lanes.DOUBLE, wo + 3 * apart * SIZE);
      for (int r = 0; r < rows; r++) {
        long ao = (aAt + (shared ? 0 : i) + r * aStep) * SIZE;
        long bo = (bAt + i + r * bStep) * SIZE;
        double re = ar.get(Lanes.DOUBLE, ao);
        double im = ai.get(Lanes.DOUBLE, ao) * sign;
        double t = re * p - im * q;
        q = re * q + im * p;
        p = t;
        t = Math.fma(re, x, br.get(Lanes.DOUBLE, bo)) - im * y;
        y = Math.fma(im, x, Math.fma(re, y, bi.get(Lanes.DOUBLE, bo)));
        x = t;
      }
      w.set(Lanes.DOUBLE, wo, flushed(p));
      w.set(Lanes.DOUBLE, wo + apart * SIZE, flushed(q));
      w.set(Lanes.DOUBLE, wo + 2 * apart * SIZE, flushed(x));
      w.set(Lanes.DOUBLE, wo + 3 * apart * SIZE, flushed(y));
    }
  }

  /// `y = x conj(z)`, rows of `n` that lie `Step` apart.
  public static void product(
      MemorySegment xr,
      MemorySegment xi,
      long xAt,
      long xStep,
      MemorySegment zr,
      MemorySegment zi,
      long zAt,
      long zStep,
      MemorySegment yr,
      MemorySegment yi,
      long yAt,
      long yStep,
      int rows,
      int n) {
    xr = Lanes.offHeap(xr);
    xi = Lanes.offHeap(xi);
    zr = Lanes.offHeap(zr);
    zi = Lanes.offHeap(zi);
    yr = Lanes.offHeap(yr);
    yi = Lanes.offHeap(yi);
    int full = Lanes.F64.loopBound(n);
    for (int r = 0; r < rows; r++) {
      long xo = (xAt + r * xStep) * SIZE;
      long yo = (yAt + r * yStep) * SIZE;
      long zo = (zAt + r * zStep) * SIZE;
      for (int i = 0; i < full; i += LANES) {
        long o = i * SIZE;
        DoubleVector a = load(xr, xo + o);
        DoubleVector b = load(xi, xo + o);
        DoubleVector p = load(zr, zo + o);
        DoubleVector q = load(zi, zo + o);
        a.fma(p, b.mul(q)).intoMemorySegment(yr, yo + o, Lanes.ORDER);
        b.fma(p, a.mul(q).neg()).intoMemorySegment(yi, yo + o, Lanes.ORDER);
      }
      for (int i = full; i < n; i++) {
        long o = i * SIZE;
        double a = xr.get(Lanes.DOUBLE, xo + o);
        double b = xi.get(Lanes.DOUBLE, xo + o);
        double p = zr.get(Lanes.DOUBLE, zo + o);
        double q = zi.get(Lanes.DOUBLE, zo + o);
        yr.set(Lanes.DOUBLE, yo + o, Math.fma(a, p, b * q));
        yi.set(Lanes.DOUBLE, yo + o, Math.fma(b, p, -(a * q)));
      }
    }
  }

  private static DoubleVector flushed(DoubleVector s) {
    return s.blend(0, s.abs().compare(LT, Double.MIN_NORMAL));
  }

  private static double flushed(double s) {
    return Math.abs(s) < Double.MIN_NORMAL ? 0 : s;
  }
}
