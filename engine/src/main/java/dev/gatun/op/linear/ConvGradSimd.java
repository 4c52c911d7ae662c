package dev.gatun.op.linear;

import dev.gatun.cpu.simd.Gemm;
import dev.gatun.cpu.simd.GemmPlan;
import dev.gatun.cpu.simd.Lanes;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// Vector form of [Conv.Grad]: `patches dy^T` over the pixels of a tile, added tile by tile. A
/// block owns some channels and a run of tiles of the whole batch; a second phase adds the runs,
/// whose number depends on the shape only, and transposes.
final class ConvGradSimd {
  // Registers: pixels of a tile and how many tiles an image has, parts of a group's channels, byte
  // offset of the tiles in scratch, runs of tiles, byte offset of their sums.
  private static final int TILE = Grid.FREE;
  private static final int TILES = TILE + 1;
  private static final int PARTS = TILE + 2;
  private static final int BASE = TILE + 3;
  private static final int RUNS = TILE + 4;
  private static final int SUMS = TILE + 5;

  private static final int PART_ROWS = 64;

  /// Rows of a block of the second phase.
  private static final int ROWS = 64;

  private static final Workers.Body MULTIPLY = ConvGradSimd::multiply;
  private static final Workers.Body TRANSPOSE = ConvGradSimd::transpose;

  private ConvGradSimd() {}

  static void run(Conv.Grad op, Call c, Workers w) {
    if (c.outShape(0).elems() == 0) {
      return;
    }
    long[] r = c.registers();
    Grid.set(r, op.window(), op.groups(), c.inShape(0), c.outShape(0), c.inShape(1));
    plan(r, c.dtype());
    offsets(r, c.dtype().bytes(), w.count());
    w.run(MULTIPLY, c, 0, Math.toIntExact(r[RUNS] * r[Grid.GROUPS] * r[PARTS]));
    w.run(TRANSPOSE, c, 1, Math.toIntExact(r[Grid.GROUPS] * slabs(r)));
  }

  static long scratch(Conv.Grad op, List<Spec> in, int workers) {
    long[] r = new long[Grid.FREE + 6];
    Shape w = op.infer(in).get(0).shape();
    Grid.set(r, op.window(), op.groups(), in.get(0).shape(), w, in.get(1).shape());
    DType type = in.get(0).dtype();
    plan(r, type);
    offsets(r, type.bytes(), workers);
    return r[SUMS] + r[RUNS] * r[Grid.GROUPS] * sums(r) * type.bytes();
  }

  private static void offsets(long[] r, int wide, int workers) {
    r[BASE] = workers * GemmPlan.scratch(r);
    r[SUMS] = r[BASE] + workers * tileBytes(r, wide) + 63 & -64;
  }

  /// Bytes of a tile of patches and one of `dy`.
  private static long tileBytes(long[] r, int wide) {
    long rows = Grid.depth(r) / r[PARTS] + r[Grid.OUTPUTS];
    return Grid.isPointwise(r) ? 0 : rows * r[TILE] * wide;
  }

  /// Elements of a group's sums.
  private static long sums(long[] r) {
    return Grid.depth(r) * r[Grid.OUTPUTS];
  }

  private static long slabs(long[] r) {
    return (Grid.depth(r) + ROWS - 1) / ROWS;
  }

  private static void plan(long[] r, DType type) {
    long depth = Grid.depth(r);
    long pixels = Grid.pixels(r);
    r[PARTS] = 1;
    while (r[Grid.GROUPS] * r[PARTS] < ConvSimd.BLOCKS
        && r[Grid.CHANNELS] % (2 * r[PARTS]) == 0
        && depth / (2 * r[PARTS]) >= PART_ROWS) {
      r[PARTS] *= 2;
    }
    boolean points = Grid.isPointwise(r);
    long most = ConvSimd.tile(depth / r[PARTS] * type.bytes(), pixels);
    r[TILES] = points ? 1 : ConvSimd.tiles(pixels, most);
    // Tiles of one size: the last is filled up with zeros, the fewer the better.
    r[TILE] = ConvSimd.tiles(pixels, r[TILES]);
    long blocks = r[Grid.GROUPS] * r[PARTS];
    long wanted = (ConvSimd.BLOCKS + blocks - 1) / blocks;
    r[RUNS] = Math.clamp(r[Grid.BATCH] * r[TILES], 1, wanted);
    GemmPlan.plan(
        r,
        ConvSimd.type(type),
        GemmPlan.ACCUMULATE,
        depth / r[PARTS],
        r[Grid.OUTPUTS],
        r[TILE],
        r[TILE],
        1,
        1,
        r[TILE],
        r[Grid.OUTPUTS],
        1);
  }

  private static void multiply(Call c, long phase, int block, int worker) {
    long[] r = c.registers();
    int wide = c.dtype().bytes();
    long part = block % r[PARTS];
    long group = block / r[PARTS] % r[Grid.GROUPS];
    long run = block / r[PARTS] / r[Grid.GROUPS];
    long rows = Grid.depth(r) / r[PARTS];
    long sums = (run * r[Grid.GROUPS] + group) * sums(r) + part * rows * r[Grid.OUTPUTS];
    Lanes.clear(c.scratch(), r[SUMS] + sums * wide, rows * r[Grid.OUTPUTS] * wide);
    long items = r[Grid.BATCH] * r[TILES];
    for (long i = run * items / r[RUNS]; i < (run + 1) * items / r[RUNS]; i++) {
      tile(c, i, group, part, r[SUMS] / wide + sums, worker);
    }
  }

  private static void tile(Call c, long item, long group, long part, long sums, int worker) {
    long[] r = c.registers();
    int wide = c.dtype().bytes();
    long plane = item / r[TILES] * r[Grid.GROUPS] + group;
    long channels = r[Grid.CHANNELS] / r[PARTS];
    long xAt = (plane * r[Grid.CHANNELS] + part * channels) * Grid.plane(r);
    long dyAt = plane * r[Grid.OUTPUTS] * Grid.pixels(r);
    MemorySegment x = c.in(0);
    MemorySegment dy = c.in(1);
    if (!Grid.isPointwise(r)) {
      long first = item % r[TILES] * r[TILE];
      int n = (int) Math.clamp(Grid.pixels(r) - first, 0, r[TILE]);
      long mine = r[BASE] + worker * tileBytes(r, wide);
      long rows = Grid.depth(r) / r[PARTS];
      long pitch = r[TILE] * wide;
      PatchesSimd.pack(r, wide, x, xAt, (int) channels, first, n, c.scratch(), mine, pitch);
      long other = mine + rows * pitch;
      for (long o = 0; o < r[Grid.OUTPUTS]; o++) {
        long from = (dyAt + o * Grid.pixels(r) + first) * wide;
        PatchesSimd.move(wide, dy, from, 1, n, c.scratch(), other + o * pitch);
      }
      clearTail(c.scratch(), mine, rows + r[Grid.OUTPUTS], pitch, (long) n * wide);
      x = c.scratch();
      dy = c.scratch();
      xAt = mine / wide;
      dyAt = other / wide;
    }
    for (int i = 0; i < GemmPlan.blocks(r); i++) {
      Gemm.block(r, x, xAt, dy, dyAt, x, c.scratch(), sums, c.scratch(), Gemm.IDENTITY, i, worker);
    }
  }

  /// Zeroes what a tile has beyond its pixels.
  private static void clearTail(MemorySegment tile, long at, long rows, long pitch, long from) {
    if (from < pitch) {
      for (long i = 0; i < rows; i++) {
        Lanes.clear(tile, at + i * pitch + from, pitch - from);
      }
    }
  }

  private static void transpose(Call c, long phase, int block, int worker) {
    long[] r = c.registers();
    DType type = c.dtype();
    long group = block / slabs(r);
    long depth = Grid.depth(r);
    long from = block % slabs(r) * ROWS;
    long outputs = r[Grid.OUTPUTS];
    long runs = r[RUNS];
    long step = r[Grid.GROUPS] * sums(r);
    long at = r[SUMS] / type.bytes() + group * sums(r);
    for (long k = from; k < Math.min(depth, from + ROWS); k++) {
      for (long o = 0; o < outputs; o++) {
        double sum = 0;
        for (long i = 0; i < runs; i++) {
          sum += type.read(c.scratch(), at + i * step + k * outputs + o);
        }
        type.write(c.out(0), (group * outputs + o) * depth + k, sum);
      }
    }
  }
}
