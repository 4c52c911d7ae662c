package dev.gatun.cpu.simd;

import static jdk.incubator.vector.VectorOperators.NE;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/// Running sums of F32 down columns, at the speed of memory: eight rows at a time are added up by
/// themselves and then to the sum before them, which is kept as two floats (Knuth's two-sum), so
/// that nothing but the rounding within eight rows is ever lost. All eight are read before the
/// first is written: `x` and `y` tend to lie a multiple of 4 KiB apart, and to the processor a load
/// whose lowest 12 bits are those of a store before it may depend on that store. Rows that follow
/// one another without a gap are better walked one by one, with both floats of each column in L1:
/// the processor then fetches ahead.
///
/// Offsets and lengths are in elements. The error of a sum is one rounding and `7 2^-24 sum(|x|)`
/// at most. Sums beyond an infinity stay what they are.
public final class RunningSumF32 {
  private static final int LANES = Lanes.F32.length();
  private static final int ROWS = 8;
  private static final long SIZE = Float.BYTES;

  private RunningSumF32() {}

  /// `y[r, i] = x[0, i] + ... + x[r, i]`, or without `x[r, i]` where `exclusive`, for `n` columns
  /// of `rows` rows that start `step` elements apart, which is negative to begin at the end.
  /// `carry` has room for `2 n` floats.
  public static void columns(
      MemorySegment x,
      MemorySegment y,
      long at,
      long step,
      long rows,
      int n,
      boolean exclusive,
      MemorySegment carry,
      long carryAt) {
    Lanes.clear(carry, carryAt * SIZE, 2 * n * SIZE);
    long o = at * SIZE;
    long s = step * SIZE;
    long c = carryAt * SIZE;
    for (long r = 0; r < rows; r += ROWS) {
      int m = (int) Math.min(ROWS, rows - r);
      if (m == ROWS && exclusive) {
        eightExclusive(x, y, o + r * s, s, n, carry, c);
      } else if (m == ROWS && step == n) {
        for (int k = 0; k < ROWS; k++) {
          one(x, y, o + (r + k) * s, n, carry, c);
        }
        settle(n, carry, c);
      } else if (m == ROWS) {
        eight(x, y, o + r * s, s, n, carry, c);
      }
      int full = m == ROWS ? Lanes.F32.loopBound(n) : 0;
      if (full < n) {
        rest(x, y, o + r * s, s, m, full, n, exclusive, carry, c);
      }
    }
  }

  /// One row of eight: what they sum to so far grows, the sum before them stays.
  private static void one(
      MemorySegment x, MemorySegment y, long o, int n, MemorySegment carry, long c) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    carry = Lanes.offHeap(carry);
    long low = c + n * SIZE;
    for (int i = 0, full = n - LANES; i <= full; i += LANES) {
      FloatVector t = load(carry, low + i * SIZE).add(load(x, o + i * SIZE));
      t.intoMemorySegment(carry, low + i * SIZE, Lanes.ORDER);
      load(carry, c + i * SIZE).add(t).intoMemorySegment(y, o + i * SIZE, Lanes.ORDER);
    }
  }

  /// Adds what eight rows sum to to the sum before them.
  private static void settle(int n, MemorySegment carry, long c) {
    carry = Lanes.offHeap(carry);
    long low = c + n * SIZE;
    for (int i = 0, full = n - LANES; i <= full; i += LANES) {
      FloatVector base = load(carry, c + i * SIZE);
      FloatVector t = load(carry, low + i * SIZE);
      FloatVector sum = base.add(t);
      sum.intoMemorySegment(carry, c + i * SIZE, Lanes.ORDER);
      lost(base, t, sum).intoMemorySegment(carry, low + i * SIZE, Lanes.ORDER);
    }
  }

  private static void eight(
      MemorySegment x, MemorySegment y, long o, long s, int n, MemorySegment carry, long c) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    carry = Lanes.offHeap(carry);
    long low = c + n * SIZE;
    for (int i = 0, full = n - LANES; i <= full; i += LANES) {
      long at = o + i * SIZE;
      FloatVector base = load(carry, c + i * SIZE);
      FloatVector t0 = load(carry, low + i * SIZE).add(load(x, at));
      FloatVector x1 = load(x, at + s);
      FloatVector x2 = load(x, at + 2 * s);
      FloatVector x3 = load(x, at + 3 * s);
      FloatVector x4 = load(x, at + 4 * s);
      FloatVector x5 = load(x, at + 5 * s);
      FloatVector x6 = load(x, at + 6 * s);
      FloatVector x7 = load(x, at + 7 * s);
      FloatVector t1 = t0.add(x1);
      FloatVector t2 = t1.add(x2);
      FloatVector t3 = t2.add(x3);
      FloatVector t4 = t3.add(x4);
      FloatVector t5 = t4.add(x5);
      FloatVector t6 = t5.add(x6);
      FloatVector t7 = t6.add(x7);
      base.add(t0).intoMemorySegment(y, at, Lanes.ORDER);
      base.add(t1).intoMemorySegment(y, at + s, Lanes.ORDER);
      base.add(t2).intoMemorySegment(y, at + 2 * s, Lanes.ORDER);
      base.add(t3).intoMemorySegment(y, at + 3 * s, Lanes.ORDER);
      base.add(t4).intoMemorySegment(y, at + 4 * s, Lanes.ORDER);
      base.add(t5).intoMemorySegment(y, at + 5 * s, Lanes.ORDER);
      base.add(t6).intoMemorySegment(y, at + 6 * s, Lanes.ORDER);
      FloatVector sum = base.add(t7);
      sum.intoMemorySegment(y, at + 7 * s, Lanes.ORDER);
      sum.intoMemorySegment(carry, c + i * SIZE, Lanes.ORDER);
      lost(base, t7, sum).intoMemorySegment(carry, low + i * SIZE, Lanes.ORDER);
    }
  }

  private static void eightExclusive(
      MemorySegment x, MemorySegment y, long o, long s, int n, MemorySegment carry, long c) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    carry = Lanes.offHeap(carry);
    long low = c + n * SIZE;
    for (int i = 0, full = n - LANES; i <= full; i += LANES) {
      long at = o + i * SIZE;
      FloatVector base = load(carry, c + i * SIZE);
      FloatVector t = load(carry, low + i * SIZE);
      base.intoMemorySegment(y, at, Lanes.ORDER);
      for (int r = 0; r < ROWS - 1; r++) {
        t = t.add(load(x, at + r * s));
        base.add(t).intoMemorySegment(y, at + (r + 1) * s, Lanes.ORDER);
      }
      t = t.add(load(x, at + (ROWS - 1) * s));
      FloatVector sum = base.add(t);
      sum.intoMemorySegment(carry, c + i * SIZE, Lanes.ORDER);
      lost(base, t, sum).intoMemorySegment(carry, low + i * SIZE, Lanes.ORDER);
    }
  }

  /// What rounding took from `a + b = sum`; 0 beside an infinity.
  private static FloatVector lost(FloatVector a, FloatVector b, FloatVector sum) {
    FloatVector v = sum.sub(a);
    FloatVector e = a.sub(sum.sub(v)).add(b.sub(v));
    return e.blend(0, e.compare(NE, e));
  }

  /// Columns `from` to `n` of up to eight rows, element by element, with the same roundings.
  private static void rest(
      MemorySegment x,
      MemorySegment y,
      long o,
      long s,
      int rows,
      int from,
      int n,
      boolean exclusive,
      MemorySegment carry,
      long c) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    carry = Lanes.offHeap(carry);
    for (int i = from; i < n; i++) {
      long high = c + i * SIZE;
      long low = high + n * SIZE;
      float base = carry.get(Lanes.FLOAT, high);
      float t = carry.get(Lanes.FLOAT, low);
      float sum = base;
      for (int r = 0; r < rows; r++) {
        long at = o + r * s + i * SIZE;
        float before = sum;
        t += x.get(Lanes.FLOAT, at);
        sum = base + t;
        y.set(Lanes.FLOAT, at, exclusive ? before : sum);
      }
      float v = sum - base;
      float e = base - (sum - v) + (t - v);
      carry.set(Lanes.FLOAT, high, sum);
      carry.set(Lanes.FLOAT, low, Float.isNaN(e) ? 0 : e);
    }
  }

  private static FloatVector load(MemorySegment x, long at) {
    return FloatVector.fromMemorySegment(Lanes.F32, x, at, Lanes.ORDER);
  }
}
