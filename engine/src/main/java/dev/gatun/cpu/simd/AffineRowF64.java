package dev.gatun.cpu.simd;

import static dev.gatun.cpu.simd.AffineScanF64.flushed;
import static dev.gatun.cpu.simd.ReduceF64.load;
import static jdk.incubator.vector.VectorOperators.NE;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;

/// The recurrence of [AffineScanF64] for one channel whose steps lie side by side, joined within
/// vectors. Offsets are in elements.
public final class AffineRowF64 {
  private static final int LANES = Lanes.F64.length();
  private static final long SIZE = Double.BYTES;
  private static final VectorShuffle<Double> UP1 = up(1);
  private static final VectorShuffle<Double> UP2 = up(2);
  private static final VectorShuffle<Double> UP4 = up(4);
  private static final VectorShuffle<Double> UP8 = up(8);
  private static final VectorMask<Double> LOW1 = low(1);
  private static final VectorMask<Double> LOW2 = low(2);
  private static final VectorMask<Double> LOW4 = low(4);
  private static final VectorMask<Double> LOW8 = low(8);
  private static final VectorMask<Double> HIGH1 = LOW1.not();
  private static final VectorMask<Double> HIGH2 = LOW2.not();
  private static final VectorMask<Double> HIGH4 = LOW4.not();
  private static final VectorMask<Double> HIGH8 = LOW8.not();
  private static final VectorShuffle<Double> LAST = VectorShuffle.fromOp(Lanes.F64, i -> LANES - 1);
  private static final VectorShuffle<Double> TURN =
      VectorShuffle.fromOp(Lanes.F64, i -> LANES - 1 - i);

  private AffineRowF64() {}

  private static VectorShuffle<Double> up(int distance) {
    return VectorShuffle.fromOp(Lanes.F64, i -> (i - distance + 2 * LANES) % LANES);
  }

  private static VectorMask<Double> low(int lanes) {
    return VectorMask.fromLong(Lanes.F64, (1L << Math.min(lanes, LANES)) - 1);
  }

  /// Steps of one channel that lie side by side: in each vector, steps are joined with those 1, 2,
  /// 4 and 8 before them (Hillis and Steele, 1986), then with the state. `n` is a multiple of the
  /// lanes; `at` are the lowest elements also where the last step comes first. False, and no state
  /// written, if a result is not finite: joined steps may be so where single ones are not.
  public static boolean row(
      MemorySegment a,
      long aAt,
      MemorySegment b,
      long bAt,
      MemorySegment h,
      long hAt,
      int n,
      boolean reverse,
      MemorySegment w,
      long wAt) {
    return reverse
        ? rowBackward(a, aAt * SIZE, b, bAt * SIZE, h, hAt * SIZE, n, w, wAt * SIZE)
        : rowForward(a, aAt * SIZE, b, bAt * SIZE, h, hAt * SIZE, n, w, wAt * SIZE);
  }

  private static boolean rowForward(
      MemorySegment a,
      long ao,
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
    DoubleVector zero = DoubleVector.zero(Lanes.F64);
    DoubleVector carry = DoubleVector.broadcast(Lanes.F64, w.get(Lanes.DOUBLE, wo));
    DoubleVector bad = zero;
    for (int i = 0; i < n; i += LANES) {
      DoubleVector p = load(a, ao + i * SIZE);
      DoubleVector q = load(b, bo + i * SIZE);
      q = p.fma(q.rearrange(UP1).blend(zero, LOW1), q);
      p = p.mul(p.rearrange(UP1), HIGH1);
      q = p.fma(q.rearrange(UP2).blend(zero, LOW2), q);
      p = p.mul(p.rearrange(UP2), HIGH2);
      q = LANES > 4 ? p.fma(q.rearrange(UP4).blend(zero, LOW4), q) : q;
      p = LANES > 4 ? p.mul(p.rearrange(UP4), HIGH4) : p;
      q = LANES > 8 ? p.fma(q.rearrange(UP8).blend(zero, LOW8), q) : q;
      p = LANES > 8 ? p.mul(p.rearrange(UP8), HIGH8) : p;
      DoubleVector s = p.fma(carry, q);
      carry = flushed(s.rearrange(LAST));
      bad = s.fma(zero, bad);
      s.intoMemorySegment(h, ho + i * SIZE, Lanes.ORDER);
    }
    if (bad.compare(NE, bad).anyTrue()) {
      return false;
    }
    w.set(Lanes.DOUBLE, wo, carry.lane(0));
    return true;
  }

  private static boolean rowBackward(
      MemorySegment a,
      long ao,
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
    DoubleVector zero = DoubleVector.zero(Lanes.F64);
    DoubleVector carry = DoubleVector.broadcast(Lanes.F64, w.get(Lanes.DOUBLE, wo));
    DoubleVector bad = zero;
    for (int i = n - LANES; i >= 0; i -= LANES) {
      DoubleVector p = load(a, ao + i * SIZE).rearrange(TURN);
      DoubleVector q = load(b, bo + i * SIZE).rearrange(TURN);
      q = p.fma(q.rearrange(UP1).blend(zero, LOW1), q);
      p = p.mul(p.rearrange(UP1), HIGH1);
      q = p.fma(q.rearrange(UP2).blend(zero, LOW2), q);
      p = p.mul(p.rearrange(UP2), HIGH2);
      q = LANES > 4 ? p.fma(q.rearrange(UP4).blend(zero, LOW4), q) : q;
      p = LANES > 4 ? p.mul(p.rearrange(UP4), HIGH4) : p;
      q = LANES > 8 ? p.fma(q.rearrange(UP8).blend(zero, LOW8), q) : q;
      p = LANES > 8 ? p.mul(p.rearrange(UP8), HIGH8) : p;
      DoubleVector s = p.fma(carry, q);
      carry = flushed(s.rearrange(LAST));
      bad = s.fma(zero, bad);
      s.rearrange(TURN).intoMemorySegment(h, ho + i * SIZE, Lanes.ORDER);
    }
    if (bad.compare(NE, bad).anyTrue()) {
      return false;
    }
    w.set(Lanes.DOUBLE, wo, carry.lane(0));
    return true;
  }

  /// [AffineScanF64#fold] of one channel whose steps lie side by side, as in [#row]: of each vector
  /// only the last lane counts.
  public static void foldRow(
      MemorySegment a,
      long aAt,
      MemorySegment b,
      long bAt,
      int n,
      boolean reverse,
      MemorySegment w,
      long wAt,
      long apart) {
    a = Lanes.offHeap(a);
    b = Lanes.offHeap(b);
    w = Lanes.offHeap(w);
    long ao = aAt * SIZE;
    long bo = bAt * SIZE;
    DoubleVector total = DoubleVector.broadcast(Lanes.F64, w.get(Lanes.DOUBLE, wAt * SIZE));
    DoubleVector sum = DoubleVector.broadcast(Lanes.F64, w.get(Lanes.DOUBLE, (wAt + apart) * SIZE));
    for (int i = 0; i < n; i += LANES) {
      long o = (reverse ? n - LANES - i : i) * SIZE;
      DoubleVector p = load(a, ao + o);
      DoubleVector q = load(b, bo + o);
      p = reverse ? p.rearrange(TURN) : p;
      q = reverse ? q.rearrange(TURN) : q;
      q = p.fma(q.rearrange(UP1), q);
      p = p.mul(p.rearrange(UP1));
      q = p.fma(q.rearrange(UP2), q);
      p = p.mul(p.rearrange(UP2));
      q = LANES > 4 ? p.fma(q.rearrange(UP4), q) : q;
      p = LANES > 4 ? p.mul(p.rearrange(UP4)) : p;
      q = LANES > 8 ? p.fma(q.rearrange(UP8), q) : q;
      p = LANES > 8 ? p.mul(p.rearrange(UP8)) : p;
      p = p.rearrange(LAST);
      sum = flushed(p.fma(sum, q.rearrange(LAST)));
      total = flushed(total.mul(p));
    }
    w.set(Lanes.DOUBLE, wAt * SIZE, total.lane(0));
    w.set(Lanes.DOUBLE, (wAt + apart) * SIZE, sum.lane(0));
  }
}
