package dev.gatun.op.linear;

import dev.gatun.cpu.simd.Lanes;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import java.lang.foreign.MemorySegment;

/// Vector form of [MaxPool], [AvgPool] and their gradients, on bands of one plane. Forward a block
/// is a band; backward it is a plane, whose bands add to what neighbours left.
final class PoolSimd {
  /// Register: whether padding is counted.
  private static final int COUNT = BandSimd.FIRST;

  private static final Workers.Body MAX = PoolSimd::maxBand;
  private static final Workers.Body MEAN = PoolSimd::meanBand;
  private static final Workers.Body MAX_GRAD = PoolSimd::maxPlane;
  private static final Workers.Body MEAN_GRAD = PoolSimd::meanPlane;

  private PoolSimd() {}

  static long scratch(Pool op, Spec x, Spec y, boolean two, int workers) {
    long[] r = new long[Grid.FREE];
    plan(op, r, x.shape(), y.shape(), x.dtype(), two);
    return workers * r[BandSimd.BYTES];
  }

  private static void plan(Pool op, long[] r, Shape x, Shape y, DType type, boolean two) {
    boolean line = op.axes() == 1;
    Grid.set(r, op.window(), line, line ? 1 : op.kernelH(), op.kernelW(), x, y);
    BandSimd.plan(r, type.bytes(), two);
  }

  private static int bands(long[] r) {
    long planes = r[Grid.BATCH] * r[Grid.GROUPS];
    return Math.toIntExact(planes * r[BandSimd.BANDS] * r[BandSimd.PIECES]);
  }

  static void max(MaxPool op, Call c, Workers w) {
    long[] r = c.registers();
    plan(op, r, c.inShape(0), c.outShape(0), c.dtype(), false);
    w.run(MAX, c, 0, bands(r));
  }

  static void mean(AvgPool op, Call c, Workers w) {
    long[] r = c.registers();
    plan(op, r, c.inShape(0), c.outShape(0), c.dtype(), false);
    r[COUNT] = op.countPadding() ? 1 : 0;
    w.run(MEAN, c, 0, bands(r));
  }

  static void maxGrad(MaxPool op, Call c, Workers w) {
    long[] r = c.registers();
    plan(op, r, c.inShape(0), c.inShape(1), c.dtype(), true);
    w.run(MAX_GRAD, c, 0, Math.toIntExact(r[Grid.BATCH] * r[Grid.GROUPS]));
  }

  static void meanGrad(AvgPool op, Call c, Workers w) {
    long[] r = c.registers();
    plan(op, r, c.outShape(0), c.inShape(0), c.dtype(), false);
    r[COUNT] = op.countPadding() ? 1 : 0;
    w.run(MEAN_GRAD, c, 0, Math.toIntExact(r[Grid.BATCH] * r[Grid.GROUPS]));
  }

  private static long column(long[] r, int block) {
    return block % r[BandSimd.PIECES] * r[BandSimd.COLUMNS];
  }

  private static long row(long[] r, int block) {
    return block / r[BandSimd.PIECES] % r[BandSimd.BANDS] * r[BandSimd.ROWS];
  }

  private static long rows(long[] r, long oh) {
    return Math.min(r[BandSimd.ROWS], Grid.outH(r) - oh);
  }

  private static int columns(long[] r, long ow) {
    return (int) Math.min(r[BandSimd.COLUMNS], Grid.outW(r) - ow);
  }

  private static void maxBand(Call c, long phase, int block, int worker) {
    long[] r = c.registers();
    int wide = c.dtype().bytes();
    long plane = block / r[BandSimd.PIECES] / r[BandSimd.BANDS];
    long ow = column(r, block);
    long oh = row(r, block);
    int n = columns(r, ow);
    long mine = worker * r[BandSimd.BYTES];
    long band = mine + r[BandSimd.BAND];
    MemorySegment s = c.scratch();
    BandSimd.table(r, wide, s, mine);
    long from = plane * Grid.plane(r);
    BandSimd.pack(c, c.in(0), from, oh, rows(r, oh), ow, n, Double.NEGATIVE_INFINITY, band);
    long spare = mine + r[BandSimd.ROW];
    for (long i = 0; i < rows(r, oh); i++) {
      long at = band + i * BandSimd.step(r, wide);
      long y = (plane * Grid.pixels(r) + (oh + i) * Grid.outW(r) + ow) * wide;
      if (wide == 4) {
        TapsF32Simd.max(s, at, mine, Grid.taps(r), c.out(0), y, n, spare);
      } else {
        TapsF64Simd.max(s, at, mine, Grid.taps(r), c.out(0), y, n, spare);
      }
    }
  }

  private static void meanBand(Call c, long phase, int block, int worker) {
    long[] r = c.registers();
    int wide = c.dtype().bytes();
    long plane = block / r[BandSimd.PIECES] / r[BandSimd.BANDS];
    long ow = column(r, block);
    long oh = row(r, block);
    int n = columns(r, ow);
    long mine = worker * r[BandSimd.BYTES];
    long band = mine + r[BandSimd.BAND];
    long counts = mine + r[BandSimd.ROW];
    long spare = counts + (long) BandSimd.SLACK * wide;
    MemorySegment s = c.scratch();
    BandSimd.table(r, wide, s, mine);
    counts(c, ow, n, counts);
    BandSimd.pack(c, c.in(0), plane * Grid.plane(r), oh, rows(r, oh), ow, n, 0, band);
    for (long i = 0; i < rows(r, oh); i++) {
      long at = band + i * BandSimd.step(r, wide);
      long y = (plane * Grid.pixels(r) + (oh + i) * Grid.outW(r) + ow) * wide;
      double high = high(r, oh + i);
      if (wide == 4) {
        TapsF32Simd.mean(s, at, mine, Grid.taps(r), counts, (float) high, c.out(0), y, n, spare);
      } else {
        TapsF64Simd.mean(s, at, mine, Grid.taps(r), counts, high, c.out(0), y, n, spare);
      }
    }
  }

  /// Taps along the height that are counted for row `oh` of the outputs.
  private static long high(long[] r, long oh) {
    long kernel = Grid.kernelH(r);
    return r[COUNT] == 1
        ? kernel
        : inside(oh * Grid.strideH(r) - Grid.top(r), Grid.dilationH(r), kernel, Grid.h(r));
  }

  /// Writes the taps along the width that are counted for each of `n` columns of outputs.
  private static void counts(Call c, long ow, int n, long at) {
    long[] r = c.registers();
    DType type = c.dtype();
    int kernel = Grid.kernelW(r);
    PatchesSimd.fill(type.bytes(), kernel, c.scratch(), at, n + BandSimd.SLACK);
    for (int i = 0; r[COUNT] == 0 && i < n; i++) {
      long first = (ow + i) * Grid.strideW(r) - Grid.left(r);
      long reach = first + (long) (kernel - 1) * Grid.dilationW(r);
      if (first < 0 || reach >= Grid.w(r)) {
        long count = inside(first, Grid.dilationW(r), kernel, Grid.w(r));
        type.write(c.scratch(), at / type.bytes() + i, (double) count);
      }
    }
  }

  private static long inside(long first, int dilation, long kernel, long size) {
    long count = 0;
    for (long k = 0; k < kernel; k++) {
      long at = first + k * dilation;
      count += at >= 0 && at < size ? 1 : 0;
    }
    return count;
  }

  private static void maxPlane(Call c, long phase, int plane, int worker) {
    long[] r = c.registers();
    int wide = c.dtype().bytes();
    Lanes.clear(c.out(0), plane * Grid.plane(r) * wide, Grid.plane(r) * wide);
    long mine = worker * r[BandSimd.BYTES];
    BandSimd.table(r, wide, c.scratch(), mine);
    for (long oh = 0; oh < Grid.outH(r); oh += r[BandSimd.ROWS]) {
      for (long ow = 0; ow < Grid.outW(r); ow += r[BandSimd.COLUMNS]) {
        maxBack(c, plane, oh, ow, mine);
      }
    }
  }

  private static void maxBack(Call c, long plane, long oh, long ow, long mine) {
    long[] r = c.registers();
    int wide = c.dtype().bytes();
    int n = columns(r, ow);
    long rows = rows(r, oh);
    long band = mine + r[BandSimd.BAND];
    long second = mine + r[BandSimd.SECOND];
    long from = plane * Grid.plane(r);
    BandSimd.pack(c, c.in(0), from, oh, rows, ow, n, Double.NEGATIVE_INFINITY, band);
    BandSimd.clear(c, second, rows);
    for (long i = 0; i < rows; i++) {
      long step = i * BandSimd.step(r, wide);
      long at = (plane * Grid.pixels(r) + (oh + i) * Grid.outW(r) + ow) * wide;
      if (wide == 4) {
        TapsF32Simd.maxBack(
            c.scratch(), band + step, second + step, mine, Grid.taps(r), c.in(1), c.in(2), at, n);
      } else {
        TapsF64Simd.maxBack(
            c.scratch(), band + step, second + step, mine, Grid.taps(r), c.in(1), c.in(2), at, n);
      }
    }
    BandSimd.add(c, second, c.out(0), from, oh, rows, ow, n);
  }

  private static void meanPlane(Call c, long phase, int plane, int worker) {
    long[] r = c.registers();
    int wide = c.dtype().bytes();
    Lanes.clear(c.out(0), plane * Grid.plane(r) * wide, Grid.plane(r) * wide);
    long mine = worker * r[BandSimd.BYTES];
    BandSimd.table(r, wide, c.scratch(), mine);
    for (long oh = 0; oh < Grid.outH(r); oh += r[BandSimd.ROWS]) {
      for (long ow = 0; ow < Grid.outW(r); ow += r[BandSimd.COLUMNS]) {
        meanBack(c, plane, oh, ow, mine);
      }
    }
  }

  private static void meanBack(Call c, long plane, long oh, long ow, long mine) {
    long[] r = c.registers();
    int wide = c.dtype().bytes();
    int n = columns(r, ow);
    long rows = rows(r, oh);
    long band = mine + r[BandSimd.BAND];
    long counts = mine + r[BandSimd.ROW];
    counts(c, ow, n, counts);
    BandSimd.clear(c, band, rows);
    for (long i = 0; i < rows; i++) {
      long at = band + i * BandSimd.step(r, wide);
      long dy = (plane * Grid.pixels(r) + (oh + i) * Grid.outW(r) + ow) * wide;
      double high = high(r, oh + i);
      if (wide == 4) {
        TapsF32Simd.meanBack(
            c.scratch(), at, mine, Grid.taps(r), counts, (float) high, c.in(0), dy, n);
      } else {
        TapsF64Simd.meanBack(c.scratch(), at, mine, Grid.taps(r), counts, high, c.in(0), dy, n);
      }
    }
    BandSimd.add(c, band, c.out(0), plane * Grid.plane(r), oh, rows, ow, n);
  }
}
