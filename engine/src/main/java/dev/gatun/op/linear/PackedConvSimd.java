package dev.gatun.op.linear;

import dev.gatun.cpu.simd.ColdTiles;
import dev.gatun.cpu.simd.Gemm;
import dev.gatun.cpu.simd.Lanes;
import dev.gatun.cpu.simd.Loop;
import dev.gatun.cpu.simd.PackedGemm;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Spec;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/// Vector form of [PackedConv]: a block writes the patches of some pixels as rows, multiplies them
/// by some panels, and turns each product of a panel over into its planes.
final class PackedConvSimd {
  private static final ValueLayout.OfInt I32 = ValueLayout.JAVA_INT;
  private static final ValueLayout.OfLong I64 = ValueLayout.JAVA_LONG;
  private static final int WIDTH = PackedMatMul.WIDTH;

  // Registers: outputs, pixels of a block and blocks of them, panels of a block, the activation's
  // number, whether vectors are not compiled yet.
  private static final int OUTPUTS = Grid.FREE;
  private static final int ROWS = OUTPUTS + 1;
  private static final int ROW_BLOCKS = OUTPUTS + 2;
  private static final int PANELS = OUTPUTS + 3;
  private static final int ACTIVATION = OUTPUTS + 4;
  private static final int COLD = OUTPUTS + 5;

  /// Patches of a block: with a panel they stay in L2.
  private static final long PATCH_BYTES = 192 << 10;

  private static final int ROWS_MOST = 192;
  private static final int BLOCKS = 16;

  /// Operations of a block that is worth another thread.
  private static final double SHARED = 2e6;

  private static final Workers.Body BLOCK = PackedConvSimd::block;

  private PackedConvSimd() {}

  static void run(PackedConv op, Call c, Workers w) {
    if (c.outShape(0).elems() == 0) {
      return;
    }
    long[] r = c.registers();
    op.grid(r, c.inShape(0), c.outShape(0));
    plan(r, op, c.dtype());
    ColdTiles cold = w.tables().get(ColdTiles.class, 0, n -> new ColdTiles());
    r[COLD] = c.dtype() == DType.F32 && cold.areCold() ? 1 : 0;
    w.run(BLOCK, c, 0, Math.toIntExact(r[ROW_BLOCKS] * Math.ceilDiv(panels(r), r[PANELS])));
  }

  static long scratch(PackedConv op, List<Spec> in, int workers) {
    long[] r = new long[COLD + 1];
    op.grid(r, in.get(0).shape(), op.infer(in).get(0).shape());
    plan(r, op, in.get(0).dtype());
    return workers * pad(mine(r, in.get(0).dtype().bytes()));
  }

  private static long panels(long[] r) {
    return Math.ceilDiv(r[OUTPUTS], (long) WIDTH);
  }

  private static void plan(long[] r, PackedConv op, DType type) {
    r[OUTPUTS] = op.outputs();
    r[ACTIVATION] = ActivationSimd.number(op.activation());
    long depth = Math.max(1, Grid.depth(r));
    long all = r[Grid.BATCH] * Grid.pixels(r);
    long most = Math.clamp(PATCH_BYTES / (depth * type.bytes()), 12, ROWS_MOST);
    r[ROW_BLOCKS] = Math.max(1, Math.ceilDiv(all, most));
    r[ROWS] = Math.ceilDiv(all, r[ROW_BLOCKS]);
    r[ROW_BLOCKS] = Math.max(1, Math.ceilDiv(all, Math.max(1, r[ROWS])));
    r[PANELS] = Math.max(1, panels(r));
    while (r[PANELS] > 1
        && r[ROW_BLOCKS] * Math.ceilDiv(panels(r), r[PANELS]) < BLOCKS
        && 2.0 * depth * r[ROWS] * WIDTH * r[PANELS] > 2 * SHARED) {
      r[PANELS] = (r[PANELS] + 1) / 2;
    }
  }

  /// Work memory of a worker: that of the product, the patches, and a product of a panel.
  private static long mine(long[] r, int wide) {
    return PackedGemm.SCRATCH + pad(r[ROWS] * Grid.depth(r) * wide) + r[ROWS] * WIDTH * wide;
  }

  private static long pad(long bytes) {
    return bytes + 63 & -64;
  }

  private static void block(Call c, long phase, int block, int worker) {
    long[] r = c.registers();
    int wide = c.dtype().bytes();
    long first = block % r[ROW_BLOCKS] * r[ROWS];
    int m = (int) Math.min(r[ROWS], r[Grid.BATCH] * Grid.pixels(r) - first);
    long depth = Grid.depth(r);
    long mine = worker * pad(mine(r, wide));
    long patches = mine + PackedGemm.SCRATCH;
    long tile = patches + pad(r[ROWS] * depth * wide);
    MemorySegment work = c.scratch();
    for (int i = 0; i < m; i++) {
      patch(r, wide, c.in(0), first + i, work, patches + i * depth * wide);
    }
    PackedGemm.prepare(work, mine);
    Loop.Unary activation = ActivationSimd.of((int) r[ACTIVATION], wide);
    long width = (long) WIDTH * wide;
    boolean bias = c.inputs() > 2;
    MemorySegment added = bias ? c.in(2) : work;
    long from = block / r[ROW_BLOCKS] * r[PANELS];
    long to = Math.min(from + r[PANELS], panels(r));
    for (long j = from; j < to; j++) {
      int columns = (int) Math.min(WIDTH, r[OUTPUTS] - j * WIDTH);
      PackedGemm.panel(
          wide,
          work,
          patches,
          m,
          c.in(1),
          j * depth * width,
          depth,
          columns * wide,
          bias,
          added,
          j * width,
          work,
          tile,
          width,
          work,
          mine,
          r[COLD] != 0);
      if (activation != Gemm.IDENTITY) {
        for (int i = 0; i < m; i++) {
          long at = tile / wide + (long) i * WIDTH;
          activation.run(work, at, work, at, columns);
        }
      }
      turn(r, wide, work, tile, m, columns, c.out(0), first, j * WIDTH);
    }
  }

  /// What the window over pixel `row` of the whole batch sees, as one row.
  private static void patch(
      long[] r, int wide, MemorySegment x, long row, MemorySegment to, long toAt) {
    long pixel = row % Grid.pixels(r);
    long plane = Grid.plane(r);
    int kernelW = Grid.kernelW(r);
    long taps = Grid.taps(r);
    int channels = (int) r[Grid.CHANNELS];
    long image = row / Grid.pixels(r) * channels * plane;
    int step = Grid.dilationW(r);
    int iw = (int) (pixel % Grid.outW(r)) * Grid.strideW(r) - Grid.left(r);
    int a = iw >= 0 ? 0 : Math.min(kernelW, Math.ceilDiv(-iw, step));
    int b = iw >= Grid.w(r) ? a : Math.clamp(Math.ceilDiv(Grid.w(r) - iw, step), a, kernelW);
    long top = pixel / Grid.outW(r) * Grid.strideH(r) - Grid.top(r);
    long bottom = top + (Grid.kernelH(r) - 1L) * Grid.dilationH(r);
    if (b - a < kernelW || top < 0 || bottom >= Grid.h(r)) {
      Lanes.clear(to, toAt, (int) Grid.depth(r) * wide);
    }
    for (int kh = 0; kh < Grid.kernelH(r); kh++) {
      long ih = top + (long) kh * Grid.dilationH(r);
      if (ih >= 0 && ih < Grid.h(r)) {
        long from = image + ih * Grid.w(r) + iw + (long) a * step;
        long at = toAt + ((long) kh * kernelW + a) * wide;
        move(wide, x, from * wide, plane, step, channels, b - a, to, at, taps, 1);
      }
    }
  }

  /// Rows of pixels as planes of outputs, from output `output` on.
  private static void turn(
      long[] r,
      int wide,
      MemorySegment tile,
      long tileAt,
      int m,
      int columns,
      MemorySegment y,
      long first,
      long output) {
    long pixels = Grid.pixels(r);
    int done = 0;
    while (done < m) {
      long row = first + done;
      int n = (int) Math.min(m - done, pixels - row % pixels);
      long at = ((row / pixels * r[OUTPUTS] + output) * pixels + row % pixels) * wide;
      long from = tileAt + (long) done * WIDTH * wide;
      move(wide, tile, from, 1, WIDTH, columns, n, y, at, pixels, 1);
      done += n;
    }
  }

  /// Moves elements `(i, j)` of an `n` by `m` lattice to another: `xi` and `xj` are the distances
  /// of neighbours in elements, `yi` and `yj` those where they go. The longer side is the inner
  /// loop.
  private static void move(
      int wide,
      MemorySegment x,
      long xAt,
      long xi,
      long xj,
      int n,
      int m,
      MemorySegment y,
      long yAt,
      long yi,
      long yj) {
    if (n > m) {
      move(wide, x, xAt, xj, xi, m, n, y, yAt, yj, yi);
    } else if (wide == 4) {
      move4(x, xAt, xi * 4, xj * 4, n, m, y, yAt, yi * 4, yj * 4);
    } else {
      move8(x, xAt, xi * 8, xj * 8, n, m, y, yAt, yi * 8, yj * 8);
    }
  }

  private static void move4(
      MemorySegment source,
      long xAt,
      long xi,
      long xj,
      int n,
      int m,
      MemorySegment target,
      long yAt,
      long yi,
      long yj) {
    MemorySegment x = Lanes.offHeap(source);
    MemorySegment y = Lanes.offHeap(target);
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < m; j++) {
        y.set(I32, yAt + j * yj, x.get(I32, xAt + j * xj));
      }
      xAt += xi;
      yAt += yi;
    }
  }

  private static void move8(
      MemorySegment source,
      long xAt,
      long xi,
      long xj,
      int n,
      int m,
      MemorySegment target,
      long yAt,
      long yi,
      long yj) {
    MemorySegment x = Lanes.offHeap(source);
    MemorySegment y = Lanes.offHeap(target);
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < m; j++) {
        y.set(I64, yAt + j * yj, x.get(I64, xAt + j * xj));
      }
      xAt += xi;
      yAt += yi;
    }
  }
}
