package dev.gatun.cpu.simd;

import static dev.gatun.cpu.simd.Lanes.DOUBLE;
import static dev.gatun.cpu.simd.Lanes.F64;
import static dev.gatun.cpu.simd.Lanes.ORDER;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;

/// Matrix times vector in F64, at the speed at which memory streams. Offsets, strides and steps are
/// in bytes.
final class MatVecF64 {
  private static final int L = F64.length();
  private static final int W = F64.vectorByteSize();

  private MatVecF64() {}

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
    DoubleVector s00 = DoubleVector.zero(F64);
    DoubleVector s01 = DoubleVector.zero(F64);
    DoubleVector s10 = DoubleVector.zero(F64);
    DoubleVector s11 = DoubleVector.zero(F64);
    DoubleVector s20 = DoubleVector.zero(F64);
    DoubleVector s21 = DoubleVector.zero(F64);
    DoubleVector s30 = DoubleVector.zero(F64);
    DoubleVector s31 = DoubleVector.zero(F64);
    int full = k - k % (2 * L);
    for (int i = 0; i < full; i += 2 * L) {
      long xi = xAt + i * xStep;
      long wi = (long) i * 8;
      DoubleVector x0 = DoubleVector.fromMemorySegment(F64, x, xi, ORDER);
      DoubleVector x1 = DoubleVector.fromMemorySegment(F64, x, xi + W, ORDER);
      s00 = DoubleVector.fromMemorySegment(F64, w, wAt + wi, ORDER).fma(x0, s00);
      s01 = DoubleVector.fromMemorySegment(F64, w, wAt + wi + W, ORDER).fma(x1, s01);
      s10 = DoubleVector.fromMemorySegment(F64, w, w1 + wi, ORDER).fma(x0, s10);
      s11 = DoubleVector.fromMemorySegment(F64, w, w1 + wi + W, ORDER).fma(x1, s11);
      s20 = DoubleVector.fromMemorySegment(F64, w, w2 + wi, ORDER).fma(x0, s20);
      s21 = DoubleVector.fromMemorySegment(F64, w, w2 + wi + W, ORDER).fma(x1, s21);
      s30 = DoubleVector.fromMemorySegment(F64, w, w3 + wi, ORDER).fma(x0, s30);
      s31 = DoubleVector.fromMemorySegment(F64, w, w3 + wi + W, ORDER).fma(x1, s31);
    }
    double d0 = Fold.sum(s00.add(s01));
    double d1 = Fold.sum(s10.add(s11));
    double d2 = Fold.sum(s20.add(s21));
    double d3 = Fold.sum(s30.add(s31));
    for (int i = full; i < k; i++) {
      double xi = x.get(DOUBLE, xAt + (long) i * 8);
      long wi = (long) i * 8;
      d0 = Math.fma(w.get(DOUBLE, wAt + wi), xi, d0);
      d1 = Math.fma(w.get(DOUBLE, w1 + wi), xi, d1);
      d2 = Math.fma(w.get(DOUBLE, w2 + wi), xi, d2);
      d3 = Math.fma(w.get(DOUBLE, w3 + wi), xi, d3);
    }
    y.set(DOUBLE, yAt, in.get(DOUBLE, inAt) + d0);
    y.set(DOUBLE, yAt + yStep, in.get(DOUBLE, inAt + inStep) + d1);
    y.set(DOUBLE, yAt + 2 * yStep, in.get(DOUBLE, inAt + 2 * inStep) + d2);
    y.set(DOUBLE, yAt + 3 * yStep, in.get(DOUBLE, inAt + 3 * inStep) + d3);
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
    DoubleVector s0 = DoubleVector.zero(F64);
    DoubleVector s1 = DoubleVector.zero(F64);
    int full = k - k % (2 * L);
    for (int i = 0; i < full; i += 2 * L) {
      long xi = xAt + i * xStep;
      long wi = wAt + (long) i * 8;
      s0 =
          DoubleVector.fromMemorySegment(F64, w, wi, ORDER)
              .fma(DoubleVector.fromMemorySegment(F64, x, xi, ORDER), s0);
      s1 =
          DoubleVector.fromMemorySegment(F64, w, wi + W, ORDER)
              .fma(DoubleVector.fromMemorySegment(F64, x, xi + W, ORDER), s1);
    }
    double d = Fold.sum(s0.add(s1));
    for (int i = full; i < k; i++) {
      long at = (long) i * 8;
      d = Math.fma(w.get(DOUBLE, wAt + at), x.get(DOUBLE, xAt + at), d);
    }
    y.set(DOUBLE, yAt, in.get(DOUBLE, inAt) + d);
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
    double x0 = x.get(DOUBLE, xAt);
    double x1 = x.get(DOUBLE, xAt + xStep);
    double x2 = x.get(DOUBLE, xAt + 2 * xStep);
    double x3 = x.get(DOUBLE, xAt + 3 * xStep);
    double x4 = x.get(DOUBLE, xAt + 4 * xStep);
    double x5 = x.get(DOUBLE, xAt + 5 * xStep);
    double x6 = x.get(DOUBLE, xAt + 6 * xStep);
    double x7 = x.get(DOUBLE, xAt + 7 * xStep);
    long w1 = wAt + wRow;
    long w2 = w1 + wRow;
    long w3 = w2 + wRow;
    long w4 = w3 + wRow;
    long w5 = w4 + wRow;
    long w6 = w5 + wRow;
    long w7 = w6 + wRow;
    int full = n - n % L;
    for (int j = 0; j < full; j += L) {
      long at = (long) j * 8;
      DoubleVector s = DoubleVector.fromMemorySegment(F64, in, inAt + j * inStep, ORDER);
      s =
          DoubleVector.fromMemorySegment(F64, w, wAt + at, ORDER)
              .fma(DoubleVector.broadcast(F64, x0), s);
      s =
          DoubleVector.fromMemorySegment(F64, w, w1 + at, ORDER)
              .fma(DoubleVector.broadcast(F64, x1), s);
      s =
          DoubleVector.fromMemorySegment(F64, w, w2 + at, ORDER)
              .fma(DoubleVector.broadcast(F64, x2), s);
      s =
          DoubleVector.fromMemorySegment(F64, w, w3 + at, ORDER)
              .fma(DoubleVector.broadcast(F64, x3), s);
      s =
          DoubleVector.fromMemorySegment(F64, w, w4 + at, ORDER)
              .fma(DoubleVector.broadcast(F64, x4), s);
      s =
          DoubleVector.fromMemorySegment(F64, w, w5 + at, ORDER)
              .fma(DoubleVector.broadcast(F64, x5), s);
      s =
          DoubleVector.fromMemorySegment(F64, w, w6 + at, ORDER)
              .fma(DoubleVector.broadcast(F64, x6), s);
      s =
          DoubleVector.fromMemorySegment(F64, w, w7 + at, ORDER)
              .fma(DoubleVector.broadcast(F64, x7), s);
      s.intoMemorySegment(y, yAt + at, ORDER);
    }
    for (int j = full; j < n; j++) {
      long at = (long) j * 8;
      double s = in.get(DOUBLE, inAt + j * inStep);
      s = Math.fma(w.get(DOUBLE, wAt + at), x0, s);
      s = Math.fma(w.get(DOUBLE, w1 + at), x1, s);
      s = Math.fma(w.get(DOUBLE, w2 + at), x2, s);
      s = Math.fma(w.get(DOUBLE, w3 + at), x3, s);
      s = Math.fma(w.get(DOUBLE, w4 + at), x4, s);
      s = Math.fma(w.get(DOUBLE, w5 + at), x5, s);
      s = Math.fma(w.get(DOUBLE, w6 + at), x6, s);
      s = Math.fma(w.get(DOUBLE, w7 + at), x7, s);
      y.set(DOUBLE, yAt + at, s);
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
    double x0 = x.get(DOUBLE, xAt);
    int full = n - n % L;
    for (int j = 0; j < full; j += L) {
      long at = (long) j * 8;
      DoubleVector s = DoubleVector.fromMemorySegment(F64, in, inAt + j * inStep, ORDER);
      s =
          DoubleVector.fromMemorySegment(F64, w, wAt + at, ORDER)
              .fma(DoubleVector.broadcast(F64, x0), s);
      s.intoMemorySegment(y, yAt + at, ORDER);
    }
    for (int j = full; j < n; j++) {
      long at = (long) j * 8;
      y.set(
          DOUBLE,
          yAt + at,
          Math.fma(w.get(DOUBLE, wAt + at), x0, in.get(DOUBLE, inAt + j * inStep)));
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
    DoubleVector s0 = DoubleVector.zero(F64);
    DoubleVector s1 = DoubleVector.zero(F64);
    DoubleVector s2 = DoubleVector.zero(F64);
    DoubleVector s3 = DoubleVector.zero(F64);
    DoubleVector s4 = DoubleVector.zero(F64);
    DoubleVector s5 = DoubleVector.zero(F64);
    for (int l = 0; l < k; l++) {
      long at = wAt + l * wRow;
      DoubleVector v = DoubleVector.broadcast(F64, x.get(DOUBLE, xAt + (long) l * 8));
      s0 = DoubleVector.fromMemorySegment(F64, w, at, ORDER).fma(v, s0);
      s1 = DoubleVector.fromMemorySegment(F64, w, at + W, ORDER).fma(v, s1);
      s2 = DoubleVector.fromMemorySegment(F64, w, at + 2 * W, ORDER).fma(v, s2);
      s3 = DoubleVector.fromMemorySegment(F64, w, at + 3 * W, ORDER).fma(v, s3);
      s4 = DoubleVector.fromMemorySegment(F64, w, at + 4 * W, ORDER).fma(v, s4);
      s5 = DoubleVector.fromMemorySegment(F64, w, at + 5 * W, ORDER).fma(v, s5);
    }
    s0.intoMemorySegment(y, yAt, ORDER);
    s1.intoMemorySegment(y, yAt + W, ORDER);
    s2.intoMemorySegment(y, yAt + 2 * W, ORDER);
    s3.intoMemorySegment(y, yAt + 3 * W, ORDER);
    s4.intoMemorySegment(y, yAt + 4 * W, ORDER);
    s5.intoMemorySegment(y, yAt + 5 * W, ORDER);
  }
}
