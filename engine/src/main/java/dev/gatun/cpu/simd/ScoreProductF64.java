package dev.gatun.cpu.simd;

import static dev.gatun.cpu.simd.Lanes.F64;
import static dev.gatun.cpu.simd.Lanes.ORDER;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.DoubleVector;

/// Register tiles of products of keys, or values, with packed queries: `c[r, 0..n) = sum_i a[r, i]
/// b[i, 0..n)` in F64. As [GemmTileF64], but nothing is added to the sums: with few terms, 64 as a
/// rule, the loads and additions of what would be zeros are a twentieth of the time.
final class ScoreProductF64 {
  private static final ValueLayout.OfDouble DOUBLE = ValueLayout.JAVA_DOUBLE;
  private static final int W = F64.vectorByteSize();
  private static final long SIZE = Double.BYTES;

  private ScoreProductF64() {}

  /// All `m` rows.
  static void rows(
      MemorySegment a,
      long aAt,
      long aRow,
      int m,
      MemorySegment b,
      long bAt,
      long bRow,
      long bStep,
      int k,
      int tiles,
      MemorySegment c,
      long cAt,
      long cRow) {
    int r = 0;
    for (; r + 6 <= m; r += 6) {
      rows6(a, aAt + r * aRow, aRow, b, bAt, bRow, bStep, k, tiles, c, cAt + r * cRow, cRow);
    }
    if (r + 4 <= m) {
      rows4(a, aAt + r * aRow, aRow, b, bAt, bRow, bStep, k, tiles, c, cAt + r * cRow, cRow);
      r += 4;
    }
    if (r + 2 <= m) {
      rows2(a, aAt + r * aRow, aRow, b, bAt, bRow, bStep, k, tiles, c, cAt + r * cRow, cRow);
      r += 2;
    }
    if (r < m) {
      rows1(a, aAt + r * aRow, b, bAt, bRow, bStep, k, tiles, c, cAt + r * cRow);
    }
  }

  private static void rows6(
      MemorySegment a,
      long aAt,
      long aRow,
      MemorySegment b,
      long bAt,
      long bRow,
      long bStep,
      int k,
      int tiles,
      MemorySegment c,
      long cAt,
      long cRow) {
    a = Lanes.offHeap(a);
    b = Lanes.offHeap(b);
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
        long ai = (long) i * SIZE;
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
      c00.intoMemorySegment(c, at, ORDER);
      c01.intoMemorySegment(c, at + W, ORDER);
      at += cRow;
      c10.intoMemorySegment(c, at, ORDER);
      c11.intoMemorySegment(c, at + W, ORDER);
      at += cRow;
      c20.intoMemorySegment(c, at, ORDER);
      c21.intoMemorySegment(c, at + W, ORDER);
      at += cRow;
      c30.intoMemorySegment(c, at, ORDER);
      c31.intoMemorySegment(c, at + W, ORDER);
      at += cRow;
      c40.intoMemorySegment(c, at, ORDER);
      c41.intoMemorySegment(c, at + W, ORDER);
      at += cRow;
      c50.intoMemorySegment(c, at, ORDER);
      c51.intoMemorySegment(c, at + W, ORDER);
    }
  }

  private static void rows4(
      MemorySegment a,
      long aAt,
      long aRow,
      MemorySegment b,
      long bAt,
      long bRow,
      long bStep,
      int k,
      int tiles,
      MemorySegment c,
      long cAt,
      long cRow) {
    a = Lanes.offHeap(a);
    b = Lanes.offHeap(b);
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
        long ai = (long) i * SIZE;
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
      c00.intoMemorySegment(c, at, ORDER);
      c01.intoMemorySegment(c, at + W, ORDER);
      at += cRow;
      c10.intoMemorySegment(c, at, ORDER);
      c11.intoMemorySegment(c, at + W, ORDER);
      at += cRow;
      c20.intoMemorySegment(c, at, ORDER);
      c21.intoMemorySegment(c, at + W, ORDER);
      at += cRow;
      c30.intoMemorySegment(c, at, ORDER);
      c31.intoMemorySegment(c, at + W, ORDER);
    }
  }

  private static void rows2(
      MemorySegment a,
      long aAt,
      long aRow,
      MemorySegment b,
      long bAt,
      long bRow,
      long bStep,
      int k,
      int tiles,
      MemorySegment c,
      long cAt,
      long cRow) {
    a = Lanes.offHeap(a);
    b = Lanes.offHeap(b);
    c = Lanes.offHeap(c);
    long a1 = aAt + aRow;
    for (int t = 0; t < tiles; t++) {
      long bi = bAt + t * bStep;
      DoubleVector c00 = DoubleVector.zero(F64);
      DoubleVector c01 = DoubleVector.zero(F64);
      DoubleVector c10 = DoubleVector.zero(F64);
      DoubleVector c11 = DoubleVector.zero(F64);
      for (int i = 0; i < k; i++) {
        long ai = (long) i * SIZE;
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
      c00.intoMemorySegment(c, at, ORDER);
      c01.intoMemorySegment(c, at + W, ORDER);
      at += cRow;
      c10.intoMemorySegment(c, at, ORDER);
      c11.intoMemorySegment(c, at + W, ORDER);
    }
  }

  private static void rows1(
      MemorySegment a,
      long aAt,
      MemorySegment b,
      long bAt,
      long bRow,
      long bStep,
      int k,
      int tiles,
      MemorySegment c,
      long cAt) {
    a = Lanes.offHeap(a);
    b = Lanes.offHeap(b);
    c = Lanes.offHeap(c);
    for (int t = 0; t < tiles; t++) {
      long bi = bAt + t * bStep;
      DoubleVector c00 = DoubleVector.zero(F64);
      DoubleVector c01 = DoubleVector.zero(F64);
      for (int i = 0; i < k; i++) {
        long ai = (long) i * SIZE;
        DoubleVector b0 = DoubleVector.fromMemorySegment(F64, b, bi, ORDER);
        DoubleVector b1 = DoubleVector.fromMemorySegment(F64, b, bi + W, ORDER);
        DoubleVector x0 = DoubleVector.broadcast(F64, a.get(DOUBLE, aAt + ai));
        c00 = x0.fma(b0, c00);
        c01 = x0.fma(b1, c01);
        bi += bRow;
      }
      long at = cAt + t * 2L * W;
      c00.intoMemorySegment(c, at, ORDER);
      c01.intoMemorySegment(c, at + W, ORDER);
    }
  }
}
