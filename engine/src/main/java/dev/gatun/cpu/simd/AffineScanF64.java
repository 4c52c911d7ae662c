package dev.gatun.cpu.simd;

import static dev.gatun.cpu.simd.ReduceF64.load;
import static jdk.incubator.vector.VectorOperators.LT;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;

/// The recurrence `h = a h + b` in F64. Offsets are in elements; steps lie `Step` elements apart,
/// which is negative to go backward in memory. States are carried in `w`, where what is below the
/// least normal number becomes 0 every four steps.
public final class AffineScanF64 {
  private static final int LANES = Lanes.F64.length();
  private static final long SIZE = Double.BYTES;

  private AffineScanF64() {}

  /// Steps of `n` channels side by side, `n` a multiple of the lanes; of gates, `shared` ones are
  /// one number a step.
  public static void columns(
      MemorySegment a,
      long aAt,
      long aStep,
      boolean shared,
      MemorySegment b,
      long bAt,
      long bStep,
      MemorySegment h,
      long hAt,
      long hStep,
      int rows,
      int n,
      MemorySegment w,
      long wAt) {
    int r = 0;
    for (; r + 4 <= rows; r += 4) {
      long ao = (aAt + r * aStep) * SIZE;
      long bo = (bAt + r * bStep) * SIZE;
      long ho = (hAt + r * hStep) * SIZE;
      if (shared) {
        fourShared(a, ao, aStep * SIZE, b, bo, bStep * SIZE, h, ho, hStep * SIZE, n, w, wAt * SIZE);
      } else {
        four(a, ao, aStep * SIZE, b, bo, bStep * SIZE, h, ho, hStep * SIZE, n, w, wAt * SIZE);
      }
    }
    for (; r < rows; r++) {
      long ao = (aAt + r * aStep) * SIZE;
      long bo = (bAt + r * bStep) * SIZE;
      one(a, ao, shared, b, bo, h, (hAt + r * hStep) * SIZE, n, w, wAt * SIZE);
    }
  }

  private static void four(
      MemorySegment a,
      long ao,
      long as,
      MemorySegment b,
      long bo,
      long bs,
      MemorySegment h,
      long ho,
      long hs,
      int n,
      MemorySegment w,
      long wo) {
    a = Lanes.offHeap(a);
    b = Lanes.offHeap(b);
    h = Lanes.offHeap(h);
    w = Lanes.offHeap(w);
    for (int i = 0; i < n; i += LANES) {
      long o = i * SIZE;
      DoubleVector s0 = load(a, ao + o).fma(load(w, wo + o), load(b, bo + o));
      DoubleVector s1 = load(a, ao + as + o).fma(s0, load(b, bo + bs + o));
      DoubleVector s2 = load(a, ao + 2 * as + o).fma(s1, load(b, bo + 2 * bs + o));
      DoubleVector s3 = load(a, ao + 3 * as + o).fma(s2, load(b, bo + 3 * bs + o));
      s0.intoMemorySegment(h, ho + o, Lanes.ORDER);
      s1.intoMemorySegment(h, ho + hs + o, Lanes.ORDER);
      s2.intoMemorySegment(h, ho + 2 * hs + o, Lanes.ORDER);
      s3.intoMemorySegment(h, ho + 3 * hs + o, Lanes.ORDER);
      flushed(s3).intoMemorySegment(w, wo + o, Lanes.ORDER);
    }
  }

  private static void fourShared(
      MemorySegment a,
      long ao,
      long as,
      MemorySegment b,
      long bo,
      long bs,
      MemorySegment h,
      long ho,
      long hs,
      int n,
      MemorySegment w,
      long wo) {
    a = Lanes.offHeap(a);
    b = Lanes.offHeap(b);
    h = Lanes.offHeap(h);
    w = Lanes.offHeap(w);
    DoubleVector a0 = DoubleVector.broadcast(Lanes.F64, a.get(Lanes.DOUBLE, ao));
    DoubleVector a1 = DoubleVector.broadcast(Lanes.F64, a.get(Lanes.DOUBLE, ao + as));
    DoubleVector a2 = DoubleVector.broadcast(Lanes.F64, a.get(Lanes.DOUBLE, ao + 2 * as));
    DoubleVector a3 = DoubleVector.broadcast(Lanes.F64, a.get(Lanes.DOUBLE, ao + 3 * as));
    for (int i = 0; i < n; i += LANES) {
      long o = i * SIZE;
      DoubleVector s0 = a0.fma(load(w, wo + o), load(b, bo + o));
      DoubleVector s1 = a1.fma(s0, load(b, bo + bs + o));
      DoubleVector s2 = a2.fma(s1, load(b, bo + 2 * bs + o));
      DoubleVector s3 = a3.fma(s2, load(b, bo + 3 * bs + o));
      s0.intoMemorySegment(h, ho + o, Lanes.ORDER);
      s1.intoMemorySegment(h, ho + hs + o, Lanes.ORDER);
      s2.intoMemorySegment(h, ho + 2 * hs + o, Lanes.ORDER);
      s3.intoMemorySegment(h, ho + 3 * hs + o, Lanes.ORDER);
      flushed(s3).intoMemorySegment(w, wo + o, Lanes.ORDER);
    }
  }

  private static void one(
      MemorySegment a,
      long ao,
      boolean shared,
      MemorySegment b,
      long bo,
      MemorySegment h,
      long ho,
      int n,
      MemorySegment w,
      long wo) {
    a = Lanes.offHeap(a);
    b = Lanes.offHeap(b);
    h = Lanes.offHeap(h);
    w = Lanes.offHeap(w);
    long as = shared ? 0 : SIZE;
    for (int i = 0; i < n; i++) {
      double gate = a.get(Lanes.DOUBLE, ao + i * as);
      double s =
          Math.fma(gate, w.get(Lanes.DOUBLE, wo + i * SIZE), b.get(Lanes.DOUBLE, bo + i * SIZE));
      h.set(Lanes.DOUBLE, ho + i * SIZE, s);
      w.set(Lanes.DOUBLE, wo + i * SIZE, flushed(s));
    }
  }

  /// [#columns] of fewer channels than lanes. Where rows lie side by side, vectors hold a row and
  /// some of the next ones, whose results are overwritten when their turn comes; the last rows, and
  /// others, go channel by channel.
  public static void narrow(
      MemorySegment a,
      long aAt,
      long aStep,
      boolean shared,
      MemorySegment b,
      long bAt,
      long bStep,
      MemorySegment h,
      long hAt,
      long hStep,
      int rows,
      int n,
      MemorySegment w,
      long wAt) {
    boolean dense = !shared && Math.abs(bStep) == n && aStep == bStep && hStep == bStep;
    int whole = dense && n > 1 ? Math.max(0, rows - LANES / n) / 4 * 4 : 0;
    if (whole > 0) {
      // Backward the row is at the end of its vector.
      long shift = bStep < 0 ? LANES - n : 0;
      overlapping(a, aAt - shift, b, bAt - shift, h, hAt - shift, bStep, whole, w, wAt - shift, n);
    }
    for (int i = 0; i < n; i++) {
      long ao = aAt + whole * aStep + (shared ? 0 : i);
      long bo = bAt + whole * bStep + i;
      single(
          a, ao, aStep, b, bo, bStep, h, hAt + whole * hStep + i, hStep, rows - whole, w, wAt + i);
    }
  }

  private static void overlapping(
      MemorySegment a,
      long aAt,
      MemorySegment b,
      long bAt,
      MemorySegment h,
      long hAt,
      long step,
      int rows,
      MemorySegment w,
      long wAt,
      int n) {
    a = Lanes.offHeap(a);
    b = Lanes.offHeap(b);
    h = Lanes.offHeap(h);
    w = Lanes.offHeap(w);
    long s = step * SIZE;
    int first = step < 0 ? LANES - n : 0;
    DoubleVector state = DoubleVector.zero(Lanes.F64);
    for (int i = 0; i < n; i++) {
      state = state.withLane(first + i, w.get(Lanes.DOUBLE, (wAt + first + i) * SIZE));
    }
    for (int r = 0; r < rows; r += 4) {
      long o = r * s;
      DoubleVector s0 = load(a, aAt * SIZE + o).fma(state, load(b, bAt * SIZE + o));
      o += s;
      DoubleVector s1 = load(a, aAt * SIZE + o).fma(s0, load(b, bAt * SIZE + o));
      o += s;
      DoubleVector s2 = load(a, aAt * SIZE + o).fma(s1, load(b, bAt * SIZE + o));
      o += s;
      DoubleVector s3 = load(a, aAt * SIZE + o).fma(s2, load(b, bAt * SIZE + o));
      o = hAt * SIZE + r * s;
      s0.intoMemorySegment(h, o, Lanes.ORDER);
      s1.intoMemorySegment(h, o + s, Lanes.ORDER);
      s2.intoMemorySegment(h, o + 2 * s, Lanes.ORDER);
      s3.intoMemorySegment(h, o + 3 * s, Lanes.ORDER);
      state = flushed(s3);
    }
    for (int i = 0; i < n; i++) {
      w.set(Lanes.DOUBLE, (wAt + first + i) * SIZE, state.lane(first + i));
    }
  }

  private static void single(
      MemorySegment a,
      long aAt,
      long aStep,
      MemorySegment b,
      long bAt,
      long bStep,
      MemorySegment h,
      long hAt,
      long hStep,
      int rows,
      MemorySegment w,
      long wAt) {
    a = Lanes.offHeap(a);
    b = Lanes.offHeap(b);
    h = Lanes.offHeap(h);
    double s = w.get(Lanes.DOUBLE, wAt * SIZE);
    for (int r = 0; r < rows; r++) {
      double gate = a.get(Lanes.DOUBLE, (aAt + r * aStep) * SIZE);
      s = Math.fma(gate, s, b.get(Lanes.DOUBLE, (bAt + r * bStep) * SIZE));
      h.set(Lanes.DOUBLE, (hAt + r * hStep) * SIZE, s);
      s = (r & 3) == 3 ? flushed(s) : s;
    }
    w.set(Lanes.DOUBLE, wAt * SIZE, flushed(s));
  }

  /// What `rows` steps make of a state `s`: `p s + q`, multiplied onto `p` at `wAt` and folded into
  /// `q` at `wAt + apart`, for `n` channels.
  public static void fold(
      MemorySegment a,
      long aAt,
      long aStep,
      boolean shared,
      MemorySegment b,
      long bAt,
      long bStep,
      int rows,
      int n,
      MemorySegment w,
      long wAt,
      long apart) {
    a = Lanes.offHeap(a);
    b = Lanes.offHeap(b);
    w = Lanes.offHeap(w);
    int full = Lanes.F64.loopBound(n);
    long as = aStep * SIZE;
    long bs = bStep * SIZE;
    for (int i = 0; i < full; i += LANES) {
      long po = (wAt + i) * SIZE;
      long qo = po + apart * SIZE;
      if (shared) {
        foldShared(a, aAt * SIZE, as, b, (bAt + i) * SIZE, bs, rows, w, po, qo);
      } else {
        foldLanes(a, (aAt + i) * SIZE, as, b, (bAt + i) * SIZE, bs, rows, w, po, qo);
      }
    }
    for (int i = full; i < n; i++) {
      foldOne(a, shared ? aAt : aAt + i, aStep, b, bAt + i, bStep, rows, w, wAt + i, apart);
    }
  }

  private static void foldLanes(
      MemorySegment a,
      long ao,
      long as,
      MemorySegment b,
      long bo,
      long bs,
      int rows,
      MemorySegment w,
      long po,
      long qo) {
    a = Lanes.offHeap(a);
    b = Lanes.offHeap(b);
    w = Lanes.offHeap(w);
    DoubleVector p = load(w, po);
    DoubleVector q = load(w, qo);
    for (int r = 0; r < rows; r++) {
      DoubleVector gate = load(a, ao + r * as);
      p = flushed(p.mul(gate));
      q = gate.fma(q, load(b, bo + r * bs));
    }
    p.intoMemorySegment(w, po, Lanes.ORDER);
    flushed(q).intoMemorySegment(w, qo, Lanes.ORDER);
  }

  private static void foldShared(
      MemorySegment a,
      long ao,
      long as,
      MemorySegment b,
      long bo,
      long bs,
      int rows,
      MemorySegment w,
      long po,
      long qo) {
    a = Lanes.offHeap(a);
    b = Lanes.offHeap(b);
    w = Lanes.offHeap(w);
    DoubleVector p = load(w, po);
    DoubleVector q = load(w, qo);
    for (int r = 0; r < rows; r++) {
      DoubleVector gate = DoubleVector.broadcast(Lanes.F64, a.get(Lanes.DOUBLE, ao + r * as));
      p = flushed(p.mul(gate));
      q = gate.fma(q, load(b, bo + r * bs));
    }
    p.intoMemorySegment(w, po, Lanes.ORDER);
    flushed(q).intoMemorySegment(w, qo, Lanes.ORDER);
  }

  private static void foldOne(
      MemorySegment a,
      long aAt,
      long aStep,
      MemorySegment b,
      long bAt,
      long bStep,
      int rows,
      MemorySegment w,
      long wAt,
      long apart) {
    a = Lanes.offHeap(a);
    b = Lanes.offHeap(b);
    w = Lanes.offHeap(w);
    double p = w.get(Lanes.DOUBLE, wAt * SIZE);
    double q = w.get(Lanes.DOUBLE, (wAt + apart) * SIZE);
    for (int r = 0; r < rows; r++) {
      double gate = a.get(Lanes.DOUBLE, (aAt + r * aStep) * SIZE);
      p = flushed(p * gate);
      q = Math.fma(gate, q, b.get(Lanes.DOUBLE, (bAt + r * bStep) * SIZE));
    }
    w.set(Lanes.DOUBLE, wAt * SIZE, flushed(p));
    w.set(Lanes.DOUBLE, (wAt + apart) * SIZE, flushed(q));
  }

  /// `y = x z`, rows of `n` that lie `Step` apart.
  public static void product(
      MemorySegment x,
      long xAt,
      long xStep,
      MemorySegment z,
      long zAt,
      long zStep,
      MemorySegment y,
      long yAt,
      long yStep,
      int rows,
      int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    z = Lanes.offHeap(z);
    int full = Lanes.F64.loopBound(n);
    for (int r = 0; r < rows; r++) {
      long xo = (xAt + r * xStep) * SIZE;
      long yo = (yAt + r * yStep) * SIZE;
      long zo = (zAt + r * zStep) * SIZE;
      for (int i = 0; i < full; i += LANES) {
        load(x, xo + i * SIZE)
            .mul(load(z, zo + i * SIZE))
            .intoMemorySegment(y, yo + i * SIZE, Lanes.ORDER);
      }
      for (int i = full; i < n; i++) {
        double v = x.get(Lanes.DOUBLE, xo + i * SIZE) * z.get(Lanes.DOUBLE, zo + i * SIZE);
        y.set(Lanes.DOUBLE, yo + i * SIZE, v);
      }
    }
  }

  static DoubleVector flushed(DoubleVector s) {
    return s.blend(0, s.abs().compare(LT, Double.MIN_NORMAL));
  }

  private static double flushed(double s) {
    return Math.abs(s) < Double.MIN_NORMAL ? 0 : s;
  }
}
