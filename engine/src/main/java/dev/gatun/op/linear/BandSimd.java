package dev.gatun.op.linear;

import dev.gatun.cpu.simd.Lanes;
import dev.gatun.op.Call;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Some rows of one plane of an image, padded, in work memory: what windows over one channel read.
/// Columns that are a stride apart lie beside each other, so that every tap of a row of outputs is
/// contiguous, whatever the stride. A table holds where each tap starts.
final class BandSimd {
  // Registers below those of the grid: rows and columns of outputs of a band, how many there are
  // along a plane, elements from one column of a phase to the next phase and from one row of the
  // image to the next, byte offsets in a worker's scratch, its size.
  static final int ROWS = 0;
  static final int COLUMNS = 1;
  static final int BANDS = 2;
  static final int PIECES = 3;
  private static final int PITCH = 4;
  private static final int LINE = 5;
  static final int BAND = 6;
  static final int SECOND = 7;
  static final int ROW = 8;
  static final int BYTES = 9;

  /// For an op: the input with its bias or -1, its activation, what padding counts as.
  static final int FIRST = 10;

  /// Elements beyond a row that a last vector may touch.
  static final int SLACK = 16;

  private static final int MOST_COLUMNS = 2048;

  /// Elements of a band: in F32, half of a common L1.
  private static final int MOST = 4096;

  private static final int LEAST_ROWS = 4;

  private BandSimd() {}

  /// Plans bands for elements of `wide` bytes, with a second band beside each if `two`.
  static void plan(long[] r, int wide, boolean two) {
    int reachH = (Grid.kernelH(r) - 1) * Grid.dilationH(r);
    int reachW = (Grid.kernelW(r) - 1) * Grid.dilationW(r);
    r[COLUMNS] = Math.min(Grid.outW(r), MOST_COLUMNS);
    long width = (r[COLUMNS] - 1) * Grid.strideW(r) + reachW + 1;
    r[PITCH] = (width + Grid.strideW(r) - 1) / Grid.strideW(r) + SLACK;
    r[LINE] = r[PITCH] * Grid.strideW(r);
    long rows = (MOST / r[LINE] - reachH) / Grid.strideH(r);
    long least = LEAST_ROWS * (long) (reachH + 1) / Grid.strideH(r);
    r[ROWS] = Math.clamp(Math.max(rows, least), 1, Grid.outH(r));
    r[BANDS] = (Grid.outH(r) + r[ROWS] - 1) / r[ROWS];
    r[PIECES] = (Grid.outW(r) + r[COLUMNS] - 1) / r[COLUMNS];
    long band = (bandRows(r, r[ROWS]) * r[LINE] * wide + SLACK * wide + 63) & -64;
    r[BAND] = ((long) Grid.taps(r) * 8 + 63) & -64;
    r[SECOND] = r[BAND] + (two ? band : 0);
    r[ROW] = r[SECOND] + band;
    r[BYTES] = r[ROW] + ((r[COLUMNS] + 2 * SLACK) * wide + 63 & -64);
  }

  /// Rows of the image under `rows` rows of outputs.
  static long bandRows(long[] r, long rows) {
    return (rows - 1) * Grid.strideH(r) + (Grid.kernelH(r) - 1) * Grid.dilationH(r) + 1;
  }

  /// Writes the table of taps, byte offsets from the first element that a row of outputs sees.
  static void table(long[] r, int wide, MemorySegment scratch, long mine) {
    int stride = Grid.strideW(r);
    long at = mine;
    for (int kh = 0; kh < Grid.kernelH(r); kh++) {
      for (int kw = 0; kw < Grid.kernelW(r); kw++) {
        int column = kw * Grid.dilationW(r);
        long tap = kh * Grid.dilationH(r) * r[LINE] + column % stride * r[PITCH] + column / stride;
        scratch.set(ValueLayout.JAVA_LONG_UNALIGNED, at, tap * wide);
        at += 8;
      }
    }
  }

  /// Bytes from one row of outputs to the next.
  static long step(long[] r, int wide) {
    return r[LINE] * Grid.strideH(r) * wide;
  }

  /// Copies what the outputs from row `oh` and column `ow` on see, with `padding` around the image.
  static void pack(
      Call c,
      MemorySegment x,
      long plane,
      long oh,
      long rows,
      long ow,
      long columns,
      double padding,
      long at) {
    long[] r = c.registers();
    int wide = c.dtype().bytes();
    int stride = Grid.strideW(r);
    long width = (columns - 1) * stride + (Grid.kernelW(r) - 1) * Grid.dilationW(r) + 1;
    long ih = oh * Grid.strideH(r) - Grid.top(r);
    long line = at;
    for (long i = 0; i < bandRows(r, rows); i++, ih++, line += r[LINE] * wide) {
      boolean inside = ih >= 0 && ih < Grid.h(r);
      for (int phase = 0; phase < stride; phase++) {
        long iw = ow * stride - Grid.left(r) + phase;
        long n = Math.max(0, (width - phase + stride - 1) / stride);
        long from = inside ? Math.min(n, first(-iw, stride)) : n;
        long end = inside ? Math.clamp(first(Grid.w(r) - iw, stride), from, n) : n;
        long to = line + phase * r[PITCH] * wide;
        MemorySegment s = c.scratch();
        PatchesSimd.fill(wide, padding, s, to, from);
        if (end > from) {
          long source = (plane + ih * Grid.w(r) + iw + from * stride) * wide;
          PatchesSimd.move(wide, x, source, stride, (int) (end - from), s, to + from * wide);
        }
        PatchesSimd.fill(wide, padding, s, to + end * wide, n - end);
      }
    }
  }

  /// Adds a band to the image: the transpose of [#pack].
  static void add(
      Call c, long at, MemorySegment y, long plane, long oh, long rows, long ow, long columns) {
    long[] r = c.registers();
    int wide = c.dtype().bytes();
    int stride = Grid.strideW(r);
    long width = (columns - 1) * stride + (Grid.kernelW(r) - 1) * Grid.dilationW(r) + 1;
    long ih = oh * Grid.strideH(r) - Grid.top(r);
    long line = at;
    for (long i = 0; i < bandRows(r, rows); i++, ih++, line += r[LINE] * wide) {
      for (int phase = 0; phase < stride && ih >= 0 && ih < Grid.h(r); phase++) {
        long iw = ow * stride - Grid.left(r) + phase;
        long n = Math.max(0, (width - phase + stride - 1) / stride);
        long from = Math.min(n, first(-iw, stride));
        long end = Math.clamp(first(Grid.w(r) - iw, stride), from, n);
        long target = (plane + ih * Grid.w(r) + iw + from * stride) * wide;
        long source = line + (phase * r[PITCH] + from) * wide;
        PatchesSimd.scatter(wide, c.scratch(), source, (int) (end - from), y, target, stride);
      }
    }
  }

  /// The first multiple of `stride` that is at least `input`, divided by it.
  private static long first(long input, int stride) {
    return input <= 0 ? 0 : (input + stride - 1) / stride;
  }

  /// Zeroes a band.
  static void clear(Call c, long at, long rows) {
    long[] r = c.registers();
    int wide = c.dtype().bytes();
    Lanes.clear(c.scratch(), at, (bandRows(r, rows) * r[LINE] + SLACK) * wide);
  }
}
