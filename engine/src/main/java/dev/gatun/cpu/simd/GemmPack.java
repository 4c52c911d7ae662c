package dev.gatun.cpu.simd;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;

/// Copies blocks of matrix operands into the order in which the tiles read them. Offsets and
/// strides are in bytes; elements move as bits, so NaN payloads survive.
final class GemmPack {
  private static final ValueLayout.OfShort I16 = ValueLayout.JAVA_SHORT_UNALIGNED;
  private static final ValueLayout.OfInt I32 = ValueLayout.JAVA_INT_UNALIGNED;
  private static final ValueLayout.OfLong I64 = ValueLayout.JAVA_LONG_UNALIGNED;
  private static final int W = Lanes.SHAPE.vectorBitSize() / 8;

  private GemmPack() {}

  /// Packs `k` rows and `n` columns of `b` into panels of two vectors of columns: panel by panel,
  /// row by row, so that the writes are sequential. Columns that fill up the last panel are zero.
  static void panels(
      int type,
      MemorySegment b,
      long bAt,
      long bRow,
      long bCol,
      int k,
      int n,
      MemorySegment to,
      long toAt) {
    int wide = Gemm.wide(type);
    int columns = 2 * W / wide;
    long panel = (long) k * 2 * W;
    for (int j = 0; j < n; j += columns) {
      long from = bAt + j * bCol;
      long at = toAt + j / columns * panel;
      int rest = Math.min(columns, n - j);
      if (rest == columns && type != GemmPlan.BF16 && bCol == wide) {
        copyPanel(b, from, bRow, k, to, at);
      } else if (rest == columns && type == GemmPlan.BF16 && bCol == 2) {
        widenPanel(b, from, bRow, k, to, at);
      } else {
        if (rest < columns) {
          zero(to, at, (int) panel);
        }
        for (int r = 0; r < rest; r++) {
          column(type, b, from + r * bCol, bRow, k, to, at + (long) r * wide);
        }
      }
    }
  }

  private static void copyPanel(
      MemorySegment b, long bAt, long bRow, int k, MemorySegment to, long toAt) {
    b = Lanes.offHeap(b);
    to = Lanes.offHeap(to);
    for (int i = 0; i < k; i++) {
      long from = bAt + i * bRow;
      long at = toAt + (long) i * 2 * W;
      IntVector lo = IntVector.fromMemorySegment(Lanes.I32, b, from, Lanes.ORDER);
      IntVector hi = IntVector.fromMemorySegment(Lanes.I32, b, from + W, Lanes.ORDER);
      lo.intoMemorySegment(to, at, Lanes.ORDER);
      hi.intoMemorySegment(to, at + W, Lanes.ORDER);
    }
  }

  private static void widenPanel(
      MemorySegment b, long bAt, long bRow, int k, MemorySegment to, long toAt) {
    b = Lanes.offHeap(b);
    to = Lanes.offHeap(to);
    for (int i = 0; i < k; i++) {
      long from = bAt + i * bRow;
      long at = toAt + (long) i * 2 * W;
      widen(b, from).intoMemorySegment(to, at, Lanes.ORDER);
      widen(b, from + W / 2).intoMemorySegment(to, at + W, Lanes.ORDER);
    }
  }

  /// One vector of BF16 values as floats.
  static FloatVector widen(MemorySegment b, long at) {
    return ((IntVector)
            ShortVector.fromMemorySegment(Lanes.S16_HALF, b, at, Lanes.ORDER)
                .convertShape(VectorOperators.ZERO_EXTEND_S2I, Lanes.I32, 0))
        .lanewise(VectorOperators.LSHL, 16)
        .reinterpretAsFloats();
  }

  private static void column(
      int type, MemorySegment b, long bAt, long bRow, int k, MemorySegment to, long toAt) {
    b = Lanes.offHeap(b);
    to = Lanes.offHeap(to);
    if (type == GemmPlan.F64) {
      for (int i = 0; i < k; i++) {
        to.set(I64, toAt + (long) i * 2 * W, b.get(I64, bAt + i * bRow));
      }
    } else if (type == GemmPlan.F32) {
      for (int i = 0; i < k; i++) {
        to.set(I32, toAt + (long) i * 2 * W, b.get(I32, bAt + i * bRow));
      }
    } else {
      for (int i = 0; i < k; i++) {
        to.set(I32, toAt + (long) i * 2 * W, b.get(I16, bAt + i * bRow) << 16);
      }
    }
  }

  /// Packs `m` rows and `k` columns of `a` into contiguous rows `toRow` apart.
  static void rows(
      int type,
      MemorySegment a,
      long aAt,
      long aRow,
      long aCol,
      int m,
      int k,
      MemorySegment to,
      long toAt,
      long toRow) {
    a = Lanes.offHeap(a);
    to = Lanes.offHeap(to);
    int wide = Gemm.wide(type);
    for (int i = 0; i < m; i++) {
      long from = aAt + i * aRow;
      long at = toAt + i * toRow;
      if (aCol == wide) {
        copyRow(a, from, k * wide, to, at);
      } else if (wide == 8) {
        for (int j = 0; j < k; j++) {
          to.set(I64, at + (long) j * 8, a.get(I64, from + j * aCol));
        }
      } else {
        for (int j = 0; j < k; j++) {
          to.set(I32, at + (long) j * 4, a.get(I32, from + j * aCol));
        }
      }
    }
  }

  private static void copyRow(MemorySegment a, long aAt, int bytes, MemorySegment to, long toAt) {
    a = Lanes.offHeap(a);
    to = Lanes.offHeap(to);
    int full = bytes - bytes % W;
    for (int j = 0; j < full; j += W) {
      IntVector.fromMemorySegment(Lanes.I32, a, aAt + j, Lanes.ORDER)
          .intoMemorySegment(to, toAt + j, Lanes.ORDER);
    }
    for (int j = full; j < bytes; j += 4) {
      to.set(I32, toAt + j, a.get(I32, aAt + j));
    }
  }

  /// Copies `m` rows of `bytes` bytes each, a multiple of 4.
  static void copy(
      MemorySegment from,
      long fromAt,
      long fromRow,
      int m,
      int bytes,
      MemorySegment to,
      long toAt,
      long toRow) {
    from = Lanes.offHeap(from);
    to = Lanes.offHeap(to);
    for (int i = 0; i < m; i++) {
      for (int j = 0; j < bytes; j += 4) {
        to.set(I32, toAt + i * toRow + j, from.get(I32, fromAt + i * fromRow + j));
      }
    }
  }

  /// Zeroes `bytes` bytes, a multiple of 8.
  static void zero(MemorySegment to, long at, int bytes) {
    to = Lanes.offHeap(to);
    for (int i = 0; i < bytes; i += 8) {
      to.set(I64, at + i, 0L);
    }
  }
}
