package dev.gatun.cpu.simd;

import static jdk.incubator.vector.VectorOperators.FMA;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.XOR;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;

/// What makes random numbers of the words of [PhiloxLanes], in place, in loops short enough to be
/// compiled whole: `n` is a multiple of 16, so that no element is left over and all go through the
/// same instructions, whatever the width of vectors.
public final class RandomLanes {
  private static final int N32 = Lanes.F32.length();
  private static final int N64 = Lanes.F64.length();
  private static final long LOW_HALF = 0xffffffffL;

  private static final VectorShuffle<Long> LOW = VectorShuffle.fromOp(Lanes.I64, i -> i / 2);
  private static final VectorShuffle<Long> HIGH =
      VectorShuffle.fromOp(Lanes.I64, i -> (i + N64) / 2);
  private static final VectorMask<Long> ODD =
      VectorMask.fromLong(Lanes.I64, 0xaaaaaaaaaaaaaaaaL & (1L << N64) - 1);

  private RandomLanes() {}

  /// `2 n` words become floats in [0, 1) by their upper 24 bits.
  public static void uniformF32(MemorySegment x, long at, int n) {
    x = Lanes.offHeap(x);
    for (int i = 0; i < 2 * n; i += N32) {
      long a = at + (long) i * 4;
      IntVector v = IntVector.fromMemorySegment(Lanes.I32, x, a, Lanes.ORDER).lanewise(LSHR, 8);
      v.convert(I2F, 0).reinterpretAsFloats().mul(0x1p-24f).intoMemorySegment(x, a, Lanes.ORDER);
    }
  }

  /// `n` pairs of words become doubles in [0, 1) by the upper 27 bits of the low one above the
  /// upper 26 of the other. Both parts are put into the significands of doubles whose last bits
  /// have their weight, and all sums are exact.
  public static void uniformF64(MemorySegment x, long at, int n) {
    x = Lanes.offHeap(x);
    for (int i = 0; i < n; i += N64) {
      long a = at + (long) i * 8;
      LongVector v = LongVector.fromMemorySegment(Lanes.I64, x, a, Lanes.ORDER);
      DoubleVector high =
          v.and(LOW_HALF).lanewise(LSHR, 5).or(0x4180000000000000L).reinterpretAsDoubles();
      DoubleVector low = v.lanewise(LSHR, 38).or(0x3fe0000000000000L).reinterpretAsDoubles();
      high.sub(0x1p25 + 0.5).add(low).intoMemorySegment(x, a, Lanes.ORDER);
    }
  }

  /// `log(1 - u)`
  public static void log(MemorySegment x, long at, int n) {
    x = Lanes.offHeap(x);
    for (int i = 0; i < n; i += N64) {
      long a = at + (long) i * 8;
      DoubleVector u = DoubleVector.fromMemorySegment(Lanes.F64, x, a, Lanes.ORDER);
      LogLanes.normalF64(u.neg().add(1.0)).intoMemorySegment(x, a, Lanes.ORDER);
    }
  }

  /// Points in polar coordinates, `log(1 - u)` of the radius `sqrt(-2 log(1 - u))` and the angle in
  /// whole turns of [0, 1), become their two coordinates. Quarter turns come off exactly.
  public static void turn(MemorySegment x, long radius, long turns, int n) {
    x = Lanes.offHeap(x);
    for (int i = 0; i < n; i += N64) {
      long a = turns + (long) i * 8;
      DoubleVector v = DoubleVector.fromMemorySegment(Lanes.F64, x, a, Lanes.ORDER);
      DoubleVector t = v.lanewise(FMA, 4.0, 0x1.8p52);
      DoubleVector r = t.sub(0x1.8p52).lanewise(FMA, -0.25, v).mul(2 * Math.PI);
      DoubleVector u = r.mul(r);
      DoubleVector sine = TrigLanes.sine(u);
      DoubleVector cosine = TrigLanes.cosine(u);
      DoubleVector high = u.lanewise(FMA, -0.5, 1);
      DoubleVector rest = u.lanewise(FMA, -0.5, high.neg().add(1));
      LongVector c = cosine.fma(u.mul(u), rest).add(high).reinterpretAsLongs();
      LongVector s = sine.fma(r.mul(u), r).reinterpretAsLongs();
      LongVector quarter = t.reinterpretAsLongs();
      LongVector swap = s.lanewise(XOR, c).and(LongVector.zero(Lanes.I64).sub(quarter.and(1)));
      LongVector signC = quarter.add(1).lanewise(LSHL, 62).and(Long.MIN_VALUE);
      LongVector signS = quarter.lanewise(LSHL, 62).and(Long.MIN_VALUE);
      DoubleVector d =
          DoubleVector.fromMemorySegment(Lanes.F64, x, radius + (long) i * 8, Lanes.ORDER)
              .mul(-2.0)
              .sqrt();
      d.mul(c.lanewise(XOR, swap).lanewise(XOR, signC).reinterpretAsDoubles())
          .intoMemorySegment(x, radius + (long) i * 8, Lanes.ORDER);
      d.mul(s.lanewise(XOR, swap).lanewise(XOR, signS).reinterpretAsDoubles())
          .intoMemorySegment(x, a, Lanes.ORDER);
    }
  }

  /// Numbers `u` of 64 bits become `low + floor(u range 2^-64)`, `range` positive.
  public static void scale(MemorySegment x, long at, int n, long low, long range) {
    if (range >>> 32 == 0) {
      scaleNear(x, at, n, low, range);
    } else {
      scaleFar(x, at, n, low, range);
    }
  }

  private static void scaleNear(MemorySegment x, long at, int n, long low, long range) {
    x = Lanes.offHeap(x);
    LongVector r = LongVector.broadcast(Lanes.I64, range).and(LOW_HALF);
    for (int i = 0; i < n; i += N64) {
      long a = at + (long) i * 8;
      LongVector u = LongVector.fromMemorySegment(Lanes.I64, x, a, Lanes.ORDER);
      LongVector carry = u.and(LOW_HALF).mul(r).lanewise(LSHR, 32);
      LongVector v = u.lanewise(LSHR, 32).mul(r).add(carry).lanewise(LSHR, 32);
      v.add(low).intoMemorySegment(x, a, Lanes.ORDER);
    }
  }

  private static void scaleFar(MemorySegment x, long at, int n, long low, long range) {
    x = Lanes.offHeap(x);
    LongVector r0 = LongVector.broadcast(Lanes.I64, range).and(LOW_HALF);
    LongVector r1 = LongVector.broadcast(Lanes.I64, range >>> 32).and(LOW_HALF);
    for (int i = 0; i < n; i += N64) {
      long a = at + (long) i * 8;
      LongVector u = LongVector.fromMemorySegment(Lanes.I64, x, a, Lanes.ORDER);
      LongVector u0 = u.and(LOW_HALF);
      LongVector u1 = u.lanewise(LSHR, 32);
      LongVector m = u1.mul(r0).add(u0.mul(r0).lanewise(LSHR, 32));
      LongVector carry = u0.mul(r1).add(m.and(LOW_HALF)).lanewise(LSHR, 32);
      LongVector v = u1.mul(r1).add(m.lanewise(LSHR, 32)).add(carry);
      v.add(low).intoMemorySegment(x, a, Lanes.ORDER);
    }
  }

  /// `n` longs from `first` and `n` from `second`, in turn.
  public static void zip(
      MemorySegment x, long first, long second, int n, MemorySegment y, long at) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    for (int i = 0; i < n; i += N64) {
      LongVector a = LongVector.fromMemorySegment(Lanes.I64, x, first + (long) i * 8, Lanes.ORDER);
      LongVector b = LongVector.fromMemorySegment(Lanes.I64, x, second + (long) i * 8, Lanes.ORDER);
      LongVector low = a.rearrange(LOW).blend(b.rearrange(LOW), ODD);
      LongVector high = a.rearrange(HIGH).blend(b.rearrange(HIGH), ODD);
      low.intoMemorySegment(y, at + (long) i * 16, Lanes.ORDER);
      high.intoMemorySegment(y, at + (long) i * 16 + N64 * 8L, Lanes.ORDER);
    }
  }

  /// The low halves of `n` longs from `first` and of `n` from `second`, in turn.
  public static void zipHalves(
      MemorySegment x, long first, long second, int n, MemorySegment y, long at) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    for (int i = 0; i < n; i += N64) {
      LongVector a = LongVector.fromMemorySegment(Lanes.I64, x, first + (long) i * 8, Lanes.ORDER);
      LongVector b = LongVector.fromMemorySegment(Lanes.I64, x, second + (long) i * 8, Lanes.ORDER);
      a.and(LOW_HALF).or(b.lanewise(LSHL, 32)).intoMemorySegment(y, at + (long) i * 8, Lanes.ORDER);
    }
  }
}
