package dev.gatun.cpu.simd;

import static dev.gatun.cpu.simd.Lanes.F32;
import static dev.gatun.cpu.simd.Lanes.ORDER;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;

/// Register tiles of products of keys, or values, with packed queries: `c[r, 0..n) = sum_i a[r, i]
/// b[i, 0..n)` in F32. As [GemmTileF32], but nothing is added to the sums: with few terms, 64 as a
/// rule, the loads and additions of what would be zeros are a twentieth of the time.
final class ScoreProductF32 {
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT;
  private static final int W = F32.vectorByteSize();
  private static final long SIZE = Float.BYTES;

  private ScoreProductF32() {}

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
      FloatVector c00 = FloatVector.zero(F32);
      FloatVector c01 = FloatVector.zero(F32);
      FloatVector c10 = FloatVector.zero(F32);
      FloatVector c11 = FloatVector.zero(F32);
      FloatVector c20 = FloatVector.zero(F32);
      FloatVector c21 = FloatVector.zero(F32);
      FloatVector c30 = FloatVector.zero(F32);
      FloatVector c31 = FloatVector.zero(F32);
      FloatVector c40 = FloatVector.zero(F32);
      FloatVector c41 = FloatVector.zero(F32);
      FloatVector c50 = FloatVector.zero(F32);
      FloatVector c51 = FloatVector.zero(F32);
      for (int i = 0; i < k; i++) {
        long ai = (long) i * SIZE;
        FloatVector b0 = FloatVector.fromMemorySegment(F32, b, bi, ORDER);
        FloatVector b1 = FloatVector.fromMemorySegment(F32, b, bi + W, ORDER);
        FloatVector x0 = FloatVector.broadcast(F32, a.get(FLOAT, aAt + ai));
        c00 = x0.fma(b0, c00);
        c01 = x0.fma(b1, c01);
        FloatVector x1 = FloatVector.broadcast(F32, a.get(FLOAT, a1 + ai));
        c10 = x1.fma(b0, c10);
        c11 = x1.fma(b1, c11);
        FloatVector x2 = FloatVector.broadcast(F32, a.get(FLOAT, a2 + ai));
        c20 = x2.fma(b0, c20);
        c21 = x2.fma(b1, c21);
        FloatVector x3 = FloatVector.broadcast(F32, a.get(FLOAT, a3 + ai));
        c30 = x3.fma(b0, c30);
        c31 = x3.fma(b1, c31);
        FloatVector x4 = FloatVector.broadcast(F32, a.get(FLOAT, a4 + ai));
        c40 = x4.fma(b0, c40);
        c41 = x4.fma(b1, c41);
        FloatVector x5 = FloatVector.broadcast(F32, a.get(FLOAT, a5 + ai));
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
      FloatVector c00 = FloatVector.zero(F32);
      FloatVector c01 = FloatVector.zero(F32);
      FloatVector c10 = FloatVector.zero(F32);
      FloatVector c11 = FloatVector.zero(F32);
      FloatVector c20 = FloatVector.zero(F32);
      FloatVector c21 = FloatVector.zero(F32);
      FloatVector c30 = FloatVector.zero(F32);
      FloatVector c31 = FloatVector.zero(F32);
      for (int i = 0; i < k; i++) {
        long ai = (long) i * SIZE;
        FloatVector b0 = FloatVector.fromMemorySegment(F32, b, bi, ORDER);
        FloatVector b1 = FloatVector.fromMemorySegment(F32, b, bi + W, ORDER);
        FloatVector x0 = FloatVector.broadcast(F32, a.get(FLOAT, aAt + ai));
        c00 = x0.fma(b0, c00);
        c01 = x0.fma(b1, c01);
        FloatVector x1 = FloatVector.broadcast(F32, a.get(FLOAT, a1 + ai));
        c10 = x1.fma(b0, c10);
        c11 = x1.fma(b1, c11);
        FloatVector x2 = FloatVector.broadcast(F32, a.get(FLOAT, a2 + ai));
        c20 = x2.fma(b0, c20);
        c21 = x2.fma(b1, c21);
        FloatVector x3 = FloatVector.broadcast(F32, a.get(FLOAT, a3 + ai));
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
      FloatVector c00 = FloatVector.zero(F32);
      FloatVector c01 = FloatVector.zero(F32);
      FloatVector c10 = FloatVector.zero(F32);
      FloatVector c11 = FloatVector.zero(F32);
      for (int i = 0; i < k; i++) {
        long ai = (long) i * SIZE;
        FloatVector b0 = FloatVector.fromMemorySegment(F32, b, bi, ORDER);
        FloatVector b1 = FloatVector.fromMemorySegment(F32, b, bi + W, ORDER);
        FloatVector x0 = FloatVector.broadcast(F32, a.get(FLOAT, aAt + ai));
        c00 = x0.fma(b0, c00);
        c01 = x0.fma(b1, c01);
        FloatVector x1 = FloatVector.broadcast(F32, a.get(FLOAT, a1 + ai));
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
      FloatVector c00 = FloatVector.zero(F32);
      FloatVector c01 = FloatVector.zero(F32);
      for (int i = 0; i < k; i++) {
        long ai = (long) i * SIZE;
        FloatVector b0 = FloatVector.fromMemorySegment(F32, b, bi, ORDER);
        FloatVector b1 = FloatVector.fromMemorySegment(F32, b, bi + W, ORDER);
        FloatVector x0 = FloatVector.broadcast(F32, a.get(FLOAT, aAt + ai));
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
