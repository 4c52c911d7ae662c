package dev.gatun.op.linear;

import dev.gatun.cpu.simd.Gemm;
import dev.gatun.cpu.simd.GemmPlan;
import dev.gatun.cpu.simd.Lanes;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import java.util.List;

/// Vector form of [ConvTranspose]: a block owns some channels of one result, goes through the tiles
/// of the input in order, multiplies each by the weights and adds the patches that come out.
final class ConvTransposeSimd {
  // Registers: inputs of a tile and how many tiles there are, parts of a group's channels, byte
  // offset of the tiles in scratch, then the bias' input.
  private static final int TILE = Grid.FREE;
  private static final int TILES = TILE + 1;
  private static final int PARTS = TILE + 2;
  private static final int BASE = TILE + 3;
  private static final int BIAS = TILE + 4;

  /// Rows of patches that are worth packing the input for.
  private static final int PART_ROWS = 64;

  private static final Workers.Body CHANNELS = ConvTransposeSimd::channels;
  private static final Workers.Body POINTS = ConvTransposeSimd::points;

  private ConvTransposeSimd() {}

  static void run(ConvTranspose op, Call c, Workers w) {
    if (c.outShape(0).elems() == 0) {
      return;
    }
    long[] r = c.registers();
    Grid.set(r, op.window(), op.groups(), c.outShape(0), c.inShape(1), c.inShape(0));
    if (DepthwiseSimd.takes(r)) {
      DepthwiseSimd.run(op, c, w);
      return;
    }
    plan(r, c.dtype(), op.bias());
    r[BASE] = w.count() * GemmPlan.scratch(r);
    r[BIAS] = op.bias() ? 2 : -1;
    boolean points = Grid.isPointwise(r);
    long blocks = r[Grid.BATCH] * r[Grid.GROUPS] * r[PARTS] * (points ? r[TILES] : 1);
    w.run(points ? POINTS : CHANNELS, c, 0, Math.toIntExact(blocks));
  }

  static long scratch(ConvTranspose op, List<Spec> in, int workers) {
    long[] r = new long[Grid.FREE + 6];
    Shape y = op.infer(in).get(0).shape();
    Grid.set(r, op.window(), op.groups(), y, in.get(1).shape(), in.get(0).shape());
    DType type = in.get(0).dtype();
    if (DepthwiseSimd.takes(r)) {
      return DepthwiseSimd.scratch(r, type, workers);
    }
    plan(r, type, op.bias());
    return workers * (GemmPlan.scratch(r) + tileBytes(r, type.bytes()));
  }

  private static long tileBytes(long[] r, int wide) {
    return Grid.isPointwise(r) ? 0 : Grid.depth(r) / r[PARTS] * r[TILE] * wide;
  }

  private static void plan(long[] r, DType type, boolean bias) {
    long depth = Grid.depth(r);
    long pixels = Grid.pixels(r);
    long planes = r[Grid.BATCH] * r[Grid.GROUPS];
    r[PARTS] = 1;
    while (planes * r[PARTS] < ConvSimd.BLOCKS
        && r[Grid.CHANNELS] % (2 * r[PARTS]) == 0
        && depth / (2 * r[PARTS]) >= PART_ROWS) {
      r[PARTS] *= 2;
    }
    boolean points = Grid.isPointwise(r);
    r[TILE] = ConvSimd.tile(depth / r[PARTS] * type.bytes(), pixels);
    r[TILES] = ConvSimd.tiles(pixels, r[TILE]);
    GemmPlan.plan(
        r,
        ConvSimd.type(type),
        points && bias ? GemmPlan.ACCUMULATE : GemmPlan.ZERO,
        depth / r[PARTS],
        pixels,
        r[Grid.OUTPUTS],
        1,
        depth,
        pixels,
        1,
        points ? pixels : r[TILE],
        1);
    GemmPlan.blockColumns(r, r[TILE]);
  }

  /// Windows of one element: a product alone.
  private static void points(Call c, long phase, int block, int worker) {
    long[] r = c.registers();
    long tile = block % r[TILES];
    long part = block / r[TILES];
    long channels = r[Grid.CHANNELS] / r[PARTS];
    long first = tile * r[TILE];
    long pixels = Grid.pixels(r);
    long n = Math.min(r[TILE], pixels - first);
    long yAt = part * channels * pixels;
    for (long i = 0; r[BIAS] >= 0 && i < channels; i++) {
      long channel = part * channels % (r[Grid.GROUPS] * r[Grid.CHANNELS]) + i;
      PatchesSimd.fill(c, (int) r[BIAS], channel, c.out(0), yAt + i * pixels + first, n);
    }
    multiply(c, tile, part, false, yAt, worker);
  }

  private static void channels(Call c, long phase, int part, int worker) {
    long[] r = c.registers();
    int wide = c.dtype().bytes();
    long channels = r[Grid.CHANNELS] / r[PARTS];
    long plane = Grid.plane(r);
    long yAt = part * channels * plane;
    for (long i = 0; i < channels; i++) {
      if (r[BIAS] >= 0) {
        long channel = part * channels % (r[Grid.GROUPS] * r[Grid.CHANNELS]) + i;
        PatchesSimd.fill(c, (int) r[BIAS], channel, c.out(0), yAt + i * plane, plane);
      } else {
        Lanes.clear(c.out(0), (yAt + i * plane) * wide, plane * wide);
      }
    }
    long mine = r[BASE] + worker * tileBytes(r, wide);
    for (long tile = 0; tile < r[TILES]; tile++) {
      long first = tile * r[TILE];
      int n = (int) Math.min(r[TILE], Grid.pixels(r) - first);
      multiply(c, tile, part, true, mine / wide - first, worker);
      PatchesSimd.add(
          r, wide, c.scratch(), mine, r[TILE] * wide, (int) channels, first, n, c.out(0), yAt);
    }
  }

  /// The product of the weights of some channels with one tile of their group's input.
  private static void multiply(
      Call c, long tile, long part, boolean toScratch, long at, int worker) {
    long[] r = c.registers();
    long plane = part / r[PARTS];
    long group = plane % r[Grid.GROUPS];
    long depth = Grid.depth(r);
    long wAt = group * r[Grid.OUTPUTS] * depth + part % r[PARTS] * (depth / r[PARTS]);
    long xAt = plane * r[Grid.OUTPUTS] * Grid.pixels(r);
    int each = GemmPlan.blocks(r) / (int) r[TILES];
    for (int i = 0; i < each; i++) {
      Gemm.block(
          r,
          c.in(1),
          wAt,
          c.in(0),
          xAt,
          c.in(0),
          toScratch ? c.scratch() : c.out(0),
          at,
          c.scratch(),
          Gemm.IDENTITY,
          (int) tile * each + i,
          worker);
    }
  }
}
