package dev.gatun.cpu.simd;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;

/// Template of [Scan].
///
/// A row: in each vector, lanes are joined with those 1, 2 and 4 before them (Hillis and Steele,
/// 1986), then with the total so far; that total alone is carried from vector to vector, so that
/// its latency is one join. Columns: four rows at a time, so that a carry is loaded and stored once
/// in four rows.
final class ScanLoop implements Scan.Steps {

  private static final Scan.Body BODY = Template.body(MethodHandles.lookup(), Scan.Body.class);
  private static final Functor.Binary<DoubleVector> JOIN = BODY.join();
  private static final double IDENTITY = BODY.identity();
  private static final boolean F32 = BODY.f32();
  private static final boolean REVERSE = BODY.reverse();
  private static final boolean EXCLUSIVE = BODY.exclusive();
  private static final int LANES = Lanes.F64.length();
  private static final long SIZE = F32 ? Float.BYTES : Double.BYTES;
  private static final VectorShuffle<Double> UP1 = up(1);
  private static final VectorShuffle<Double> UP2 = up(2);
  private static final VectorShuffle<Double> UP4 = up(4);
  private static final VectorMask<Double> LOW1 = low(1);
  private static final VectorMask<Double> LOW2 = low(2);
  private static final VectorMask<Double> LOW4 = low(4);
  private static final VectorShuffle<Double> LAST = VectorShuffle.fromOp(Lanes.F64, i -> LANES - 1);
  private static final VectorShuffle<Double> TURN =
      VectorShuffle.fromOp(Lanes.F64, i -> LANES - 1 - i);

  private static VectorShuffle<Double> up(int distance) {
    return VectorShuffle.fromOp(Lanes.F64, i -> (i - distance + 2 * LANES) % LANES);
  }

  private static VectorMask<Double> low(int lanes) {
    return VectorMask.fromLong(Lanes.F64, (1L << Math.min(lanes, LANES)) - 1);
  }

  @Override
  public void row(MemorySegment x, long xAt, MemorySegment y, long yAt, int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    long xo = xAt * SIZE;
    long yo = yAt * SIZE;
    DoubleVector nothing = DoubleVector.broadcast(Lanes.F64, IDENTITY);
    DoubleVector carry = nothing;
    int full = Lanes.F64.loopBound(n);
    for (int i = 0; i < full; i += LANES) {
      long at = (REVERSE ? n - LANES - i : i) * SIZE;
      DoubleVector v = load(x, xo + at);
      v = REVERSE ? v.rearrange(TURN) : v;
      v = JOIN.apply(v.rearrange(UP1).blend(nothing, LOW1), v);
      v = LANES > 2 ? JOIN.apply(v.rearrange(UP2).blend(nothing, LOW2), v) : v;
      v = LANES > 4 ? JOIN.apply(v.rearrange(UP4).blend(nothing, LOW4), v) : v;
      DoubleVector t = JOIN.apply(carry, v);
      t = EXCLUSIVE ? t.rearrange(UP1).blend(carry, LOW1) : t;
      carry = JOIN.apply(carry, v.rearrange(LAST));
      store(REVERSE ? t.rearrange(TURN) : t, y, yo + at);
    }
    for (int i = full; i < n; i++) {
      long at = (REVERSE ? n - 1 - i : i) * SIZE;
      DoubleVector t = JOIN.apply(carry, DoubleVector.broadcast(Lanes.F64, get(x, xo + at)));
      set(y, yo + at, (EXCLUSIVE ? carry : t).lane(0));
      carry = t;
    }
  }

  @Override
  public void columns(
      MemorySegment x,
      MemorySegment y,
      long at,
      long stride,
      long rows,
      int n,
      MemorySegment carry,
      long carryAt) {
    long first = (REVERSE ? at + (rows - 1) * stride : at) * SIZE;
    long step = (REVERSE ? -stride : stride) * SIZE;
    long co = carryAt * Double.BYTES;
    long r = 0;
    for (; r + 4 <= rows; r += 4) {
      four(x, y, first + r * step, step, carry, co, n);
    }
    for (; r < rows; r++) {
      one(x, y, first + r * step, carry, co, n);
    }
    tail(x, y, first, step, rows, n);
  }

  private static void four(
      MemorySegment x, MemorySegment y, long o, long step, MemorySegment carry, long co, int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    carry = Lanes.offHeap(carry);
    for (int i = 0, full = n - LANES; i <= full; i += LANES) {
      long at = o + i * SIZE;
      DoubleVector a = plane(carry, co + i * 8L);
      DoubleVector b = JOIN.apply(a, load(x, at));
      DoubleVector c = JOIN.apply(b, load(x, at + step));
      DoubleVector d = JOIN.apply(c, load(x, at + 2 * step));
      DoubleVector e = JOIN.apply(d, load(x, at + 3 * step));
      store(EXCLUSIVE ? a : b, y, at);
      store(EXCLUSIVE ? b : c, y, at + step);
      store(EXCLUSIVE ? c : d, y, at + 2 * step);
      store(EXCLUSIVE ? d : e, y, at + 3 * step);
      e.intoMemorySegment(carry, co + i * 8L, Lanes.ORDER);
    }
  }

  private static void one(
      MemorySegment x, MemorySegment y, long o, MemorySegment carry, long co, int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    carry = Lanes.offHeap(carry);
    for (int i = 0, full = n - LANES; i <= full; i += LANES) {
      long at = o + i * SIZE;
      DoubleVector a = plane(carry, co + i * 8L);
      DoubleVector b = JOIN.apply(a, load(x, at));
      store(EXCLUSIVE ? a : b, y, at);
      b.intoMemorySegment(carry, co + i * 8L, Lanes.ORDER);
    }
  }

  /// The columns that do not fill a vector, one after the other.
  private static void tail(MemorySegment x, MemorySegment y, long o, long step, long rows, int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    for (int i = Lanes.F64.loopBound(n); i < n; i++) {
      DoubleVector carry = DoubleVector.broadcast(Lanes.F64, IDENTITY);
      for (long r = 0; r < rows; r++) {
        long at = o + r * step + i * SIZE;
        DoubleVector t = JOIN.apply(carry, DoubleVector.broadcast(Lanes.F64, get(x, at)));
        set(y, at, (EXCLUSIVE ? carry : t).lane(0));
        carry = t;
      }
    }
  }

  private static double get(MemorySegment x, long at) {
    return F32 ? x.get(Lanes.FLOAT, at) : x.get(Lanes.DOUBLE, at);
  }

  private static void set(MemorySegment y, long at, double v) {
    if (F32) {
      y.set(Lanes.FLOAT, at, (float) v);
    } else {
      y.set(Lanes.DOUBLE, at, v);
    }
  }

  private static DoubleVector load(MemorySegment x, long at) {
    return F32 ? Widening.load(x, at) : plane(x, at);
  }

  private static void store(DoubleVector v, MemorySegment y, long at) {
    if (F32) {
      Widening.store(v, y, at);
    } else {
      v.intoMemorySegment(y, at, Lanes.ORDER);
    }
  }

  private static DoubleVector plane(MemorySegment x, long at) {
    return DoubleVector.fromMemorySegment(Lanes.F64, x, at, Lanes.ORDER);
  }
}
