package dev.gatun.cpu.simd;

import static dev.gatun.cpu.simd.Lanes.F64;
import static dev.gatun.cpu.simd.Lanes.ORDER;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.DoubleVector;

/// Register tiles of the F64 matrix product: `c[r, 0..2L) = in[r, 0..2L) + sum_i a[r, i] * b[i,
/// 0..2L)` for 6, 4, 2 or 1 rows `r` and two vectors of `L` lanes, and the same for the `tiles` to
/// the right of it, whose operands are `bStep` and `inStep` further. Offsets, strides and steps are
/// in bytes.
///
/// Six rows keep 12 accumulators, which cover the latency of two FMA units and leave 4 of 16
/// registers for operands; with 32 registers more rows gain nothing that was measured. The sum
/// starts at zero, so that no FMA waits for `in` to arrive from L3 or memory; `in`, added last, is
/// `c` itself, one row of bias or of zeros with stride 0, so that no tile branches. Each element is
/// one chain of FMAs in the order of `i`: the same bits in every tile.
///
/// The shape of the loop is what C2 needs: an int variable with offsets of constant scale into `a`
/// hoists the bounds checks of all broadcasts; the offset into `b`, which grows by a variable,
/// keeps its checks in the loop and so keeps it from being unrolled, which would spill accumulators
/// (a quarter of the speed). Twelve FMAs are then 32 instructions, 95 % of the peak from L1.
final class GemmTileF64 {
  private static final ValueLayout.OfDouble DOUBLE = ValueLayout.JAVA_DOUBLE;
  private static final int W = F64.vectorByteSize();

  private GemmTileF64() {}

  static void rows6(
      MemorySegment a,
      long aAt,
      long aRow,
      MemorySegment b,
      long bAt,
      long bRow,
      long bStep,
      int k,
      int tiles,
      MemorySegment in,
      long inAt,
      long inRow,
      long inStep,
      MemorySegment c,
      long cAt,
      long cRow) {
    a = Lanes.offHeap(a);
    b = Lanes.offHeap(b);
    in = Lanes.offHeap(in);
    c = Lanes.offHeap(c);
    long a1 = aAt + aRow;
    long a2 = aAt + 2 * aRow;
    long a3 = aAt + 3 * aRow;
    long a4 = aAt + 4 * aRow;
    long a5 = aAt + 5 * aRow;
    for (int t = 0; t < tiles; t++) {
      long bi = bAt + t * bStep;
      DoubleVector c00 = DoubleVector.zero(F64);
      DoubleVector c01 = DoubleVector.zero(F64);
      DoubleVector c10 = DoubleVector.zero(F64);
      DoubleVector c11 = DoubleVector.zero(F64);
      DoubleVector c20 = DoubleVector.zero(F64);
      DoubleVector c21 = DoubleVector.zero(F64);
      DoubleVector c30 = DoubleVector.zero(F64);
      DoubleVector c31 = DoubleVector.zero(F64);
      DoubleVector c40 = DoubleVector.zero(F64);
      DoubleVector c41 = DoubleVector.zero(F64);
      DoubleVector c50 = DoubleVector.zero(F64);
      DoubleVector c51 = DoubleVector.zero(F64);
      for (int i = 0; i < k; i++) {
        long ai = (long) i * 8;
        DoubleVector b0 = DoubleVector.fromMemorySegment(F64, b, bi, ORDER);
        DoubleVector b1 = DoubleVector.fromMemorySegment(F64, b, bi + W, ORDER);
        DoubleVector x0 = DoubleVector.broadcast(F64, a.get(DOUBLE, aAt + ai));
        c00 = x0.fma(b0, c00);
        c01 = x0.fma(b1, c01);
        DoubleVector x1 = DoubleVector.broadcast(F64, a.get(DOUBLE, a1 + ai));
        c10 = x1.fma(b0, c10);
        c11 = x1.fma(b1, c11);
        DoubleVector x2 = DoubleVector.broadcast(F64, a.get(DOUBLE, a2 + ai));
        c20 = x2.fma(b0, c20);
        c21 = x2.fma(b1, c21);
        DoubleVector x3 = DoubleVector.broadcast(F64, a.get(DOUBLE, a3 + ai));
        c30 = x3.fma(b0, c30);
        c31 = x3.fma(b1, c31);
        DoubleVector x4 = DoubleVector.broadcast(F64, a.get(DOUBLE, a4 + ai));
        c40 = x4.fma(b0, c40);
        c41 = x4.fma(b1, c41);
        DoubleVector x5 = DoubleVector.broadcast(F64, a.get(DOUBLE, a5 + ai));
        c50 = x5.fma(b0, c50);
        c51 = x5.fma(b1, c51);
        bi += bRow;
      }
      long at = cAt + t * 2L * W;
      long from = inAt + t * inStep;
      c00.add(DoubleVector.fromMemorySegment(F64, in, from, ORDER)).intoMemorySegment(c, at, ORDER);
      c01.add(DoubleVector.fromMemorySegment(F64, in, from + W, ORDER))
          .intoMemorySegment(c, at + W, ORDER);
      at += cRow;
      from += inRow;
      c10.add(DoubleVector.fromMemorySegment(F64, in, from, ORDER)).intoMemorySegment(c, at, ORDER);
      c11.add(DoubleVector.fromMemorySegment(F64, in, from + W, ORDER))
          .intoMemorySegment(c, at + W, ORDER);
      at += cRow;
      from += inRow;
      c20.add(DoubleVector.fromMemorySegment(F64, in, from, ORDER)).intoMemorySegment(c, at, ORDER);
      c21.add(DoubleVector.fromMemorySegment(F64, in, from + W, ORDER))
          .intoMemorySegment(c, at + W, ORDER);
      at += cRow;
      from += inRow;
      c30.add(DoubleVector.fromMemorySegment(F64, in, from, ORDER)).intoMemorySegment(c, at, ORDER);
      c31.add(DoubleVector.fromMemorySegment(F64, in, from + W, ORDER))
          .intoMemorySegment(c, at + W, ORDER);
      at += cRow;
      from += inRow;
      c40.add(DoubleVector.fromMemorySegment(F64, in, from, ORDER)).intoMemorySegment(c, at, ORDER);
      c41.add(DoubleVector.fromMemorySegment(F64, in, from + W, ORDER))
          .intoMemorySegment(c, at + W, ORDER);
      at += cRow;
      from += inRow;
      c50.add(DoubleVector.fromMemorySegment(F64, in, from, ORDER)).intoMemorySegment(c, at, ORDER);
      c51.add(DoubleVector.fromMemorySegment(F64, in, from + W, ORDER))
          .intoMemorySegment(c, at + W, ORDER);
    }
  }

  static void rows4(
      MemorySegment a,
      long aAt,
      long aRow,
      MemorySegment b,
      long bAt,
      long bRow,
      long bStep,
      int k,
      int tiles,
      MemorySegment in,
      long inAt,
      long inRow,
      long inStep,
      MemorySegment c,
      long cAt,
      long cRow) {
    a = Lanes.offHeap(a);
    b = Lanes.offHeap(b);
    in = Lanes.offHeap(in);
    c = Lanes.offHeap(c);
    long a1 = aAt + aRow;
    long a2 = aAt + 2 * aRow;
    long a3 = aAt + 3 * aRow;
    for (int t = 0; t < tiles; t++) {
      long bi = bAt + t * bStep;
      DoubleVector c00 = DoubleVector.zero(F64);
      DoubleVector c01 = DoubleVector.zero(F64);
      DoubleVector c10 = DoubleVector.zero(F64);
      DoubleVector c11 = DoubleVector.zero(F64);
      DoubleVector c20 = DoubleVector.zero(F64);
      DoubleVector c21 = DoubleVector.zero(F64);
      DoubleVector c30 = DoubleVector.zero(F64);
      DoubleVector c31 = DoubleVector.zero(F64);
      for (int i = 0; i < k; i++) {
        long ai = (long) i * 8;
        DoubleVector b0 = DoubleVector.fromMemorySegment(F64, b, bi, ORDER);
        DoubleVector b1 = DoubleVector.fromMemorySegment(F64, b, bi + W, ORDER);
        DoubleVector x0 = DoubleVector.broadcast(F64, a.get(DOUBLE, aAt + ai));
        c00 = x0.fma(b0, c00);
        c01 = x0.fma(b1, c01);
        DoubleVector x1 = DoubleVector.broadcast(F64, a.get(DOUBLE, a1 + ai));
        c10 = x1.fma(b0, c10);
        c11 = x1.fma(b1, c11);
        DoubleVector x2 = DoubleVector.broadcast(F64, a.get(DOUBLE, a2 + ai));
        c20 = x2.fma(b0, c20);
        c21 = x2.fma(b1, c21);
        DoubleVector x3 = DoubleVector.broadcast(F64, a.get(DOUBLE, a3 + ai));
        c30 = x3.fma(b0, c30);
        c31 = x3.fma(b1, c31);
        bi += bRow;
      }
      long at = cAt + t * 2L * W;
      long from = inAt + t * inStep;
      c00.add(DoubleVector.fromMemorySegment(F64, in, from, ORDER)).intoMemorySegment(c, at, ORDER);
      c01.add(DoubleVector.fromMemorySegment(F64, in, from + W, ORDER))
          .intoMemorySegment(c, at + W, ORDER);
      at += cRow;
      from += inRow;
      c10.add(DoubleVector.fromMemorySegment(F64, in, from, ORDER)).intoMemorySegment(c, at, ORDER);
      c11.add(DoubleVector.fromMemorySegment(F64, in, from + W, ORDER))
          .intoMemorySegment(c, at + W, ORDER);
      at += cRow;
      from += inRow;
      c20.add(DoubleVector.fromMemorySegment(F64, in, from, ORDER)).intoMemorySegment(c, at, ORDER);
      c21.add(DoubleVector.fromMemorySegment(F64, in, from + W, ORDER))
          .intoMemorySegment(c, at + W, ORDER);
      at += cRow;
      from += inRow;
      c30.add(DoubleVector.fromMemorySegment(F64, in, from, ORDER)).intoMemorySegment(c, at, ORDER);
      c31.add(DoubleVector.fromMemorySegment(F64, in, from + W, ORDER))
          .intoMemorySegment(c, at + W, ORDER);
    }
  }

  static void rows2(
      MemorySegment a,
      long aAt,
      long aRow,
      MemorySegment b,
      long bAt,
      long bRow,
      long bStep,
      int k,
      int tiles,
      MemorySegment in,
      long inAt,
      long inRow,
      long inStep,
      MemorySegment c,
      long cAt,
      long cRow) {
    a = Lanes.offHeap(a);
    b = Lanes.offHeap(b);
    in = Lanes.offHeap(in);
    c = Lanes.offHeap(c);
    long a1 = aAt + aRow;
    for (int t = 0; t < tiles; t++) {
      long bi = bAt + t * bStep;
      DoubleVector c00 = DoubleVector.zero(F64);
      DoubleVector c01 = DoubleVector.zero(F64);
      DoubleVector c10 = DoubleVector.zero(F64);
      DoubleVector c11 = DoubleVector.zero(F64);
      for (int i = 0; i < k; i++) {
        long ai = (long) i * 8;
        DoubleVector b0 = DoubleVector.fromMemorySegment(F64, b, bi, ORDER);
        DoubleVector b1 = DoubleVector.fromMemorySegment(F64, b, bi + W, ORDER);
        DoubleVector x0 = DoubleVector.broadcast(F64, a.get(DOUBLE, aAt + ai));
        c00 = x0.fma(b0, c00);
        c01 = x0.fma(b1, c01);
        DoubleVector x1 = DoubleVector.broadcast(F64, a.get(DOUBLE, a1 + ai));
        c10 = x1.fma(b0, c10);
        c11 = x1.fma(b1, c11);
        bi += bRow;
      }
      long at = cAt + t * 2L * W;
      long from = inAt + t * inStep;
      c00.add(DoubleVector.fromMemorySegment(F64, in, from, ORDER)).intoMemorySegment(c, at, ORDER);
      c01.add(DoubleVector.fromMemorySegment(F64, in, from + W, ORDER))
          .intoMemorySegment(c, at + W, ORDER);
      at += cRow;
      from += inRow;
      c10.add(DoubleVector.fromMemorySegment(F64, in, from, ORDER)).intoMemorySegment(c, at, ORDER);
      c11.add(DoubleVector.fromMemorySegment(F64, in, from + W, ORDER))
          .intoMemorySegment(c, at + W, ORDER);
    }
  }

  static void rows1(
      MemorySegment a,
      long aAt,
      long aRow,
      MemorySegment b,
      long bAt,
      long bRow,
      long bStep,
      int k,
      int tiles,
      MemorySegment in,
      long inAt,
      long inRow,
      long inStep,
      MemorySegment c,
      long cAt,
      long cRow) {
    a = Lanes.offHeap(a);
    b = Lanes.offHeap(b);
    in = Lanes.offHeap(in);
    c = Lanes.offHeap(c);
    for (int t = 0; t < tiles; t++) {
      long bi = bAt + t * bStep;
      DoubleVector c00 = DoubleVector.zero(F64);
      DoubleVector c01 = DoubleVector.zero(F64);
      for (int i = 0; i < k; i++) {
        long ai = (long) i * 8;
        DoubleVector b0 = DoubleVector.fromMemorySegment(F64, b, bi, ORDER);
        DoubleVector b1 = DoubleVector.fromMemorySegment(F64, b, bi + W, ORDER);
        DoubleVector x0 = DoubleVector.broadcast(F64, a.get(DOUBLE, aAt + ai));
        c00 = x0.fma(b0, c00);
        c01 = x0.fma(b1, c01);
        bi += bRow;
      }
      long at = cAt + t * 2L * W;
      long from = inAt + t * inStep;
      c00.add(DoubleVector.fromMemorySegment(F64, in, from, ORDER)).intoMemorySegment(c, at, ORDER);
      c01.add(DoubleVector.fromMemorySegment(F64, in, from + W, ORDER))
          .intoMemorySegment(c, at + W, ORDER);
    }
  }
}
