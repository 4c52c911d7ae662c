package dev.gatun.cpu.simd;

import static dev.gatun.cpu.simd.Lanes.F32;
import static dev.gatun.cpu.simd.Lanes.ORDER;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;

/// Register tiles of the product of a transposed F32 block of attention weights with keys, values
/// or their like: `c[r, 0..n) = factor[r] c[r, 0..n) + sum_i p[i, r] b[i, 0..n)` for rows `r` of
/// `c` and `n` of two vectors a tile. Rows of `p` are [AttentionTile#QUERIES] elements apart.
/// Offsets, strides and steps are in bytes.
///
/// As in [GemmTileF32] the sum starts at zero and `c` comes in last; the row of `p` is a constant,
/// so that the checks of its broadcasts leave the loop, and that of `b` a variable, which keeps the
/// loop from being unrolled. Each element is one chain of FMAs in the order of `i`.
final class WeightedSumF32 {
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT;
  private static final int W = F32.vectorByteSize();
  private static final long SIZE = Float.BYTES;
  private static final long ROW = AttentionTile.QUERIES * SIZE;

  private WeightedSumF32() {}

  /// All `m` rows.
  static void rows(
      MemorySegment p,
      long pAt,
      int m,
      MemorySegment b,
      long bAt,
      long bRow,
      long bStep,
      int k,
      int tiles,
      MemorySegment factor,
      long factorAt,
      MemorySegment c,
      long cAt,
      long cRow) {
    int r = 0;
    for (; r + 6 <= m; r += 6) {
      rows6(
          p,
          pAt + r * SIZE,
          b,
          bAt,
          bRow,
          bStep,
          k,
          tiles,
          factor,
          factorAt + r * SIZE,
          c,
          cAt + r * cRow,
          cRow);
    }
    if (r + 4 <= m) {
      rows4(
          p,
          pAt + r * SIZE,
          b,
          bAt,
          bRow,
          bStep,
          k,
          tiles,
          factor,
          factorAt + r * SIZE,
          c,
          cAt + r * cRow,
          cRow);
      r += 4;
    }
    if (r + 2 <= m) {
      rows2(
          p,
          pAt + r * SIZE,
          b,
          bAt,
          bRow,
          bStep,
          k,
          tiles,
          factor,
          factorAt + r * SIZE,
          c,
          cAt + r * cRow,
          cRow);
      r += 2;
    }
    if (r < m) {
      rows1(
          p,
          pAt + r * SIZE,
          b,
          bAt,
          bRow,
          bStep,
          k,
          tiles,
          factor,
          factorAt + r * SIZE,
          c,
          cAt + r * cRow,
          cRow);
    }
  }

  private static void rows6(
      MemorySegment p,
      long pAt,
      MemorySegment b,
      long bAt,
      long bRow,
      long bStep,
      int k,
      int tiles,
      MemorySegment factor,
      long factorAt,
      MemorySegment c,
      long cAt,
      long cRow) {
    p = Lanes.offHeap(p);
    b = Lanes.offHeap(b);
    factor = Lanes.offHeap(factor);
    c = Lanes.offHeap(c);
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
        long pi = pAt + (long) i * ROW;
        FloatVector b0 = FloatVector.fromMemorySegment(F32, b, bi, ORDER);
        FloatVector b1 = FloatVector.fromMemorySegment(F32, b, bi + W, ORDER);
        FloatVector x0 = FloatVector.broadcast(F32, p.get(FLOAT, pi));
        c00 = x0.fma(b0, c00);
        c01 = x0.fma(b1, c01);
        FloatVector x1 = FloatVector.broadcast(F32, p.get(FLOAT, pi + SIZE));
        c10 = x1.fma(b0, c10);
        c11 = x1.fma(b1, c11);
        FloatVector x2 = FloatVector.broadcast(F32, p.get(FLOAT, pi + 2 * SIZE));
        c20 = x2.fma(b0, c20);
        c21 = x2.fma(b1, c21);
        FloatVector x3 = FloatVector.broadcast(F32, p.get(FLOAT, pi + 3 * SIZE));
        c30 = x3.fma(b0, c30);
        c31 = x3.fma(b1, c31);
        FloatVector x4 = FloatVector.broadcast(F32, p.get(FLOAT, pi + 4 * SIZE));
        c40 = x4.fma(b0, c40);
        c41 = x4.fma(b1, c41);
        FloatVector x5 = FloatVector.broadcast(F32, p.get(FLOAT, pi + 5 * SIZE));
        c50 = x5.fma(b0, c50);
        c51 = x5.fma(b1, c51);
        bi += bRow;
      }
      long at = cAt + t * 2L * W;
      FloatVector f0 = FloatVector.broadcast(F32, factor.get(FLOAT, factorAt));
      FloatVector.fromMemorySegment(F32, c, at, ORDER).fma(f0, c00).intoMemorySegment(c, at, ORDER);
      FloatVector.fromMemorySegment(F32, c, at + W, ORDER)
          .fma(f0, c01)
          .intoMemorySegment(c, at + W, ORDER);
      at += cRow;
      FloatVector f1 = FloatVector.broadcast(F32, factor.get(FLOAT, factorAt + SIZE));
      FloatVector.fromMemorySegment(F32, c, at, ORDER).fma(f1, c10).intoMemorySegment(c, at, ORDER);
      FloatVector.fromMemorySegment(F32, c, at + W, ORDER)
          .fma(f1, c11)
          .intoMemorySegment(c, at + W, ORDER);
      at += cRow;
      FloatVector f2 = FloatVector.broadcast(F32, factor.get(FLOAT, factorAt + 2 * SIZE));
      FloatVector.fromMemorySegment(F32, c, at, ORDER).fma(f2, c20).intoMemorySegment(c, at, ORDER);
      FloatVector.fromMemorySegment(F32, c, at + W, ORDER)
          .fma(f2, c21)
          .intoMemorySegment(c, at + W, ORDER);
      at += cRow;
      FloatVector f3 = FloatVector.broadcast(F32, factor.get(FLOAT, factorAt + 3 * SIZE));
      FloatVector.fromMemorySegment(F32, c, at, ORDER).fma(f3, c30).intoMemorySegment(c, at, ORDER);
      FloatVector.fromMemorySegment(F32, c, at + W, ORDER)
          .fma(f3, c31)
          .intoMemorySegment(c, at + W, ORDER);
      at += cRow;
      FloatVector f4 = FloatVector.broadcast(F32, factor.get(FLOAT, factorAt + 4 * SIZE));
      FloatVector.fromMemorySegment(F32, c, at, ORDER).fma(f4, c40).intoMemorySegment(c, at, ORDER);
      FloatVector.fromMemorySegment(F32, c, at + W, ORDER)
          .fma(f4, c41)
          .intoMemorySegment(c, at + W, ORDER);
      at += cRow;
      FloatVector f5 = FloatVector.broadcast(F32, factor.get(FLOAT, factorAt + 5 * SIZE));
      FloatVector.fromMemorySegment(F32, c, at, ORDER).fma(f5, c50).intoMemorySegment(c, at, ORDER);
      FloatVector.fromMemorySegment(F32, c, at + W, ORDER)
          .fma(f5, c51)
          .intoMemorySegment(c, at + W, ORDER);
    }
  }

  private static void rows4(
      MemorySegment p,
      long pAt,
      MemorySegment b,
      long bAt,
      long bRow,
      long bStep,
      int k,
      int tiles,
      MemorySegment factor,
      long factorAt,
      MemorySegment c,
      long cAt,
      long cRow) {
    p = Lanes.offHeap(p);
    b = Lanes.offHeap(b);
    factor = Lanes.offHeap(factor);
    c = Lanes.offHeap(c);
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
        long pi = pAt + (long) i * ROW;
        FloatVector b0 = FloatVector.fromMemorySegment(F32, b, bi, ORDER);
        FloatVector b1 = FloatVector.fromMemorySegment(F32, b, bi + W, ORDER);
        FloatVector x0 = FloatVector.broadcast(F32, p.get(FLOAT, pi));
        c00 = x0.fma(b0, c00);
        c01 = x0.fma(b1, c01);
        FloatVector x1 = FloatVector.broadcast(F32, p.get(FLOAT, pi + SIZE));
        c10 = x1.fma(b0, c10);
        c11 = x1.fma(b1, c11);
        FloatVector x2 = FloatVector.broadcast(F32, p.get(FLOAT, pi + 2 * SIZE));
        c20 = x2.fma(b0, c20);
        c21 = x2.fma(b1, c21);
        FloatVector x3 = FloatVector.broadcast(F32, p.get(FLOAT, pi + 3 * SIZE));
        c30 = x3.fma(b0, c30);
        c31 = x3.fma(b1, c31);
        bi += bRow;
      }
      long at = cAt + t * 2L * W;
      FloatVector f0 = FloatVector.broadcast(F32, factor.get(FLOAT, factorAt));
      FloatVector.fromMemorySegment(F32, c, at, ORDER).fma(f0, c00).intoMemorySegment(c, at, ORDER);
      FloatVector.fromMemorySegment(F32, c, at + W, ORDER)
          .fma(f0, c01)
          .intoMemorySegment(c, at + W, ORDER);
      at += cRow;
      FloatVector f1 = FloatVector.broadcast(F32, factor.get(FLOAT, factorAt + SIZE));
      FloatVector.fromMemorySegment(F32, c, at, ORDER).fma(f1, c10).intoMemorySegment(c, at, ORDER);
      FloatVector.fromMemorySegment(F32, c, at + W, ORDER)
          .fma(f1, c11)
          .intoMemorySegment(c, at + W, ORDER);
      at += cRow;
      FloatVector f2 = FloatVector.broadcast(F32, factor.get(FLOAT, factorAt + 2 * SIZE));
      FloatVector.fromMemorySegment(F32, c, at, ORDER).fma(f2, c20).intoMemorySegment(c, at, ORDER);
      FloatVector.fromMemorySegment(F32, c, at + W, ORDER)
          .fma(f2, c21)
          .intoMemorySegment(c, at + W, ORDER);
      at += cRow;
      FloatVector f3 = FloatVector.broadcast(F32, factor.get(FLOAT, factorAt + 3 * SIZE));
      FloatVector.fromMemorySegment(F32, c, at, ORDER).fma(f3, c30).intoMemorySegment(c, at, ORDER);
      FloatVector.fromMemorySegment(F32, c, at + W, ORDER)
          .fma(f3, c31)
          .intoMemorySegment(c, at + W, ORDER);
    }
  }

  private static void rows2(
      MemorySegment p,
      long pAt,
      MemorySegment b,
      long bAt,
      long bRow,
      long bStep,
      int k,
      int tiles,
      MemorySegment factor,
      long factorAt,
      MemorySegment c,
      long cAt,
      long cRow) {
    p = Lanes.offHeap(p);
    b = Lanes.offHeap(b);
    factor = Lanes.offHeap(factor);
    c = Lanes.offHeap(c);
    for (int t = 0; t < tiles; t++) {
      long bi = bAt + t * bStep;
      FloatVector c00 = FloatVector.zero(F32);
      FloatVector c01 = FloatVector.zero(F32);
      FloatVector c10 = FloatVector.zero(F32);
      FloatVector c11 = FloatVector.zero(F32);
      for (int i = 0; i < k; i++) {
        long pi = pAt + (long) i * ROW;
        FloatVector b0 = FloatVector.fromMemorySegment(F32, b, bi, ORDER);
        FloatVector b1 = FloatVector.fromMemorySegment(F32, b, bi + W, ORDER);
        FloatVector x0 = FloatVector.broadcast(F32, p.get(FLOAT, pi));
        c00 = x0.fma(b0, c00);
        c01 = x0.fma(b1, c01);
        FloatVector x1 = FloatVector.broadcast(F32, p.get(FLOAT, pi + SIZE));
        c10 = x1.fma(b0, c10);
        c11 = x1.fma(b1, c11);
        bi += bRow;
      }
      long at = cAt + t * 2L * W;
      FloatVector f0 = FloatVector.broadcast(F32, factor.get(FLOAT, factorAt));
      FloatVector.fromMemorySegment(F32, c, at, ORDER).fma(f0, c00).intoMemorySegment(c, at, ORDER);
      FloatVector.fromMemorySegment(F32, c, at + W, ORDER)
          .fma(f0, c01)
          .intoMemorySegment(c, at + W, ORDER);
      at += cRow;
      FloatVector f1 = FloatVector.broadcast(F32, factor.get(FLOAT, factorAt + SIZE));
      FloatVector.fromMemorySegment(F32, c, at, ORDER).fma(f1, c10).intoMemorySegment(c, at, ORDER);
      FloatVector.fromMemorySegment(F32, c, at + W, ORDER)
          .fma(f1, c11)
          .intoMemorySegment(c, at + W, ORDER);
    }
  }

  private static void rows1(
      MemorySegment p,
      long pAt,
      MemorySegment b,
      long bAt,
      long bRow,
      long bStep,
      int k,
      int tiles,
      MemorySegment factor,
      long factorAt,
      MemorySegment c,
      long cAt,
      long cRow) {
    p = Lanes.offHeap(p);
    b = Lanes.offHeap(b);
    factor = Lanes.offHeap(factor);
    c = Lanes.offHeap(c);
    for (int t = 0; t < tiles; t++) {
      long bi = bAt + t * bStep;
      FloatVector c00 = FloatVector.zero(F32);
      FloatVector c01 = FloatVector.zero(F32);
      for (int i = 0; i < k; i++) {
        long pi = pAt + (long) i * ROW;
        FloatVector b0 = FloatVector.fromMemorySegment(F32, b, bi, ORDER);
        FloatVector b1 = FloatVector.fromMemorySegment(F32, b, bi + W, ORDER);
        FloatVector x0 = FloatVector.broadcast(F32, p.get(FLOAT, pi));
        c00 = x0.fma(b0, c00);
        c01 = x0.fma(b1, c01);
        bi += bRow;
      }
      long at = cAt + t * 2L * W;
      FloatVector f0 = FloatVector.broadcast(F32, factor.get(FLOAT, factorAt));
      FloatVector.fromMemorySegment(F32, c, at, ORDER).fma(f0, c00).intoMemorySegment(c, at, ORDER);
      FloatVector.fromMemorySegment(F32, c, at + W, ORDER)
          .fma(f0, c01)
          .intoMemorySegment(c, at + W, ORDER);
    }
  }
}
