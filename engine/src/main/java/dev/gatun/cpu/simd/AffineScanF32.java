package dev.gatun.cpu.simd;

import static dev.gatun.cpu.simd.ReduceF32.load;
import static jdk.incubator.vector.VectorOperators.LT;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/// The recurrence `h = a h + b` in F32. Offsets are in elements; steps lie `Step` elements apart,
/// which is negative to go backward in memory. States are carried in `w`, where what is below the
/// least normal number becomes 0 every four steps.
public final class AffineScanF32 {
  private static final int LANES = Lanes.F32.length();
  private static final long SIZE = Float.BYTES;

  private AffineScanF32() {}

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
      FloatVector s0 = load(a, ao + o).fma(load(w, wo + o), load(b, bo + o));
      FloatVector s1 = load(a, ao + as + o).fma(s0, load(b, bo + bs + o));
      FloatVector s2 = load(a, ao + 2 * as + o).fma(s1, load(b, bo + 2 * bs + o));
      FloatVector s3 = load(a, ao + 3 * as + o).fma(s2, load(b, bo + 3 * bs + o));
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
    FloatVector a0 = FloatVector.broadcast(Lanes.F32, a.get(Lanes.FLOAT, ao));
    FloatVector a1 = FloatVector.broadcast(Lanes.F32, a.get(Lanes.FLOAT, ao + as));
    FloatVector a2 = FloatVector.broadcast(Lanes.F32, a.get(Lanes.FLOAT, ao + 2 * as));
    FloatVector a3 = FloatVector.broadcast(Lanes.F32, a.get(Lanes.FLOAT, ao + 3 * as));
    for (int i = 0; i < n; i += LANES) {
      long o = i * SIZE;
      FloatVector s0 = a0.fma(load(w, wo + o), load(b, bo + o));
      FloatVector s1 = a1.fma(s0, load(b, bo + bs + o));
      FloatVector s2 = a2.fma(s1, load(b, bo + 2 * bs + o));
      FloatVector s3 = a3.fma(s2, load(b, bo + 3 * bs + o));
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
      float gate = a.get(Lanes.FLOAT, ao + i * as);
      float s =
          Math.fma(gate, w.get(Lanes.FLOAT, wo + i * SIZE), b.get(Lanes.FLOAT, bo + i * SIZE));
      h.set(Lanes.FLOAT, ho + i * SIZE, s);
      w.set(Lanes.FLOAT, wo + i * SIZE, flushed(s));
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
    FloatVector state = FloatVector.zero(Lanes.F32);
    for (int i = 0; i < n; i++) {
      state = state.withLane(first + i, w.get(Lanes.FLOAT, (wAt + first + i) * SIZE));
    }
    for (int r = 0; r < rows; r += 4) {
      long o = r * s;
      FloatVector s0 = load(a, aAt * SIZE + o).fma(state, load(b, bAt * SIZE + o));
      o += s;
      FloatVector s1 = load(a, aAt * SIZE + o).fma(s0, load(b, bAt * SIZE + o));
      o += s;
      FloatVector s2 = load(a, aAt * SIZE + o).fma(s1, load(b, bAt * SIZE + o));
      o += s;
      FloatVector s3 = load(a, aAt * SIZE + o).fma(s2, load(b, bAt * SIZE + o));
      o = hAt * SIZE + r * s;
      s0.intoMemorySegment(h, o, Lanes.ORDER);
      s1.intoMemorySegment(h, o + s, Lanes.ORDER);
      s2.intoMemorySegment(h, o + 2 * s, Lanes.ORDER);
      s3.intoMemorySegment(h, o + 3 * s, Lanes.ORDER);
      state = flushed(s3);
    }
    for (int i = 0; i < n; i++) {
      w.set(Lanes.FLOAT, (wAt + first + i) * SIZE, state.lane(first + i));
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
    float s = w.get(Lanes.FLOAT, wAt * SIZE);
    for (int r = 0; r < rows; r++) {
      float gate = a.get(Lanes.FLOAT, (aAt + r * aStep) * SIZE);
      s = Math.fma(gate, s, b.get(Lanes.FLOAT, (bAt + r * bStep) * SIZE));
      h.set(Lanes.FLOAT, (hAt + r * hStep) * SIZE, s);
      s = (r & 3) == 3 ? flushed(s) : s;
    }
    w.set(Lanes.FLOAT, wAt * SIZE, flushed(s));
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
    int full = Lanes.F32.loopBound(n);
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
    FloatVector p = load(w, po);
    FloatVector q = load(w, qo);
    for (int r = 0; r < rows; r++) {
      FloatVector gate = load(a, ao + r * as);
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
    FloatVector p = load(w, po);
    FloatVector q = load(w, qo);
    for (int r = 0; r < rows; r++) {
      FloatVector gate = FloatVector.broadcast(Lanes.F32, a.get(Lanes.FLOAT, ao + r * as));
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
    float p = w.get(Lanes.FLOAT, wAt * SIZE);
    float q = w.get(Lanes.FLOAT, (wAt + apart) * SIZE);
    for (int r = 0; r < rows; r++) {
      float gate = a.get(Lanes.FLOAT, (aAt + r * aStep) * SIZE);
      p = flushed(p * gate);
      q = Math.fma(gate, q, b.get(Lanes.FLOAT, (bAt + r * bStep) * SIZE));
    }
    w.set(Lanes.FLOAT, wAt * SIZE, flushed(p));
    w.set(Lanes.FLOAT, (wAt + apart) * SIZE, flushed(q));
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
    int full = Lanes.F32.loopBound(n);
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
        float v = x.get(Lanes.FLOAT, xo + i * SIZE) * z.get(Lanes.FLOAT, zo + i * SIZE);
        y.set(Lanes.FLOAT, yo + i * SIZE, v);
      }
    }
  }

  static FloatVector flushed(FloatVector s) {
    return s.blend(0, s.abs().compare(LT, Float.MIN_NORMAL));
  }

  private static float flushed(float s) {
    return Math.abs(s) < Float.MIN_NORMAL ? 0 : s;
  }
}
