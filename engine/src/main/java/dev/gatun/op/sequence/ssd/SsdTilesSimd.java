package dev.gatun.op.sequence.ssd;

import static dev.gatun.op.sequence.ssd.SsdWork.TILE;
import static dev.gatun.op.sequence.ssd.SsdWork.WIDE;

import dev.gatun.cpu.simd.AttentionTile;
import dev.gatun.cpu.simd.DecayTile;
import dev.gatun.cpu.simd.Lanes;
import dev.gatun.tensor.DType;
import java.lang.foreign.MemorySegment;

/// Panels and products of one chunk of an [Ssd], in work memory `w`.
final class SsdTilesSimd {
  /// Rows of a triangle that are computed as if it ended below them: two tiles of registers.
  private static final int STRIP = 12;

  private SsdTilesSimd() {}

  static DecayTile of(DType t) {
    return t == DType.F32 ? DecayTile.f32() : DecayTile.f64();
  }

  /// Columns to compute where `columns` are wanted.
  static int wide(DecayTile s, int columns) {
    int panel = s.products().panel();
    return Math.min(WIDE, (columns + panel - 1) / panel * panel);
  }

  static long rowBytes(DecayTile s) {
    return (long) WIDE * s.size();
  }

  static void clear(DecayTile s, MemorySegment w, long at, int rows) {
    Lanes.clear(w, at, rows * rowBytes(s));
  }

  /// Reads `rows` rows of `width` elements, `row` bytes apart, as panels `gap` bytes apart.
  static boolean load(
      DecayTile s,
      MemorySegment x,
      long at,
      long row,
      int rows,
      long width,
      MemorySegment w,
      long to,
      long gap) {
    boolean fine = true;
    for (int k = 0; (long) k * WIDE < width; k++) {
      int columns = SsdWork.columns(width, k);
      fine &= s.read(x, at + k * rowBytes(s), row, rows, columns, w, to + k * gap);
    }
    return fine;
  }

  /// Writes panels.
  static void store(
      DecayTile s,
      MemorySegment w,
      long from,
      long gap,
      int rows,
      long width,
      MemorySegment y,
      long at,
      long row) {
    for (int k = 0; (long) k * WIDE < width; k++) {
      int columns = SsdWork.columns(width, k);
      s.write(w, from + k * gap, rows, columns, y, at + k * rowBytes(s), row);
    }
  }

  /// Adds panels to rows in memory.
  static void add(
      DecayTile s,
      MemorySegment w,
      long from,
      long gap,
      int rows,
      long width,
      MemorySegment y,
      long at,
      long row) {
    for (int k = 0; (long) k * WIDE < width; k++) {
      int columns = SsdWork.columns(width, k);
      for (int i = 0; i < rows; i++) {
        long x = from + k * gap + i * rowBytes(s);
        s.sum(w, x, columns, y, at + k * rowBytes(s) + i * row);
      }
    }
  }

  /// Transposes each of the tiles that `width` columns take.
  static void transpose(
      DecayTile s, MemorySegment w, long x, long gap, int rows, long width, long y) {
    for (int k = 0; (long) k * WIDE < width; k++) {
      s.transpose(w, x + k * gap, rows, SsdWork.columns(width, k), y + k * gap);
    }
  }

  /// `g = c b^T` on and below the diagonal; panels of `c` and `turned` ones of `b`.
  static void square(
      DecayTile s, MemorySegment w, long c, long turned, long gap, int q, long width, long g) {
    AttentionTile p = s.products();
    long row = rowBytes(s);
    clear(s, w, g, q);
    for (int i = 0; i < q; i += STRIP) {
      int m = Math.min(STRIP, q - i);
      int wide = wide(s, i + m);
      for (int k = 0; (long) k * WIDE < width; k++) {
        long a = c + k * gap + i * row;
        int n = SsdWork.columns(width, k);
        p.addRows(w, a, m, w, turned + k * gap, row, n, wide, w, g + i * row, row);
      }
    }
  }

  /// `y += m b` for a lower triangle `m`.
  static void lower(DecayTile s, MemorySegment w, long m, long b, int q, int wide, long y) {
    AttentionTile p = s.products();
    long row = rowBytes(s);
    for (int i = 0; i < q; i += STRIP) {
      int n = Math.min(STRIP, q - i);
      p.addRows(w, m + i * row, n, w, b, row, i + n, wide, w, y + i * row, row);
    }
  }

  /// `y += m^T b` for a lower triangle `m`.
  static void upper(DecayTile s, MemorySegment w, long m, long b, int q, int wide, long y) {
    AttentionTile p = s.products();
    long row = rowBytes(s);
    for (int i = 0; i < q; i += STRIP) {
      int n = Math.min(STRIP, q - i);
      long at = m + i * (row + s.size());
      p.addColumns(w, at, n, w, b + i * row, row, q - i, wide, w, y + i * row, row);
    }
  }

  /// `y += x h` for panels of `x`, `width` columns of them, and as many rows of a panel of `h`.
  static void byState(
      DecayTile s, MemorySegment w, long x, long gap, int q, long width, long h, int wide, long y) {
    long row = rowBytes(s);
    for (int k = 0; (long) k * WIDE < width; k++) {
      int n = SsdWork.columns(width, k);
      s.products().addRows(w, x + k * gap, q, w, h + k * WIDE * row, row, n, wide, w, y, row);
    }
  }

  /// `h += x^T b` for panels of `x`, whose columns are the rows of a panel of `h`.
  static void toState(
      DecayTile s, MemorySegment w, long x, long gap, int q, long width, long b, int wide, long h) {
    long row = rowBytes(s);
    for (int k = 0; (long) k * WIDE < width; k++) {
      int n = SsdWork.columns(width, k);
      s.products().addColumns(w, x + k * gap, n, w, b, row, q, wide, w, h + k * WIDE * row, row);
    }
  }

  /// Bytes from a panel of a state to the next, whose rows are padded to panels.
  static long stateGap(DecayTile s, long panelsOfRows) {
    return panelsOfRows * WIDE * rowBytes(s);
  }

  /// Bytes between tiles.
  static long gap(long[] r) {
    return r[TILE];
  }
}
