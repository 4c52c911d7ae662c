package dev.gatun.cpu.simd;

import static dev.gatun.cpu.simd.Lanes.F32;
import static dev.gatun.cpu.simd.Lanes.FLOAT;
import static dev.gatun.cpu.simd.Lanes.ORDER;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/// Matrix times vector in F32, at the speed at which memory streams. Offsets, strides and steps are
/// in bytes.
final class MatVecF32 {
  private static final int L = F32.length();
  private static final int W = F32.vectorByteSize();

  private MatVecF32() {}

  /// `y[r] = in[r] + sum_i w[r, i] * x[i]` for four rows, two accumulators each. `xStep`, the size
  /// of an element, is a variable so that C2 leaves the loop as it is: unrolled, it spills.
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
      long wi = (long) i * 4;
      FloatVector x0 = FloatVector.fromMemorySegment(F32, x, xi, ORDER);
      FloatVector x1 = FloatVector.fromMemorySegment(F32, x, xi + W, ORDER);
      s00 = FloatVector.fromMemorySegment(F32, w, wAt + wi, ORDER).fma(x0, s00);
      s01 = FloatVector.fromMemorySegment(F32, w, wAt + wi + W, ORDER).fma(x1, s01);
      s10 = FloatVector.fromMemorySegment(F32, w, w1 + wi, ORDER).fma(x0, s10);
      s11 = FloatVector.fromMemorySegment(F32, w, w1 + wi + W, ORDER).fma(x1, s11);
      s20 = FloatVector.fromMemorySegment(F32, w, w2 + wi, ORDER).fma(x0, s20);
      s21 = FloatVector.fromMemorySegment(F32, w, w2 + wi + W, ORDER).fma(x1, s21);
      s30 = FloatVector.fromMemorySegment(F32, w, w3 + wi, ORDER).fma(x0, s30);
      s31 = FloatVector.fromMemorySegment(F32, w, w3 + wi + W, ORDER).fma(x1, s31);
    }
    float d0 = Fold.sum(s00.add(s01));
    float d1 = Fold.sum(s10.add(s11));
    float d2 = Fold.sum(s20.add(s21));
    float d3 = Fold.sum(s30.add(s31));
    for (int i = full; i < k; i++) {
      float xi = x.get(FLOAT, xAt + (long) i * 4);
      long wi = (long) i * 4;
      d0 = Math.fma(w.get(FLOAT, wAt + wi), xi, d0);
      d1 = Math.fma(w.get(FLOAT, w1 + wi), xi, d1);
      d2 = Math.fma(w.get(FLOAT, w2 + wi), xi, d2);
      d3 = Math.fma(w.get(FLOAT, w3 + wi), xi, d3);
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
      long wi = wAt + (long) i * 4;
      s0 =
          FloatVector.fromMemorySegment(F32, w, wi, ORDER)
              .fma(FloatVector.fromMemorySegment(F32, x, xi, ORDER), s0);
      s1 =
          FloatVector.fromMemorySegment(F32, w, wi + W, ORDER)
              .fma(FloatVector.fromMemorySegment(F32, x, xi + W, ORDER), s1);
    }
    float d = Fold.sum(s0.add(s1));
    for (int i = full; i < k; i++) {
      long at = (long) i * 4;
      d = Math.fma(w.get(FLOAT, wAt + at), x.get(FLOAT, xAt + at), d);
    }
    y.set(FLOAT, yAt, in.get(FLOAT, inAt) + d);
  }

  /// `y[j] = in[j] + sum_r x[r] * w[r, j]` for eight rows: `y` is read and written once for all.
  static void rows8(
      MemorySegment w,
      long wAt,
      long wRow,
      MemorySegment x,
      long xAt,
      long xStep,
      int n,
      MemorySegment in,
      long inAt,
      long inStep,
      MemorySegment y,
      long yAt) {
    w = Lanes.offHeap(w);
    x = Lanes.offHeap(x);
    in = Lanes.offHeap(in);
    y = Lanes.offHeap(y);
    float x0 = x.get(FLOAT, xAt);
    float x1 = x.get(FLOAT, xAt + xStep);
    float x2 = x.get(FLOAT, xAt + 2 * xStep);
    float x3 = x.get(FLOAT, xAt + 3 * xStep);
    float x4 = x.get(FLOAT, xAt + 4 * xStep);
    float x5 = x.get(FLOAT, xAt + 5 * xStep);
    float x6 = x.get(FLOAT, xAt + 6 * xStep);
    float x7 = x.get(FLOAT, xAt + 7 * xStep);
    long w1 = wAt + wRow;
    long w2 = w1 + wRow;
    long w3 = w2 + wRow;
    long w4 = w3 + wRow;
    long w5 = w4 + wRow;
    long w6 = w5 + wRow;
    long w7 = w6 + wRow;
    int full = n - n % L;
    for (int j = 0; j < full; j += L) {
      long at = (long) j * 4;
      FloatVector s = FloatVector.fromMemorySegment(F32, in, inAt + j * inStep, ORDER);
      s =
          FloatVector.fromMemorySegment(F32, w, wAt + at, ORDER)
              .fma(FloatVector.broadcast(F32, x0), s);
      s =
          FloatVector.fromMemorySegment(F32, w, w1 + at, ORDER)
              .fma(FloatVector.broadcast(F32, x1), s);
      s =
          FloatVector.fromMemorySegment(F32, w, w2 + at, ORDER)
              .fma(FloatVector.broadcast(F32, x2), s);
      s =
          FloatVector.fromMemorySegment(F32, w, w3 + at, ORDER)
              .fma(FloatVector.broadcast(F32, x3), s);
      s =
          FloatVector.fromMemorySegment(F32, w, w4 + at, ORDER)
              .fma(FloatVector.broadcast(F32, x4), s);
      s =
          FloatVector.fromMemorySegment(F32, w, w5 + at, ORDER)
              .fma(FloatVector.broadcast(F32, x5), s);
      s =
          FloatVector.fromMemorySegment(F32, w, w6 + at, ORDER)
              .fma(FloatVector.broadcast(F32, x6), s);
      s =
          FloatVector.fromMemorySegment(F32, w, w7 + at, ORDER)
              .fma(FloatVector.broadcast(F32, x7), s);
      s.intoMemorySegment(y, yAt + at, ORDER);
    }
    for (int j = full; j < n; j++) {
      long at = (long) j * 4;
      float s = in.get(FLOAT, inAt + j * inStep);
      s = Math.fma(w.get(FLOAT, wAt + at), x0, s);
      s = Math.fma(w.get(FLOAT, w1 + at), x1, s);
      s = Math.fma(w.get(FLOAT, w2 + at), x2, s);
      s = Math.fma(w.get(FLOAT, w3 + at), x3, s);
      s = Math.fma(w.get(FLOAT, w4 + at), x4, s);
      s = Math.fma(w.get(FLOAT, w5 + at), x5, s);
      s = Math.fma(w.get(FLOAT, w6 + at), x6, s);
      s = Math.fma(w.get(FLOAT, w7 + at), x7, s);
      y.set(FLOAT, yAt + at, s);
    }
  }

  /// `y[j] = in[j] + x * w[j]`
  static void row(
      MemorySegment w,
      long wAt,
      MemorySegment x,
      long xAt,
      int n,
      MemorySegment in,
      long inAt,
      long inStep,
      MemorySegment y,
      long yAt) {
    w = Lanes.offHeap(w);
    x = Lanes.offHeap(x);
    in = Lanes.offHeap(in);
    y = Lanes.offHeap(y);
    float x0 = x.get(FLOAT, xAt);
    int full = n - n % L;
    for (int j = 0; j < full; j += L) {
      long at = (long) j * 4;
      FloatVector s = FloatVector.fromMemorySegment(F32, in, inAt + j * inStep, ORDER);
      s =
          FloatVector.fromMemorySegment(F32, w, wAt + at, ORDER)
              .fma(FloatVector.broadcast(F32, x0), s);
      s.intoMemorySegment(y, yAt + at, ORDER);
    }
    for (int j = full; j < n; j++) {
      long at = (long) j * 4;
      y.set(
          FLOAT, yAt + at, Math.fma(w.get(FLOAT, wAt + at), x0, in.get(FLOAT, inAt + j * inStep)));
    }
  }

  /// `y[j] = sum_l x[l] w[l, j]` for as many columns as six vectors have, which stay in registers.
  static void columns6(
      MemorySegment w,
      long wAt,
      long wRow,
      MemorySegment x,
      long xAt,
      int k,
      MemorySegment y,
      long yAt) {
    w = Lanes.offHeap(w);
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    FloatVector s0 = FloatVector.zero(F32);
    FloatVector s1 = FloatVector.zero(F32);
    FloatVector s2 = FloatVector.zero(F32);
    FloatVector s3 = FloatVector.zero(F32);
    FloatVector s4 = FloatVector.zero(F32);
    FloatVector s5 = FloatVector.zero(F32);
    for (int l = 0; l < k; l++) {
      long at = wAt + l * wRow;
      FloatVector v = FloatVector.broadcast(F32, x.get(FLOAT, xAt + (long) l * 4));
      s0 = FloatVector.fromMemorySegment(F32, w, at, ORDER).fma(v, s0);
      s1 = FloatVector.fromMemorySegment(F32, w, at + W, ORDER).fma(v, s1);
      s2 = FloatVector.fromMemorySegment(F32, w, at + 2 * W, ORDER).fma(v, s2);
      s3 = FloatVector.fromMemorySegment(F32, w, at + 3 * W, ORDER).fma(v, s3);
      s4 = FloatVector.fromMemorySegment(F32, w, at + 4 * W, ORDER).fma(v, s4);
      s5 = FloatVector.fromMemorySegment(F32, w, at + 5 * W, ORDER).fma(v, s5);
    }
    s0.intoMemorySegment(y, yAt, ORDER);
    s1.intoMemorySegment(y, yAt + W, ORDER);
    s2.intoMemorySegment(y, yAt + 2 * W, ORDER);
    s3.intoMemorySegment(y, yAt + 3 * W, ORDER);
    s4.intoMemorySegment(y, yAt + 4 * W, ORDER);
    s5.intoMemorySegment(y, yAt + 5 * W, ORDER);
  }
}
