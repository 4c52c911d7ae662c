package dev.gatun.cpu.simd;

import static dev.gatun.cpu.simd.Affine.BYTES;
import static jdk.incubator.vector.VectorOperators.ADD;
import static jdk.incubator.vector.VectorOperators.B2I;
import static jdk.incubator.vector.VectorOperators.F2I;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.XOR;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/// Steps of a matrix product of bytes, in the tiles of the F32 product.
///
/// Of the instructions that the Vector API has, FMAs of floats multiply bytes fastest (49 G
/// multiply-adds a second on one core of 3.1 GHz with vectors of 256 bits; products in lanes of 16
/// bits 35 G, of which two sums must be kept to be exact). Bytes as signed numbers have products up
/// to 2^14, so a sum of 1024 of them is exact in F32; runs of [#DEPTH] are summed as ints.
///
/// `flip`, 0 or 0x80, is xor-ed to bytes: 0x80 makes an unsigned byte the signed one 128 less.
/// Offsets and strides are in bytes; `s` is work memory.
public final class Int8Panels {
  /// The longest exact run that also keeps six rows in L1.
  public static final int DEPTH = 512;

  /// Columns of a panel: two vectors.
  public static final int COLUMNS = 2 * Lanes.F32.length();

  /// Up to so many rows, reading `b` where it lies is faster than packing it.
  static final int DIRECT_ROWS = 8;

  private static final int LANES = Lanes.F32.length();
  private static final long ROW = COLUMNS * 4L;

  private Int8Panels() {}

  /// `m` rows of `k` bytes as floats, rows `toRow` apart, and the sum of each as an int at `sums`.
  public static void rows(
      MemorySegment a,
      long aAt,
      int m,
      int k,
      int flip,
      MemorySegment s,
      long toAt,
      long toRow,
      long sums) {
    a = Lanes.offHeap(a);
    s = Lanes.offHeap(s);
    int full = Affine.full(k);
    for (int r = 0; r < m; r++) {
      long from = aAt + (long) r * k;
      long to = toAt + r * toRow;
      IntVector sum = IntVector.zero(Lanes.I32);
      for (int i = 0; i < full; i += LANES) {
        IntVector v =
            (IntVector)
                ByteVector.fromMemorySegment(BYTES, a, from + i, Lanes.ORDER)
                    .lanewise(XOR, (byte) flip)
                    .convertShape(B2I, Lanes.I32, 0);
        sum = sum.add(v);
        ((FloatVector) v.convert(I2F, 0)).intoMemorySegment(s, to + i * 4L, Lanes.ORDER);
      }
      int total = sum.reduceLanes(ADD);
      for (int i = full; i < k; i++) {
        int v = (byte) (a.get(Element.BYTE, from + i) ^ flip);
        total += v;
        s.set(Lanes.FLOAT, to + i * 4L, v);
      }
      s.set(Element.INT, sums + r * 4L, total);
    }
  }

  /// Panels of [#COLUMNS] columns of `k` rows by `n` columns of `b`, filled up with zeros; the sums
  /// of columns are added to the ints at `sums`, of which there are as many as columns of panels.
  public static void panels(
      MemorySegment b,
      long bAt,
      long bRow,
      int k,
      int n,
      int flip,
      MemorySegment s,
      long toAt,
      long sums) {
    for (int j = 0; j < n; j += COLUMNS) {
      long to = toAt + j / COLUMNS * (k * ROW);
      int done = 0;
      if (n - j >= COLUMNS) {
        // Vectors of 8 bytes for 4 lanes may read beyond the end of the last row.
        long end = bAt + (k - 1) * bRow + j + LANES + BYTES.length();
        done = end <= b.byteSize() ? k : k - 1;
        panel(b, bAt + j, bRow, done, flip, s, to, sums + j * 4L);
      }
      int rest = Math.min(COLUMNS, n - j);
      edge(b, bAt + j + done * bRow, bRow, k - done, rest, flip, s, to + done * ROW, sums + j * 4L);
    }
  }

  private static void panel(
      MemorySegment b, long bAt, long bRow, int k, int flip, MemorySegment s, long to, long sums) {
    b = Lanes.offHeap(b);
    s = Lanes.offHeap(s);
    IntVector sum0 = IntVector.fromMemorySegment(Lanes.I32, s, sums, Lanes.ORDER);
    IntVector sum1 = IntVector.fromMemorySegment(Lanes.I32, s, sums + ROW / 2, Lanes.ORDER);
    for (int i = 0; i < k; i++) {
      long from = bAt + i * bRow;
      long at = to + i * ROW;
      IntVector v0 =
          (IntVector)
              ByteVector.fromMemorySegment(BYTES, b, from, Lanes.ORDER)
                  .lanewise(XOR, (byte) flip)
                  .convertShape(B2I, Lanes.I32, 0);
      IntVector v1 =
          (IntVector)
              ByteVector.fromMemorySegment(BYTES, b, from + LANES, Lanes.ORDER)
                  .lanewise(XOR, (byte) flip)
                  .convertShape(B2I, Lanes.I32, 0);
      sum0 = sum0.add(v0);
      sum1 = sum1.add(v1);
      ((FloatVector) v0.convert(I2F, 0)).intoMemorySegment(s, at, Lanes.ORDER);
      ((FloatVector) v1.convert(I2F, 0)).intoMemorySegment(s, at + ROW / 2, Lanes.ORDER);
    }
    sum0.intoMemorySegment(s, sums, Lanes.ORDER);
    sum1.intoMemorySegment(s, sums + ROW / 2, Lanes.ORDER);
  }

  private static void edge(
      MemorySegment b,
      long bAt,
      long bRow,
      int k,
      int n,
      int flip,
      MemorySegment s,
      long to,
      long sums) {
    b = Lanes.offHeap(b);
    s = Lanes.offHeap(s);
    for (int i = 0; i < k; i++) {
      long at = to + i * ROW;
      for (int j = 0; j < n; j++) {
        int v = (byte) (b.get(Element.BYTE, bAt + i * bRow + j) ^ flip);
        s.set(Lanes.FLOAT, at + j * 4L, v);
        s.set(Element.INT, sums + j * 4L, s.get(Element.INT, sums + j * 4L) + v);
      }
      for (int j = n; j < COLUMNS; j++) {
        s.set(Lanes.FLOAT, at + j * 4L, 0);
      }
    }
  }

  /// Rows of the next strip where `rest` are left.
  public static int height(int rest, boolean direct) {
    return direct ? rest >= 4 ? 4 : rest >= 2 ? 2 : rest : Gemm.height(rest);
  }

  /// Whether `m` rows are so few that `b` is best read where it lies; not with vectors of 4 lanes,
  /// whose bytes are no vector.
  public static boolean isDirect(long m) {
    return m <= DIRECT_ROWS && BYTES.length() == LANES;
  }

  /// `height` rows times `panels` panels of `k` rows: floats at `c`, exact. At `zeros` lie as many
  /// bytes of zeros as a panel is wide.
  public static void strip(
      int height,
      MemorySegment s,
      long a,
      long aRow,
      long b,
      int k,
      int panels,
      long zeros,
      long c,
      long cRow) {
    long step = k * ROW;
    switch (height) {
      case 6 ->
          GemmTileF32.rows6(s, a, aRow, s, b, ROW, step, k, panels, s, zeros, 0, 0, s, c, cRow);
      case 4 ->
          GemmTileF32.rows4(s, a, aRow, s, b, ROW, step, k, panels, s, zeros, 0, 0, s, c, cRow);
      case 2 ->
          GemmTileF32.rows2(s, a, aRow, s, b, ROW, step, k, panels, s, zeros, 0, 0, s, c, cRow);
      default ->
          GemmTileF32.rows1(s, a, aRow, s, b, ROW, step, k, panels, s, zeros, 0, 0, s, c, cRow);
    }
  }

  /// Adds `n` floats, all whole, to ints; `n` a multiple of [#COLUMNS].
  public static void accumulate(MemorySegment s, long f, long sum, int n) {
    s = Lanes.offHeap(s);
    for (int i = 0; i < n; i += LANES) {
      FloatVector v = FloatVector.fromMemorySegment(Lanes.F32, s, f + i * 4L, Lanes.ORDER);
      IntVector.fromMemorySegment(Lanes.I32, s, sum + i * 4L, Lanes.ORDER)
          .add(v.convert(F2I, 0))
          .intoMemorySegment(s, sum + i * 4L, Lanes.ORDER);
    }
  }

  /// `height` rows of floats times `panels * COLUMNS` columns of `b` where they lie, as [#strip]
  /// but for `height` 4, 2 or 1; the sums of columns are added to the ints at `sums`.
  public static void direct(
      int height,
      MemorySegment s,
      long a,
      long aRow,
      MemorySegment b,
      long bAt,
      long bRow,
      int k,
      int panels,
      int flip,
      long sums,
      long c,
      long cRow) {
    switch (height) {
      case 4 -> Int8Tile.rows4(s, a, aRow, b, bAt, bRow, k, panels, flip, sums, c, cRow);
      case 2 -> Int8Tile.rows2(s, a, aRow, b, bAt, bRow, k, panels, flip, sums, c, cRow);
      default -> Int8Tile.rows1(s, a, b, bAt, bRow, k, panels, flip, sums, c);
    }
  }

  /// `y = f + v + left * sums + right * zeros` for `n` elements, `f` floats and all else ints: a
  /// row of products of shifted bytes made that of the bytes less their zero points.
  @SuppressWarnings("TooManyParameters")
  public static void integers(
      MemorySegment s,
      long f,
      long v,
      long sums,
      int left,
      long zeros,
      int right,
      MemorySegment y,
      long yo,
      int n) {
    s = Lanes.offHeap(s);
    y = Lanes.offHeap(y);
    int full = Lanes.I32.loopBound(n);
    for (int i = 0; i < full; i += LANES) {
      long at = i * 4L;
      FloatVector w = FloatVector.fromMemorySegment(Lanes.F32, s, f + at, Lanes.ORDER);
      ((IntVector) w.convert(F2I, 0))
          .add(IntVector.fromMemorySegment(Lanes.I32, s, v + at, Lanes.ORDER))
          .add(IntVector.fromMemorySegment(Lanes.I32, s, sums + at, Lanes.ORDER).mul(left))
          .add(IntVector.fromMemorySegment(Lanes.I32, s, zeros + at, Lanes.ORDER).mul(right))
          .intoMemorySegment(y, yo + at, Lanes.ORDER);
    }
    for (int i = full; i < n; i++) {
      y.set(Element.INT, yo + i * 4L, integer(s, i * 4L, f, v, sums, left, zeros, right));
    }
  }

  private static int integer(
      MemorySegment s, long at, long f, long v, long sums, int left, long zeros, int right) {
    return (int) s.get(Lanes.FLOAT, f + at)
        + s.get(Element.INT, v + at)
        + s.get(Element.INT, sums + at) * left
        + s.get(Element.INT, zeros + at) * right;
  }

  /// `y = (f + v + left * sums + right * zeros) (scale * scales) + bias`: [#integers], then each
  /// operation rounded to F32.
  @SuppressWarnings("TooManyParameters")
  public static void floats(
      MemorySegment s,
      long f,
      long v,
      long sums,
      int left,
      long zeros,
      int right,
      float scale,
      long scales,
      long bias,
      MemorySegment y,
      long yo,
      int n) {
    s = Lanes.offHeap(s);
    y = Lanes.offHeap(y);
    int full = Lanes.I32.loopBound(n);
    for (int i = 0; i < full; i += LANES) {
      long at = i * 4L;
      FloatVector w = FloatVector.fromMemorySegment(Lanes.F32, s, f + at, Lanes.ORDER);
      IntVector sum =
          ((IntVector) w.convert(F2I, 0))
              .add(IntVector.fromMemorySegment(Lanes.I32, s, v + at, Lanes.ORDER))
              .add(IntVector.fromMemorySegment(Lanes.I32, s, sums + at, Lanes.ORDER).mul(left))
              .add(IntVector.fromMemorySegment(Lanes.I32, s, zeros + at, Lanes.ORDER).mul(right));
      FloatVector each =
          FloatVector.fromMemorySegment(Lanes.F32, s, scales + at, Lanes.ORDER).mul(scale);
      ((FloatVector) sum.convert(I2F, 0))
          .mul(each)
          .add(FloatVector.fromMemorySegment(Lanes.F32, s, bias + at, Lanes.ORDER))
          .intoMemorySegment(y, yo + at, Lanes.ORDER);
    }
    for (int i = full; i < n; i++) {
      float each = s.get(Lanes.FLOAT, scales + i * 4L) * scale;
      float sum = (float) integer(s, i * 4L, f, v, sums, left, zeros, right) * each;
      y.set(Lanes.FLOAT, yo + i * 4L, sum + s.get(Lanes.FLOAT, bias + i * 4L));
    }
  }
}
