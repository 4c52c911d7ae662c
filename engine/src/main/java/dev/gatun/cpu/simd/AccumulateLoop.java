package dev.gatun.cpu.simd;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.VectorShuffle;

/// Template of [Accumulate]. Light steps go on in four vectors along a row, which hides their
/// latency, and over four rows at a time along columns, which saves loads and stores of totals.
final class AccumulateLoop implements Accumulate.Steps {

  private static final Accumulate.Body BODY =
      Template.body(MethodHandles.lookup(), Accumulate.Body.class);
  private static final Functor.Ternary<DoubleVector> STEP = BODY.step();
  private static final Functor.Binary<DoubleVector> JOIN = BODY.join();
  private static final double IDENTITY = BODY.identity();
  private static final boolean F32 = BODY.f32();
  private static final boolean LIGHT = BODY.light();
  private static final int LANES = Lanes.F64.length();
  private static final long SIZE = F32 ? Float.BYTES : Double.BYTES;
  private static final VectorShuffle<Double> SWAP4 = swap(4);
  private static final VectorShuffle<Double> SWAP2 = swap(2);
  private static final VectorShuffle<Double> SWAP1 = swap(1);

  private static VectorShuffle<Double> swap(int distance) {
    return VectorShuffle.fromOp(Lanes.F64, i -> (i ^ distance) % LANES);
  }

  @Override
  public double row(MemorySegment x, long xAt, int n, double p) {
    long xo = xAt * SIZE;
    int full = Lanes.F64.loopBound(n);
    double total = LIGHT ? four(x, xo, full, p) : one(x, xo, full, p);
    return full == n ? total : tail(x, xo + full * SIZE, n - full, total, p);
  }

  private static double four(MemorySegment x, long xo, int n, double p) {
    x = Lanes.offHeap(x);
    DoubleVector of = DoubleVector.broadcast(Lanes.F64, p);
    DoubleVector a = DoubleVector.broadcast(Lanes.F64, IDENTITY);
    DoubleVector b = a;
    DoubleVector c = a;
    DoubleVector d = a;
    int i = 0;
    for (int full = n - 4 * LANES; i <= full; i += 4 * LANES) {
      long at = xo + i * SIZE;
      a = STEP.apply(a, load(x, at), of);
      b = STEP.apply(b, load(x, at + LANES * SIZE), of);
      c = STEP.apply(c, load(x, at + 2 * LANES * SIZE), of);
      d = STEP.apply(d, load(x, at + 3 * LANES * SIZE), of);
    }
    a = JOIN.apply(JOIN.apply(a, b), JOIN.apply(c, d));
    for (; i < n; i += LANES) {
      a = STEP.apply(a, load(x, xo + i * SIZE), of);
    }
    return fold(a);
  }

  private static double one(MemorySegment x, long xo, int n, double p) {
    x = Lanes.offHeap(x);
    DoubleVector of = DoubleVector.broadcast(Lanes.F64, p);
    DoubleVector a = DoubleVector.broadcast(Lanes.F64, IDENTITY);
    for (int i = 0; i < n; i += LANES) {
      a = STEP.apply(a, load(x, xo + i * SIZE), of);
    }
    return fold(a);
  }

  private static double fold(DoubleVector a) {
    a = LANES > 4 ? JOIN.apply(a, a.rearrange(SWAP4)) : a;
    a = LANES > 2 ? JOIN.apply(a, a.rearrange(SWAP2)) : a;
    return JOIN.apply(a, a.rearrange(SWAP1)).lane(0);
  }

  private static double tail(MemorySegment x, long xo, int n, double total, double p) {
    x = Lanes.offHeap(x);
    DoubleVector of = DoubleVector.broadcast(Lanes.F64, p);
    DoubleVector a = DoubleVector.broadcast(Lanes.F64, total);
    for (int i = 0; i < n; i++) {
      a = STEP.apply(a, DoubleVector.broadcast(Lanes.F64, get(x, xo + i * SIZE)), of);
    }
    return a.lane(0);
  }

  @Override
  public void columns(
      MemorySegment x,
      long xAt,
      long stride,
      long rows,
      int n,
      MemorySegment a,
      long aAt,
      MemorySegment p,
      long pAt) {
    long xo = xAt * SIZE;
    long step = stride * SIZE;
    long ao = aAt * Double.BYTES;
    long po = pAt * Double.BYTES;
    long r = 0;
    for (; LIGHT && r + 4 <= rows; r += 4) {
      four(x, xo + r * step, step, a, ao, p, po, n);
    }
    for (; r < rows; r++) {
      one(x, xo + r * step, a, ao, p, po, n);
    }
    last(x, xo, step, rows, a, ao, p, po, n);
  }

  private static void four(
      MemorySegment x,
      long xo,
      long step,
      MemorySegment a,
      long ao,
      MemorySegment p,
      long po,
      int n) {
    x = Lanes.offHeap(x);
    a = Lanes.offHeap(a);
    p = Lanes.offHeap(p);
    for (int i = 0, full = n - LANES; i <= full; i += LANES) {
      long at = xo + i * SIZE;
      DoubleVector of = plane(p, po + i * 8L);
      DoubleVector t = plane(a, ao + i * 8L);
      t = STEP.apply(t, load(x, at), of);
      t = STEP.apply(t, load(x, at + step), of);
      t = STEP.apply(t, load(x, at + 2 * step), of);
      t = STEP.apply(t, load(x, at + 3 * step), of);
      t.intoMemorySegment(a, ao + i * 8L, Lanes.ORDER);
    }
  }

  private static void one(
      MemorySegment x, long xo, MemorySegment a, long ao, MemorySegment p, long po, int n) {
    x = Lanes.offHeap(x);
    a = Lanes.offHeap(a);
    p = Lanes.offHeap(p);
    for (int i = 0, full = n - LANES; i <= full; i += LANES) {
      STEP.apply(plane(a, ao + i * 8L), load(x, xo + i * SIZE), plane(p, po + i * 8L))
          .intoMemorySegment(a, ao + i * 8L, Lanes.ORDER);
    }
  }

  /// The columns that do not fill a vector, one after the other.
  private static void last(
      MemorySegment x,
      long xo,
      long step,
      long rows,
      MemorySegment a,
      long ao,
      MemorySegment p,
      long po,
      int n) {
    x = Lanes.offHeap(x);
    for (int i = Lanes.F64.loopBound(n); i < n; i++) {
      DoubleVector of = DoubleVector.broadcast(Lanes.F64, p.get(Lanes.DOUBLE, po + i * 8L));
      DoubleVector t = DoubleVector.broadcast(Lanes.F64, a.get(Lanes.DOUBLE, ao + i * 8L));
      for (long r = 0; r < rows; r++) {
        double v = get(x, xo + r * step + i * SIZE);
        t = STEP.apply(t, DoubleVector.broadcast(Lanes.F64, v), of);
      }
      a.set(Lanes.DOUBLE, ao + i * 8L, t.lane(0));
    }
  }

  private static double get(MemorySegment x, long at) {
    return F32 ? x.get(Lanes.FLOAT, at) : x.get(Lanes.DOUBLE, at);
  }

  private static DoubleVector load(MemorySegment x, long at) {
    return F32 ? Widening.load(x, at) : plane(x, at);
  }

  private static DoubleVector plane(MemorySegment x, long at) {
    return DoubleVector.fromMemorySegment(Lanes.F64, x, at, Lanes.ORDER);
  }
}
