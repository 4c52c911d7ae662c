package dev.gatun.cpu.simd;

import static dev.gatun.cpu.simd.ReduceF32.load;
import static jdk.incubator.vector.VectorOperators.LT;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/// The recurrence `h = a h + b` in complex F32, real and imaginary parts apart. As [AffineScanF32];
/// `sign` is -1 for the conjugates of the gates. Imaginary parts of states lie `apart` elements
/// behind the real ones in `w`.
public final class ComplexScanF32 {
  private static final int LANES = Lanes.F32.length();
  private static final long SIZE = Float.BYTES;

  private ComplexScanF32() {}

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
      FloatVector x = load(w, wo + o);
      FloatVector y = load(w, im + o);
      FloatVector p = load(ar, ao + o);
      FloatVector q = load(ai, ao + o).mul(sign);
      FloatVector re = p.fma(x, load(br, bo + o)).sub(q.mul(y));
      FloatVector v = q.fma(x, p.fma(y, load(bi, bo + o)));
      p = load(ar, ao + as + o);
      q = load(ai, ao + as + o).mul(sign);
      FloatVector re2 = p.fma(re, load(br, bo + bs + o)).sub(q.mul(v));
      FloatVector v2 = q.fma(re, p.fma(v, load(bi, bo + bs + o)));
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
    FloatVector p = FloatVector.broadcast(Lanes.F32, ar.get(Lanes.FLOAT, ao));
    FloatVector q = FloatVector.broadcast(Lanes.F32, sign * ai.get(Lanes.FLOAT, ao));
    long im = wo + apart * SIZE;
    for (int i = 0; i < n; i += LANES) {
      long o = i * SIZE;
      FloatVector x = load(w, wo + o);
      FloatVector y = load(w, im + o);
      FloatVector re = p.fma(x, load(br, bo + o)).sub(q.mul(y));
      FloatVector v = q.fma(x, p.fma(y, load(bi, bo + o)));
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
      float x = w.get(Lanes.FLOAT, wo + o);
      float y = w.get(Lanes.FLOAT, im + o);
      float p = ar.get(Lanes.FLOAT, ao + i * as);
      float q = ai.get(Lanes.FLOAT, ao + i * as) * sign;
      float re = Math.fma(p, x, br.get(Lanes.FLOAT, bo + o)) - q * y;
      float v = Math.fma(q, x, Math.fma(p, y, bi.get(Lanes.FLOAT, bo + o)));
      hr.set(Lanes.FLOAT, ho + o, re);
      hi.set(Lanes.FLOAT, ho + o, v);
      w.set(Lanes.FLOAT, wo + o, flushed(re));
      w.set(Lanes.FLOAT, im + o, flushed(v));
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
      float p = w.get(Lanes.FLOAT, wo);
      float q = w.get(Lanes.FLOAT, wo + apart * SIZE);
      float x = w.get(Lanes.FLOAT, wo + 2 * apart * SIZE);
      float y = w.get(Lanes.FLOAT, wo + 3 * apart * SIZE);
      for (int r = 0; r < rows; r++) {
        long ao = (aAt + (shared ? 0 : i) + r * aStep) * SIZE;
        long bo = (bAt + i + r * bStep) * SIZE;
        float re = ar.get(Lanes.FLOAT, ao);
        float im = ai.get(Lanes.FLOAT, ao) * sign;
        float t = re * p - im * q;
        q = re * q + im * p;
        p = t;
        t = Math.fma(re, x, br.get(Lanes.FLOAT, bo)) - im * y;
        y = Math.fma(im, x, Math.fma(re, y, bi.get(Lanes.FLOAT, bo)));
        x = t;
      }
      w.set(Lanes.FLOAT, wo, flushed(p));
      w.set(Lanes.FLOAT, wo + apart * SIZE, flushed(q));
      w.set(Lanes.FLOAT, wo + 2 * apart * SIZE, flushed(x));
      w.set(Lanes.FLOAT, wo + 3 * apart * SIZE, flushed(y));
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
    int full = Lanes.F32.loopBound(n);
    for (int r = 0; r < rows; r++) {
      long xo = (xAt + r * xStep) * SIZE;
      long yo = (yAt + r * yStep) * SIZE;
      long zo = (zAt + r * zStep) * SIZE;
      for (int i = 0; i < full; i += LANES) {
        long o = i * SIZE;
        FloatVector a = load(xr, xo + o);
        FloatVector b = load(xi, xo + o);
        FloatVector p = load(zr, zo + o);
        FloatVector q = load(zi, zo + o);
        a.fma(p, b.mul(q)).intoMemorySegment(yr, yo + o, Lanes.ORDER);
        b.fma(p, a.mul(q).neg()).intoMemorySegment(yi, yo + o, Lanes.ORDER);
      }
      for (int i = full; i < n; i++) {
        long o = i * SIZE;
        float a = xr.get(Lanes.FLOAT, xo + o);
        float b = xi.get(Lanes.FLOAT, xo + o);
        float p = zr.get(Lanes.FLOAT, zo + o);
        float q = zi.get(Lanes.FLOAT, zo + o);
        yr.set(Lanes.FLOAT, yo + o, Math.fma(a, p, b * q));
        yi.set(Lanes.FLOAT, yo + o, Math.fma(b, p, -(a * q)));
      }
    }
  }

  private static FloatVector flushed(FloatVector s) {
    return s.blend(0, s.abs().compare(LT, Float.MIN_NORMAL));
  }

  private static float flushed(float s) {
    return Math.abs(s) < Float.MIN_NORMAL ? 0 : s;
  }
}
