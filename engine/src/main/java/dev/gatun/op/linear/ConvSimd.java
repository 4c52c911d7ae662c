package dev.gatun.op.linear;

import dev.gatun.cpu.simd.Gemm;
import dev.gatun.cpu.simd.GemmPlan;
import dev.gatun.cpu.simd.Loop;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// Vector form of [Conv]: a block packs the patches of a tile of outputs and multiplies them by the
/// weights of a group, or of a part of its outputs where there are few tiles.
final class ConvSimd {
  // Registers: outputs of a tile and how many tiles there are, parts of a group's outputs, byte
  // offset of the tiles in scratch, slices of a group's channels that are packed one after the
  // other, and the activation's number.
  private static final int TILE = Grid.FREE;
  private static final int TILES = TILE + 1;
  private static final int PARTS = TILE + 2;
  private static final int BASE = TILE + 3;
  private static final int SLICES = TILE + 4;
  private static final int ACTIVATION = TILE + 5;

  /// Bytes of a tile: with what the product packs of it, it stays in L2.
  static final int TILE_BYTES = 128 << 10;

  /// Columns of a tile are a multiple of this, and its rows whole lines of cache.
  static final int TILE_STEP = 32;

  private static final int TILE_MOST = 1024;

  /// Blocks that are enough for all threads of small machines, and rows of weights that are worth a
  /// block's packing.
  static final int BLOCKS = 16;

  private static final int PART_ROWS = 96;

  /// Operations of a block that is worth another thread.
  private static final double SHARED = 4e6;

  /// Rows of a tile from which its channels are packed in slices: a deeper tile would be narrow,
  /// and the weights would stream through for a few columns.
  private static final int MOST_DEPTH = 512;

  private static final Workers.Body BLOCK = ConvSimd::block;

  private ConvSimd() {}

  static void run(Conv op, Call c, Workers w) {
    if (c.outShape(0).elems() == 0) {
      return;
    }
    long[] r = c.registers();
    Grid.set(r, op.window(), op.groups(), c.inShape(0), c.inShape(1), c.outShape(0));
    if (DepthwiseSimd.takes(r)) {
      DepthwiseSimd.run(op, c, w);
      return;
    }
    plan(r, c.dtype(), op.bias());
    r[BASE] = w.count() * GemmPlan.scratch(r);
    r[ACTIVATION] = ActivationSimd.number(op.activation());
    long blocks = r[Grid.BATCH] * r[Grid.GROUPS] * r[PARTS] * r[TILES];
    w.run(BLOCK, c, 0, Math.toIntExact(blocks));
  }

  static long scratch(Conv op, List<Spec> in, int workers) {
    long[] r = new long[Grid.FREE + 6];
    Shape out = op.infer(in).get(0).shape();
    Grid.set(r, op.window(), op.groups(), in.get(0).shape(), in.get(1).shape(), out);
    DType type = in.get(0).dtype();
    if (DepthwiseSimd.takes(r)) {
      return DepthwiseSimd.scratch(r, type, workers);
    }
    plan(r, type, op.bias());
    return workers * (GemmPlan.scratch(r) + tileBytes(r, type.bytes()));
  }

  static int type(DType type) {
    return type == DType.F32 ? GemmPlan.F32 : GemmPlan.F64;
  }

  private static long tileBytes(long[] r, int wide) {
    return Grid.isPointwise(r) ? 0 : Grid.depth(r) / r[SLICES] * r[TILE] * wide;
  }

  private static void plan(long[] r, DType type, boolean bias) {
    long depth = Grid.depth(r);
    long pixels = Grid.pixels(r);
    boolean points = Grid.isPointwise(r);
    r[SLICES] = points ? 1 : slices(r[Grid.CHANNELS], Grid.taps(r));
    r[TILE] = tile(depth / r[SLICES] * type.bytes(), pixels);
    r[PARTS] = 1;
    double work = 2.0 * depth * r[Grid.OUTPUTS] * r[TILE];
    long blocks = r[Grid.BATCH] * r[Grid.GROUPS] * tiles(pixels, r[TILE]);
    while (blocks * r[PARTS] < BLOCKS
        && work / r[PARTS] > SHARED
        && r[Grid.OUTPUTS] % (2 * r[PARTS]) == 0
        && r[Grid.OUTPUTS] / (2 * r[PARTS]) >= PART_ROWS) {
      r[PARTS] *= 2;
    }
    while (blocks * r[PARTS] < BLOCKS && work / r[PARTS] > SHARED && r[TILE] >= 4 * TILE_STEP) {
      r[TILE] = r[TILE] / 2 / TILE_STEP * TILE_STEP;
      work /= 2;
      blocks = r[Grid.BATCH] * r[Grid.GROUPS] * tiles(pixels, r[TILE]);
    }
    r[TILES] = tiles(pixels, r[TILE]);
    GemmPlan.plan(
        r,
        type(type),
        bias || r[SLICES] > 1 ? GemmPlan.ACCUMULATE : GemmPlan.ZERO,
        r[Grid.OUTPUTS] / r[PARTS],
        pixels,
        depth / r[SLICES],
        depth,
        1,
        points ? pixels : r[TILE],
        1,
        pixels,
        1);
    GemmPlan.blockColumns(r, r[TILE]);
  }

  /// The least number of equal slices of the channels that are not too deep; one where there is
  /// none of a useful size.
  private static long slices(long channels, int taps) {
    for (long n = 1; channels / n * taps >= MOST_DEPTH / 4; n++) {
      if (channels % n == 0 && channels / n * taps <= MOST_DEPTH) {
        return n;
      }
    }
    return 1;
  }

  /// Columns of a tile whose columns take `bytes` bytes.
  static long tile(long bytes, long pixels) {
    long most = Math.clamp(TILE_BYTES / Math.max(1, bytes), TILE_STEP, TILE_MOST);
    long all = (pixels + TILE_STEP - 1) / TILE_STEP * TILE_STEP;
    return Math.min(most / TILE_STEP * TILE_STEP, all);
  }

  static long tiles(long pixels, long tile) {
    return (pixels + tile - 1) / tile;
  }

  private static void block(Call c, long phase, int block, int worker) {
    long[] r = c.registers();
    int wide = c.dtype().bytes();
    long tile = block % r[TILES];
    long rest = block / r[TILES];
    long part = rest % r[PARTS];
    long plane = rest / r[PARTS];
    long group = plane % r[Grid.GROUPS];
    long pixels = Grid.pixels(r);
    long first = tile * r[TILE];
    int n = (int) Math.min(r[TILE], pixels - first);
    long rows = r[Grid.OUTPUTS] / r[PARTS];
    long output = group * r[Grid.OUTPUTS] + part * rows;
    long yAt = (plane * r[Grid.OUTPUTS] + part * rows) * pixels;
    start(c, output, rows, yAt, first, n);
    long channels = r[Grid.CHANNELS] / r[SLICES];
    long xAt = plane * r[Grid.CHANNELS] * Grid.plane(r);
    for (long i = 0; i < r[SLICES]; i++) {
      MemorySegment b = c.in(0);
      long bAt = xAt + i * channels * Grid.plane(r);
      if (!Grid.isPointwise(r)) {
        long mine = r[BASE] + worker * tileBytes(r, wide);
        PatchesSimd.pack(
            r, wide, b, bAt, (int) channels, first, n, c.scratch(), mine, r[TILE] * wide);
        b = c.scratch();
        bAt = mine / wide - first;
      }
      long wAt = output * Grid.depth(r) + i * channels * Grid.taps(r);
      int activation = i + 1 == r[SLICES] ? (int) r[ACTIVATION] : 0;
      multiply(c, wAt, b, bAt, yAt, activation, (int) tile, worker);
    }
  }

  /// What the products of a tile are added to: the bias, or zero where there are several.
  private static void start(Call c, long output, long rows, long yAt, long first, int n) {
    long[] r = c.registers();
    int wide = c.dtype().bytes();
    for (long i = 0; i < rows; i++) {
      long at = yAt + i * Grid.pixels(r) + first;
      if (c.inputs() > 2) {
        PatchesSimd.fill(c, 2, output + i, c.out(0), at, n);
      } else if (r[SLICES] > 1) {
        PatchesSimd.fill(wide, 0, c.out(0), at * wide, n);
      }
    }
  }

  private static void multiply(
      Call c, long wAt, MemorySegment b, long bAt, long yAt, int activation, int tile, int worker) {
    long[] r = c.registers();
    int each = GemmPlan.blocks(r) / (int) r[TILES];
    Loop.Unary last = ActivationSimd.of(activation, c.dtype().bytes());
    for (int i = tile * each; i < (tile + 1) * each; i++) {
      Gemm.block(r, c.in(1), wAt, b, bAt, b, c.out(0), yAt, c.scratch(), last, i, worker);
    }
  }
}
