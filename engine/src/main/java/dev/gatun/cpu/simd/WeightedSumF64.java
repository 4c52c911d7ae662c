package dev.gatun.cpu.simd;

import static dev.gatun.cpu.simd.Lanes.F64;
import static dev.gatun.cpu.simd.Lanes.ORDER;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.DoubleVector;

/// Register tiles of the product of a transposed F64 block of attention weights with keys, values
/// or their like: `c[r, 0..n) += sum_i p[i, r] b[i, 0..n)` for rows `r` of `c` and `n` of two
/// vectors a tile. Rows of `p` are [AttentionTile#QUERIES] elements apart. Offsets, strides and
/// steps are in bytes.
///
/// As in [GemmTileF64] the sum starts at zero and `c` comes in last; the row of `p` is a constant,
/// so that the checks of its broadcasts leave the loop, and that of `b` a variable, which keeps the
/// loop from being unrolled. Each element is one chain of FMAs in the order of `i`.
final class WeightedSumF64 {
  private static final ValueLayout.OfDouble DOUBLE = ValueLayout.JAVA_DOUBLE;
  private static final int W = F64.vectorByteSize();
  private static final long SIZE = Double.BYTES;
  private static final long ROW = AttentionTile.QUERIES * SIZE;

  private WeightedSumF64() {}

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
      MemorySegment c,
      long cAt,
      long cRow) {
    long step = SIZE;
    int r = 0;
    for (; r + 6 <= m; r += 6) {
      rows6(p, pAt + r * SIZE, step, b, bAt, bRow, bStep, k, tiles, c, cAt + r * cRow, cRow);
    }
    if (r + 4 <= m) {
      rows4(p, pAt + r * SIZE, step, b, bAt, bRow, bStep, k, tiles, c, cAt + r * cRow, cRow);
      r += 4;
    }
    if (r + 2 <= m) {
      rows2(p, pAt + r * SIZE, step, b, bAt, bRow, bStep, k, tiles, c, cAt + r * cRow, cRow);
      r += 2;
    }
    if (r < m) {
      rows1(p, pAt + r * SIZE, step, b, bAt, bRow, bStep, k, tiles, c, cAt + r * cRow, cRow);
    }
  }

  private static void rows6(
      MemorySegment p,
      long pAt,
      long step,
      MemorySegment b,
      long bAt,
      long bRow,
      long bStep,
      int k,
      int tiles,
      MemorySegment c,
      long cAt,
      long cRow) {
    p = Lanes.offHeap(p);
    b = Lanes.offHeap(b);
    c = Lanes.offHeap(c);
    long p1 = pAt + step;
    long p2 = pAt + 2 * step;
    long p3 = pAt + 3 * step;
    long p4 = pAt + 4 * step;
    long p5 = pAt + 5 * step;
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
        long pi = (long) i * ROW;
        DoubleVector b0 = DoubleVector.fromMemorySegment(F64, b, bi, ORDER);
        DoubleVector b1 = DoubleVector.fromMemorySegment(F64, b, bi + W, ORDER);
        DoubleVector x0 = DoubleVector.broadcast(F64, p.get(DOUBLE, pAt + pi));
        c00 = x0.fma(b0, c00);
        c01 = x0.fma(b1, c01);
        DoubleVector x1 = DoubleVector.broadcast(F64, p.get(DOUBLE, p1 + pi));
        c10 = x1.fma(b0, c10);
        c11 = x1.fma(b1, c11);
        DoubleVector x2 = DoubleVector.broadcast(F64, p.get(DOUBLE, p2 + pi));
        c20 = x2.fma(b0, c20);
        c21 = x2.fma(b1, c21);
        DoubleVector x3 = DoubleVector.broadcast(F64, p.get(DOUBLE, p3 + pi));
        c30 = x3.fma(b0, c30);
        c31 = x3.fma(b1, c31);
        DoubleVector x4 = DoubleVector.broadcast(F64, p.get(DOUBLE, p4 + pi));
        c40 = x4.fma(b0, c40);
        c41 = x4.fma(b1, c41);
        DoubleVector x5 = DoubleVector.broadcast(F64, p.get(DOUBLE, p5 + pi));
        c50 = x5.fma(b0, c50);
        c51 = x5.fma(b1, c51);
        bi += bRow;
      }
      long at = cAt + t * 2L * W;
      c00.add(DoubleVector.fromMemorySegment(F64, c, at, ORDER)).intoMemorySegment(c, at, ORDER);
      c01.add(DoubleVector.fromMemorySegment(F64, c, at + W, ORDER))
          .intoMemorySegment(c, at + W, ORDER);
      at += cRow;
      c10.add(DoubleVector.fromMemorySegment(F64, c, at, ORDER)).intoMemorySegment(c, at, ORDER);
      c11.add(DoubleVector.fromMemorySegment(F64, c, at + W, ORDER))
          .intoMemorySegment(c, at + W, ORDER);
      at += cRow;
      c20.add(DoubleVector.fromMemorySegment(F64, c, at, ORDER)).intoMemorySegment(c, at, ORDER);
      c21.add(DoubleVector.fromMemorySegment(F64, c, at + W, ORDER))
          .intoMemorySegment(c, at + W, ORDER);
      at += cRow;
      c30.add(DoubleVector.fromMemorySegment(F64, c, at, ORDER)).intoMemorySegment(c, at, ORDER);
      c31.add(DoubleVector.fromMemorySegment(F64, c, at + W, ORDER))
          .intoMemorySegment(c, at + W, ORDER);
      at += cRow;
      c40.add(DoubleVector.fromMemorySegment(F64, c, at, ORDER)).intoMemorySegment(c, at, ORDER);
      c41.add(DoubleVector.fromMemorySegment(F64, c, at + W, ORDER))
          .intoMemorySegment(c, at + W, ORDER);
      at += cRow;
      c50.add(DoubleVector.fromMemorySegment(F64, c, at, ORDER)).intoMemorySegment(c, at, ORDER);
      c51.add(DoubleVector.fromMemorySegment(F64, c, at + W, ORDER))
          .intoMemorySegment(c, at + W, ORDER);
    }
  }

  private static void rows4(
      MemorySegment p,
      long pAt,
      long step,
      MemorySegment b,
      long bAt,
      long bRow,
      long bStep,
      int k,
      int tiles,
      MemorySegment c,
      long cAt,
      long cRow) {
    p = Lanes.offHeap(p);
    b = Lanes.offHeap(b);
    c = Lanes.offHeap(c);
    long p1 = pAt + step;
    long p2 = pAt + 2 * step;
    long p3 = pAt + 3 * step;
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
        long pi = (long) i * ROW;
        DoubleVector b0 = DoubleVector.fromMemorySegment(F64, b, bi, ORDER);
        DoubleVector b1 = DoubleVector.fromMemorySegment(F64, b, bi + W, ORDER);
        DoubleVector x0 = DoubleVector.broadcast(F64, p.get(DOUBLE, pAt + pi));
        c00 = x0.fma(b0, c00);
        c01 = x0.fma(b1, c01);
        DoubleVector x1 = DoubleVector.broadcast(F64, p.get(DOUBLE, p1 + pi));
        c10 = x1.fma(b0, c10);
        c11 = x1.fma(b1, c11);
        DoubleVector x2 = DoubleVector.broadcast(F64, p.get(DOUBLE, p2 + pi));
        c20 = x2.fma(b0, c20);
        c21 = x2.fma(b1, c21);
        DoubleVector x3 = DoubleVector.broadcast(F64, p.get(DOUBLE, p3 + pi));
        c30 = x3.fma(b0, c30);
        c31 = x3.fma(b1, c31);
        bi += bRow;
      }
      long at = cAt + t * 2L * W;
      c00.add(DoubleVector.fromMemorySegment(F64, c, at, ORDER)).intoMemorySegment(c, at, ORDER);
      c01.add(DoubleVector.fromMemorySegment(F64, c, at + W, ORDER))
          .intoMemorySegment(c, at + W, ORDER);
      at += cRow;
      c10.add(DoubleVector.fromMemorySegment(F64, c, at, ORDER)).intoMemorySegment(c, at, ORDER);
      c11.add(DoubleVector.fromMemorySegment(F64, c, at + W, ORDER))
          .intoMemorySegment(c, at + W, ORDER);
      at += cRow;
      c20.add(DoubleVector.fromMemorySegment(F64, c, at, ORDER)).intoMemorySegment(c, at, ORDER);
      c21.add(DoubleVector.fromMemorySegment(F64, c, at + W, ORDER))
          .intoMemorySegment(c, at + W, ORDER);
      at += cRow;
      c30.add(DoubleVector.fromMemorySegment(F64, c, at, ORDER)).intoMemorySegment(c, at, ORDER);
      c31.add(DoubleVector.fromMemorySegment(F64, c, at + W, ORDER))
          .intoMemorySegment(c, at + W, ORDER);
    }
  }

  private static void rows2(
      MemorySegment p,
      long pAt,
      long step,
      MemorySegment b,
      long bAt,
      long bRow,
      long bStep,
      int k,
      int tiles,
      MemorySegment c,
      long cAt,
      long cRow) {
    p = Lanes.offHeap(p);
    b = Lanes.offHeap(b);
    c = Lanes.offHeap(c);
    long p1 = pAt + step;
    for (int t = 0; t < tiles; t++) {
      long bi = bAt + t * bStep;
      DoubleVector c00 = DoubleVector.zero(F64);
      DoubleVector c01 = DoubleVector.zero(F64);
      DoubleVector c10 = DoubleVector.zero(F64);
      DoubleVector c11 = DoubleVector.zero(F64);
      for (int i = 0; i < k; i++) {
        long pi = (long) i * ROW;
        DoubleVector b0 = DoubleVector.fromMemorySegment(F64, b, bi, ORDER);
        DoubleVector b1 = DoubleVector.fromMemorySegment(F64, b, bi + W, ORDER);
        DoubleVector x0 = DoubleVector.broadcast(F64, p.get(DOUBLE, pAt + pi));
        c00 = x0.fma(b0, c00);
        c01 = x0.fma(b1, c01);
        DoubleVector x1 = DoubleVector.broadcast(F64, p.get(DOUBLE, p1 + pi));
        c10 = x1.fma(b0, c10);
        c11 = x1.fma(b1, c11);
        bi += bRow;
      }
      long at = cAt + t * 2L * W;
      c00.add(DoubleVector.fromMemorySegment(F64, c, at, ORDER)).intoMemorySegment(c, at, ORDER);
      c01.add(DoubleVector.fromMemorySegment(F64, c, at + W, ORDER))
          .intoMemorySegment(c, at + W, ORDER);
      at += cRow;
      c10.add(DoubleVector.fromMemorySegment(F64, c, at, ORDER)).intoMemorySegment(c, at, ORDER);
      c11.add(DoubleVector.fromMemorySegment(F64, c, at + W, ORDER))
          .intoMemorySegment(c, at + W, ORDER);
    }
  }

  private static void rows1(
      MemorySegment p,
      long pAt,
      long step,
      MemorySegment b,
      long bAt,
      long bRow,
      long bStep,
      int k,
      int tiles,
      MemorySegment c,
      long cAt,
      long cRow) {
    p = Lanes.offHeap(p);
    b = Lanes.offHeap(b);
    c = Lanes.offHeap(c);
    for (int t = 0; t < tiles; t++) {
      long bi = bAt + t * bStep;
      DoubleVector c00 = DoubleVector.zero(F64);
      DoubleVector c01 = DoubleVector.zero(F64);
      for (int i = 0; i < k; i++) {
        long pi = (long) i * ROW;
        DoubleVector b0 = DoubleVector.fromMemorySegment(F64, b, bi, ORDER);
        DoubleVector b1 = DoubleVector.fromMemorySegment(F64, b, bi + W, ORDER);
        DoubleVector x0 = DoubleVector.broadcast(F64, p.get(DOUBLE, pAt + pi));
        c00 = x0.fma(b0, c00);
        c01 = x0.fma(b1, c01);
        bi += bRow;
      }
      long at = cAt + t * 2L * W;
      c00.add(DoubleVector.fromMemorySegment(F64, c, at, ORDER)).intoMemorySegment(c, at, ORDER);
      c01.add(DoubleVector.fromMemorySegment(F64, c, at + W, ORDER))
          .intoMemorySegment(c, at + W, ORDER);
    }
  }
}
