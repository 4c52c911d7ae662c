package dev.gatun.cpu.simd;

import static dev.gatun.cpu.simd.Lanes.F32;
import static dev.gatun.cpu.simd.Lanes.FLOAT;
import static dev.gatun.cpu.simd.Lanes.ORDER;
import static dev.gatun.cpu.simd.Lanes.S16;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;

/// BF16 weights times F32 vector, accumulated in F32. Offsets, strides and steps are in bytes.
///
/// A register of weights holds pairs: shifting left by 16 bits gives the even ones as floats,
/// masking gives the odd ones, with no move across lanes. So `x` comes split into even and odd
/// runs, by [#split]. Every weight is read once, at the speed at which memory streams.
final class MatVecBf16 {
  private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;
  private static final int L = F32.length();
  private static final int W = F32.vectorByteSize();
  private static final int ODD = 0xffff0000;

  private MatVecBf16() {}

  /// Copies `k` floats: in every full run of two vectors first the even ones, then the odd ones.
  /// What is left over stays in order.
  static void split(MemorySegment x, long xAt, int k, MemorySegment to, long toAt) {
    x = Lanes.offHeap(x);
    to = Lanes.offHeap(to);
    int full = k - k % (2 * L);
    for (int i = 0; i < full; i += 2 * L) {
      for (int j = 0; j < L; j++) {
        long from = xAt + (i + 2L * j) * 4;
        long at = toAt + (i + (long) j) * 4;
        to.set(FLOAT, at, x.get(FLOAT, from));
        to.set(FLOAT, at + W, x.get(FLOAT, from + 4));
      }
    }
    for (int i = full; i < k; i++) {
      to.set(FLOAT, toAt + (long) i * 4, x.get(FLOAT, xAt + (long) i * 4));
    }
  }

  private static IntVector pairs(MemorySegment w, long at) {
    return ShortVector.fromMemorySegment(S16, w, at, ORDER).reinterpretAsInts();
  }

  private static FloatVector even(IntVector pairs) {
    return pairs.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
  }

  private static FloatVector odd(IntVector pairs) {
    return pairs.and(ODD).reinterpretAsFloats();
  }

  /// `y[r] = in[r] + sum_i w[r, i] * x[i]` for four rows; `xStep`, 4, is a variable so that C2
  /// leaves the loop as it is.
  static void dots4(
      MemorySegment w,
      long wAt,
      long wRow,
      MemorySegment x,
      long xAt,
      long xStep,
      int k,
      MemorySegment in,
      long inAt,
      long inStep,
      MemorySegment y,
      long yAt,
      long yStep) {
    w = Lanes.offHeap(w);
    x = Lanes.offHeap(x);
    in = Lanes.offHeap(in);
    y = Lanes.offHeap(y);
    long w1 = wAt + wRow;
    long w2 = w1 + wRow;
    long w3 = w2 + wRow;
    FloatVector s00 = FloatVector.zero(F32);
    FloatVector s01 = FloatVector.zero(F32);
    FloatVector s10 = FloatVector.zero(F32);
    FloatVector s11 = FloatVector.zero(F32);
    FloatVector s20 = FloatVector.zero(F32);
    FloatVector s21 = FloatVector.zero(F32);
    FloatVector s30 = FloatVector.zero(F32);
    FloatVector s31 = FloatVector.zero(F32);
    int full = k - k % (2 * L);
    for (int i = 0; i < full; i += 2 * L) {
      long xi = xAt + i * xStep;
      long wi = (long) i * 2;
      FloatVector x0 = FloatVector.fromMemorySegment(F32, x, xi, ORDER);
      FloatVector x1 = FloatVector.fromMemorySegment(F32, x, xi + W, ORDER);
      IntVector p0 = pairs(w, wAt + wi);
      s00 = even(p0).fma(x0, s00);
      s01 = odd(p0).fma(x1, s01);
      IntVector p1 = pairs(w, w1 + wi);
      s10 = even(p1).fma(x0, s10);
      s11 = odd(p1).fma(x1, s11);
      IntVector p2 = pairs(w, w2 + wi);
      s20 = even(p2).fma(x0, s20);
      s21 = odd(p2).fma(x1, s21);
      IntVector p3 = pairs(w, w3 + wi);
      s30 = even(p3).fma(x0, s30);
      s31 = odd(p3).fma(x1, s31);
    }
    float d0 = Fold.sum(s00.add(s01));
    float d1 = Fold.sum(s10.add(s11));
    float d2 = Fold.sum(s20.add(s21));
    float d3 = Fold.sum(s30.add(s31));
    for (int i = full; i < k; i++) {
      float xi = x.get(FLOAT, xAt + (long) i * 4);
      long wi = (long) i * 2;
      d0 = Math.fma(widen(w, wAt + wi), xi, d0);
      d1 = Math.fma(widen(w, w1 + wi), xi, d1);
      d2 = Math.fma(widen(w, w2 + wi), xi, d2);
      d3 = Math.fma(widen(w, w3 + wi), xi, d3);
    }
    y.set(FLOAT, yAt, in.get(FLOAT, inAt) + d0);
    y.set(FLOAT, yAt + yStep, in.get(FLOAT, inAt + inStep) + d1);
    y.set(FLOAT, yAt + 2 * yStep, in.get(FLOAT, inAt + 2 * inStep) + d2);
    y.set(FLOAT, yAt + 3 * yStep, in.get(FLOAT, inAt + 3 * inStep) + d3);
  }

  /// `y = in + sum_i w[i] * x[i]`
  static void dot(
      MemorySegment w,
      long wAt,
      MemorySegment x,
      long xAt,
      long xStep,
      int k,
      MemorySegment in,
      long inAt,
      MemorySegment y,
      long yAt) {
    w = Lanes.offHeap(w);
    x = Lanes.offHeap(x);
    in = Lanes.offHeap(in);
    y = Lanes.offHeap(y);
    FloatVector s0 = FloatVector.zero(F32);
    FloatVector s1 = FloatVector.zero(F32);
    int full = k - k % (2 * L);
    for (int i = 0; i < full; i += 2 * L) {
      long xi = xAt + i * xStep;
      IntVector p = pairs(w, wAt + (long) i * 2);
      s0 = even(p).fma(FloatVector.fromMemorySegment(F32, x, xi, ORDER), s0);
      s1 = odd(p).fma(FloatVector.fromMemorySegment(F32, x, xi + W, ORDER), s1);
    }
    float d = Fold.sum(s0.add(s1));
    for (int i = full; i < k; i++) {
      d = Math.fma(widen(w, wAt + (long) i * 2), x.get(FLOAT, xAt + (long) i * 4), d);
    }
    y.set(FLOAT, yAt, in.get(FLOAT, inAt) + d);
  }

  private static float widen(MemorySegment w, long at) {
    return Float.intBitsToFloat(w.get(SHORT, at) << 16);
  }
}
