package dev.gatun.cpu.simd;

import static dev.gatun.cpu.simd.Affine.BYTES;
import static dev.gatun.cpu.simd.Lanes.F32;
import static dev.gatun.cpu.simd.Lanes.ORDER;
import static jdk.incubator.vector.VectorOperators.B2I;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.XOR;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/// Register tiles of products of few rows by bytes that are read where they lie: `c[r, 0..2L) =
/// sum_i a[r, i] * b[i, 0..2L)` for 4, 2 or 1 rows `r` and two vectors of `L` lanes, and the same
/// for the `tiles` to the right; the sums of columns of `b` are added to the ints at `sums`. `c`
/// and `sums` lie in the segment of `a`. Offsets and strides are in bytes.
///
/// Bytes become floats in the loop: on the ports that FMAs leave free that costs less than packing
/// for up to [Int8Panels#DIRECT_ROWS] rows. The shape of the loop is that of [GemmTileF32].
final class Int8Tile {
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT;
  private static final int W = F32.vectorByteSize();
  private static final int LANES = F32.length();

  private Int8Tile() {}

  static void rows4(
      MemorySegment a,
      long aAt,
      long aRow,
      MemorySegment b,
      long bAt,
      long bRow,
      int k,
      int tiles,
      int flip,
      long sums,
      long cAt,
      long cRow) {
    a = Lanes.offHeap(a);
    b = Lanes.offHeap(b);
    long a1 = aAt + aRow;
    long a2 = aAt + 2 * aRow;
    long a3 = aAt + 3 * aRow;
    for (int t = 0; t < tiles; t++) {
      long bi = bAt + t * 2L * LANES;
      FloatVector c00 = FloatVector.zero(F32);
      FloatVector c01 = FloatVector.zero(F32);
      FloatVector c10 = FloatVector.zero(F32);
      FloatVector c11 = FloatVector.zero(F32);
      FloatVector c20 = FloatVector.zero(F32);
      FloatVector c21 = FloatVector.zero(F32);
      FloatVector c30 = FloatVector.zero(F32);
      FloatVector c31 = FloatVector.zero(F32);
      IntVector sum0 = IntVector.zero(Lanes.I32);
      IntVector sum1 = IntVector.zero(Lanes.I32);
      for (int i = 0; i < k; i++) {
        long ai = (long) i * 4;
        IntVector v0 =
            (IntVector)
                ByteVector.fromMemorySegment(BYTES, b, bi, ORDER)
                    .lanewise(XOR, (byte) flip)
                    .convertShape(B2I, Lanes.I32, 0);
        sum0 = sum0.add(v0);
        FloatVector b0 = (FloatVector) v0.convert(I2F, 0);
        IntVector v1 =
            (IntVector)
                ByteVector.fromMemorySegment(BYTES, b, bi + LANES, ORDER)
                    .lanewise(XOR, (byte) flip)
                    .convertShape(B2I, Lanes.I32, 0);
        sum1 = sum1.add(v1);
        FloatVector b1 = (FloatVector) v1.convert(I2F, 0);
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
      long sum = sums + t * 2L * W;
      c00.intoMemorySegment(a, at, ORDER);
      c01.intoMemorySegment(a, at + W, ORDER);
      at += cRow;
      c10.intoMemorySegment(a, at, ORDER);
      c11.intoMemorySegment(a, at + W, ORDER);
      at += cRow;
      c20.intoMemorySegment(a, at, ORDER);
      c21.intoMemorySegment(a, at + W, ORDER);
      at += cRow;
      c30.intoMemorySegment(a, at, ORDER);
      c31.intoMemorySegment(a, at + W, ORDER);
      IntVector.fromMemorySegment(Lanes.I32, a, sum, ORDER)
          .add(sum0)
          .intoMemorySegment(a, sum, ORDER);
      IntVector.fromMemorySegment(Lanes.I32, a, sum + W, ORDER)
          .add(sum1)
          .intoMemorySegment(a, sum + W, ORDER);
    }
  }

  static void rows2(
      MemorySegment a,
      long aAt,
      long aRow,
      MemorySegment b,
      long bAt,
      long bRow,
      int k,
      int tiles,
      int flip,
      long sums,
      long cAt,
      long cRow) {
    a = Lanes.offHeap(a);
    b = Lanes.offHeap(b);
    long a1 = aAt + aRow;
    for (int t = 0; t < tiles; t++) {
      long bi = bAt + t * 2L * LANES;
      FloatVector c00 = FloatVector.zero(F32);
      FloatVector c01 = FloatVector.zero(F32);
      FloatVector c10 = FloatVector.zero(F32);
      FloatVector c11 = FloatVector.zero(F32);
      IntVector sum0 = IntVector.zero(Lanes.I32);
      IntVector sum1 = IntVector.zero(Lanes.I32);
      for (int i = 0; i < k; i++) {
        long ai = (long) i * 4;
        IntVector v0 =
            (IntVector)
                ByteVector.fromMemorySegment(BYTES, b, bi, ORDER)
                    .lanewise(XOR, (byte) flip)
                    .convertShape(B2I, Lanes.I32, 0);
        sum0 = sum0.add(v0);
        FloatVector b0 = (FloatVector) v0.convert(I2F, 0);
        IntVector v1 =
            (IntVector)
                ByteVector.fromMemorySegment(BYTES, b, bi + LANES, ORDER)
                    .lanewise(XOR, (byte) flip)
                    .convertShape(B2I, Lanes.I32, 0);
        sum1 = sum1.add(v1);
        FloatVector b1 = (FloatVector) v1.convert(I2F, 0);
        FloatVector x0 = FloatVector.broadcast(F32, a.get(FLOAT, aAt + ai));
        c00 = x0.fma(b0, c00);
        c01 = x0.fma(b1, c01);
        FloatVector x1 = FloatVector.broadcast(F32, a.get(FLOAT, a1 + ai));
        c10 = x1.fma(b0, c10);
        c11 = x1.fma(b1, c11);
        bi += bRow;
      }
      long at = cAt + t * 2L * W;
      long sum = sums + t * 2L * W;
      c00.intoMemorySegment(a, at, ORDER);
      c01.intoMemorySegment(a, at + W, ORDER);
      at += cRow;
      c10.intoMemorySegment(a, at, ORDER);
      c11.intoMemorySegment(a, at + W, ORDER);
      IntVector.fromMemorySegment(Lanes.I32, a, sum, ORDER)
          .add(sum0)
          .intoMemorySegment(a, sum, ORDER);
      IntVector.fromMemorySegment(Lanes.I32, a, sum + W, ORDER)
          .add(sum1)
          .intoMemorySegment(a, sum + W, ORDER);
    }
  }

  static void rows1(
      MemorySegment a,
      long aAt,
      MemorySegment b,
      long bAt,
      long bRow,
      int k,
      int tiles,
      int flip,
      long sums,
      long cAt) {
    int pairs = tiles / 2;
    row(a, aAt, b, bAt, bRow, k, pairs, flip, sums, cAt);
    if (tiles % 2 > 0) {
      long at = pairs * 4L * W;
      rows2(a, aAt, 0, b, bAt + pairs * 4L * LANES, bRow, k, 1, flip, sums + at, cAt + at, 0);
    }
  }

  /// One row by four vectors: two would wait for each other.
  private static void row(
      MemorySegment a,
      long aAt,
      MemorySegment b,
      long bAt,
      long bRow,
      int k,
      int pairs,
      int flip,
      long sums,
      long cAt) {
    a = Lanes.offHeap(a);
    b = Lanes.offHeap(b);
    for (int t = 0; t < pairs; t++) {
      long bi = bAt + t * 4L * LANES;
      FloatVector c0 = FloatVector.zero(F32);
      IntVector sum0 = IntVector.zero(Lanes.I32);
      FloatVector c1 = FloatVector.zero(F32);
      IntVector sum1 = IntVector.zero(Lanes.I32);
      FloatVector c2 = FloatVector.zero(F32);
      IntVector sum2 = IntVector.zero(Lanes.I32);
      FloatVector c3 = FloatVector.zero(F32);
      IntVector sum3 = IntVector.zero(Lanes.I32);
      for (int i = 0; i < k; i++) {
        FloatVector x = FloatVector.broadcast(F32, a.get(FLOAT, aAt + (long) i * 4));
        IntVector v0 =
            (IntVector)
                ByteVector.fromMemorySegment(BYTES, b, bi, ORDER)
                    .lanewise(XOR, (byte) flip)
                    .convertShape(B2I, Lanes.I32, 0);
        sum0 = sum0.add(v0);
        c0 = x.fma((FloatVector) v0.convert(I2F, 0), c0);
        IntVector v1 =
            (IntVector)
                ByteVector.fromMemorySegment(BYTES, b, bi + LANES, ORDER)
                    .lanewise(XOR, (byte) flip)
                    .convertShape(B2I, Lanes.I32, 0);
        sum1 = sum1.add(v1);
        c1 = x.fma((FloatVector) v1.convert(I2F, 0), c1);
        IntVector v2 =
            (IntVector)
                ByteVector.fromMemorySegment(BYTES, b, bi + 2 * LANES, ORDER)
                    .lanewise(XOR, (byte) flip)
                    .convertShape(B2I, Lanes.I32, 0);
        sum2 = sum2.add(v2);
        c2 = x.fma((FloatVector) v2.convert(I2F, 0), c2);
        IntVector v3 =
            (IntVector)
                ByteVector.fromMemorySegment(BYTES, b, bi + 3 * LANES, ORDER)
                    .lanewise(XOR, (byte) flip)
                    .convertShape(B2I, Lanes.I32, 0);
        sum3 = sum3.add(v3);
        c3 = x.fma((FloatVector) v3.convert(I2F, 0), c3);
        bi += bRow;
      }
      long at = t * 4L * W;
      c0.intoMemorySegment(a, cAt + at, ORDER);
      IntVector.fromMemorySegment(Lanes.I32, a, sums + at, ORDER)
          .add(sum0)
          .intoMemorySegment(a, sums + at, ORDER);
      c1.intoMemorySegment(a, cAt + at + W, ORDER);
      IntVector.fromMemorySegment(Lanes.I32, a, sums + at + W, ORDER)
          .add(sum1)
          .intoMemorySegment(a, sums + at + W, ORDER);
      c2.intoMemorySegment(a, cAt + at + 2 * W, ORDER);
      IntVector.fromMemorySegment(Lanes.I32, a, sums + at + 2 * W, ORDER)
          .add(sum2)
          .intoMemorySegment(a, sums + at + 2 * W, ORDER);
      c3.intoMemorySegment(a, cAt + at + 3 * W, ORDER);
      IntVector.fromMemorySegment(Lanes.I32, a, sums + at + 3 * W, ORDER)
          .add(sum3)
          .intoMemorySegment(a, sums + at + 3 * W, ORDER);
    }
  }
}
