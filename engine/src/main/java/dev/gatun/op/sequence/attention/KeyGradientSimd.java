package dev.gatun.op.sequence.attention;

import static dev.gatun.op.sequence.attention.AttentionGradPlan.BATCHES;
import static dev.gatun.op.sequence.attention.AttentionGradPlan.DELTA;
import static dev.gatun.op.sequence.attention.AttentionGradPlan.GRADIENT_PANELS;
import static dev.gatun.op.sequence.attention.AttentionGradPlan.GROUPS;
import static dev.gatun.op.sequence.attention.AttentionGradPlan.HEADS;
import static dev.gatun.op.sequence.attention.AttentionGradPlan.PANELS;
import static dev.gatun.op.sequence.attention.AttentionGradPlan.PER_WORKER;
import static dev.gatun.op.sequence.attention.AttentionGradPlan.RUNS;
import static dev.gatun.op.sequence.attention.AttentionGradPlan.SHARE;
import static dev.gatun.op.sequence.attention.AttentionGradPlan.TOP;
import static dev.gatun.op.sequence.attention.AttentionGradPlan.WIDE_GRADIENTS;
import static dev.gatun.op.sequence.attention.AttentionGradPlan.WIDE_QUERIES;
import static dev.gatun.op.sequence.attention.AttentionGradPlan.WORKERS;
import static dev.gatun.op.sequence.attention.AttentionPlan.QUERIES;

import dev.gatun.cpu.simd.AttentionTile;
import dev.gatun.cpu.simd.Lanes;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import java.lang.foreign.MemorySegment;

/// A block of keys in the gradient of attention: for each of its tiles of keys, all tiles of
/// queries that see it. Gradients of the tile's keys and values stay in the second-level cache
/// meanwhile.
final class KeyGradientSimd {
  private KeyGradientSimd() {}

  static void block(Call c, int block, int worker) {
    AttentionGrad op = (AttentionGrad) c.kernel();
    long[] r = c.registers();
    Shape q = c.inShape(op.first());
    Shape k = c.inShape(op.first() + 1);
    long unit = block / r[GROUPS];
    long group = block % r[GROUPS];
    long eachBatch = q.dim(0) / r[BATCHES];
    long eachHead = k.dim(1) / r[HEADS];
    long b0 = unit / r[HEADS] * eachBatch;
    long h0 = unit % r[HEADS] * eachHead;
    long mine = r[WORKERS] + worker * r[PER_WORKER];
    AttentionTile t = AttentionGradPlan.tile(op, c);
    t.fill(c.scratch(), mine + AttentionPlan.ZEROS, AttentionPlan.KEYS, 0);
    for (long b = b0; b < b0 + eachBatch; b++) {
      for (long h = h0; h < h0 + eachHead; h++) {
        head(op, c, t, b, h, group, mine);
      }
    }
  }

  /// The tiles of keys of `group` of key head `h`.
  private static void head(
      AttentionGrad op, Call c, AttentionTile t, long b, long h, long group, long mine) {
    long[] r = c.registers();
    Shape k = c.inShape(op.first() + 1);
    long keys = r[AttentionGradPlan.KEYS];
    long tiles = (k.dim(2) + keys - 1) / keys;
    for (long i = tiles * group / r[GROUPS]; i < tiles * (group + 1) / r[GROUPS]; i++) {
      keys(op, c, t, b, h, i * keys, group, mine);
    }
  }

  private static long score(long mine) {
    return mine + AttentionPlan.TILES;
  }

  /// Where the sums for keys begin, after five tiles; those for values follow, then keys in whole
  /// panels.
  private static long sums(long mine, DType type) {
    return score(mine) + 5 * AttentionPlan.tileBytes(type);
  }

  private static void keys(
      AttentionGrad op,
      Call c,
      AttentionTile t,
      long b,
      long keyHead,
      long j,
      long group,
      long mine) {
    MemorySegment m = c.scratch();
    int first = op.first();
    Shape q = c.inShape(first);
    Shape v = c.inShape(first + 2);
    int size = t.size();
    int n = AttentionGradSimd.keys(c, v.dim(2), j);
    int d = (int) q.dim(3);
    int dv = (int) v.dim(3);
    int wideD = (int) AttentionPlan.wide(d, t.panel());
    int wideV = (int) AttentionPlan.wide(dv, t.panel());
    DType type = c.inSpec(first).dtype();
    long dk = sums(mine, type);
    long dvAt = dk + (long) AttentionPlan.KEYS * wideD * size;
    Lanes.clear(m, dk, (long) AttentionPlan.KEYS * (wideD + wideV) * size);
    long key = (b * v.dim(1) + keyHead) * v.dim(2) + j;
    if (wideD != d) {
      long copy = dvAt + (long) AttentionPlan.KEYS * wideV * size;
      t.widen(c.in(first + 1), key * d * size, n, d, m, copy, wideD);
    }
    long each = q.dim(1) / v.dim(1);
    for (long h = keyHead * each; h < (keyHead + 1) * each; h++) {
      queries(op, c, t, b, h, key, j, n, group, mine);
    }
    for (int i = 0; i < n; i++) {
      long to = (key + i) * d * size;
      t.scale(m, dk + (long) i * wideD * size, d, op.attention().scale(), c.out(1), to);
      t.scale(m, dvAt + (long) i * wideV * size, dv, 1, c.out(2), (key + i) * dv * size);
    }
  }

  /// The tiles of queries of head `h` that see keys `j` to `j + n`.
  private static void queries(
      AttentionGrad op,
      Call c,
      AttentionTile t,
      long b,
      long h,
      long key,
      long j,
      int n,
      long group,
      long mine) {
    Attention a = op.attention();
    Shape q = c.inShape(op.first());
    long tiles = AttentionRules.blocks(q.dim(2));
    long firstTile = (b * q.dim(1) + h) * tiles;
    for (long i = 0; i < tiles; i++) {
      long runs = c.registers()[RUNS] + (firstTile + i) * AttentionGradPlan.RUNS_BYTES;
      boolean seen = VisibleRuns.next(c.scratch(), runs, j) < j + n;
      if (seen && AttentionSimd.stop(a, c, op.first(), b, h, i * QUERIES, j, j + n) > j) {
        tile(op, c, t, b, h, i * QUERIES, firstTile + i, key, j, n, group, mine);
      }
    }
  }

  private static void tile(
      AttentionGrad op,
      Call c,
      AttentionTile t,
      long b,
      long h,
      long i0,
      long tile,
      long key,
      long j,
      int n,
      long group,
      long mine) {
    MemorySegment m = c.scratch();
    long[] r = c.registers();
    Attention a = op.attention();
    int first = op.first();
    Shape q = c.inShape(first);
    int size = t.size();
    int d = (int) q.dim(3);
    int dv = (int) c.inShape(first + 2).dim(3);
    int rows = (int) Math.min(QUERIES, q.dim(2) - i0);
    int columns = (int) AttentionPlan.wide(rows, t.panel());
    long bytes = AttentionPlan.tileBytes(c.inSpec(first).dtype());
    long p = score(mine);
    long dp = p + bytes;
    long slope = a.softcap() > 0 ? p + 2 * bytes : -1;
    long weight = p + 3 * bytes;
    long panels = r[PANELS] + tile * QUERIES * d * size;
    t.scores(c.in(first + 1), key * d * size, (long) d * size, n, m, panels, d, columns, m, p);
    TileScores.perQuery(a, c, first, t, b, h, i0, rows, mine);
    long runs = r[RUNS] + tile * AttentionGradPlan.RUNS_BYTES;
    TileScores.scores(a, c, first, t, b, h, i0, rows, columns, j, n, mine, runs, p, slope);
    long lane = tile * QUERIES * size;
    t.weights(m, p, n, columns, m, r[TOP] + lane, r[SHARE] + lane);
    panels = r[GRADIENT_PANELS] + tile * QUERIES * dv * size;
    t.scores(c.in(first + 2), key * dv * size, (long) dv * size, n, m, panels, dv, columns, m, dp);
    boolean weighs = TileScores.weighs(a);
    if (weighs) {
      weigh(op, c, t, b, h, i0, columns, rows, j, n, group, mine);
    }
    if (r[AttentionGradPlan.ONE_TILE] == 1) {
      long spare = p + 4 * bytes;
      t.multiply(m, p, dp, spare, n, columns, 1);
      if (weighs) {
        t.multiply(m, spare, weight, spare, n, columns, 1);
      }
      t.sumColumns(m, spare, n, columns, m, r[DELTA] + lane);
    }
    t.gradient(m, p, m, dp, weighs, weight, n, columns, m, r[DELTA] + tile * QUERIES * size);
    OperandGradients.tile(op, c, t, b, h, i0, tile, rows, columns, j, n, group, dp);
    if (slope >= 0) {
      t.multiply(m, dp, slope, dp, n, columns, 1);
    }
    products(op, c, t, tile, (b * q.dim(1) + h) * q.dim(2) + i0, rows, key, n, group, mine);
  }

  /// The tile of factors after the softmax, and the gradient of [Operand#FACTOR].
  private static void weigh(
      AttentionGrad op,
      Call c,
      AttentionTile t,
      long b,
      long h,
      long i0,
      int columns,
      int rows,
      long j,
      int n,
      long group,
      long mine) {
    MemorySegment m = c.scratch();
    Attention a = op.attention();
    long bytes = AttentionPlan.tileBytes(c.inSpec(op.first()).dtype());
    long p = score(mine);
    long dp = p + bytes;
    long weight = p + 3 * bytes;
    long spare = p + 4 * bytes;
    if (a.dropout() > 0) {
      TileScores.dropped(a, c, op.first(), t, b, h, i0, j, n, mine, weight);
    } else {
      t.fill(m, weight, (long) n * QUERIES, 1);
    }
    if (op.output(Operand.FACTOR) >= 0) {
      t.multiply(m, p, dp, spare, n, columns, 1);
      t.multiply(m, spare, weight, spare, n, columns, 1);
      OperandGradients.diagonals(op, Operand.FACTOR, c, t, b, h, i0, rows, j, n, group, spare);
    }
    if (a.has(Operand.FACTOR)) {
      long table = TileScores.diagonals(a, Operand.FACTOR, c, op.first(), b, h, i0, j);
      t.multiplyDiagonals(m, weight, n, columns, m, table);
    }
  }

  /// `dv += P^T do`, `dk += dS^T q`, `dq += dS k`.
  private static void products(
      AttentionGrad op,
      Call c,
      AttentionTile t,
      long tile,
      long row,
      int rows,
      long key,
      int n,
      long group,
      long mine) {
    MemorySegment m = c.scratch();
    long[] r = c.registers();
    int first = op.first();
    int size = t.size();
    int d = (int) c.inShape(first).dim(3);
    int dv = (int) c.inShape(first + 2).dim(3);
    int wideD = (int) AttentionPlan.wide(d, t.panel());
    int wideV = (int) AttentionPlan.wide(dv, t.panel());
    DType type = c.inSpec(first).dtype();
    long p = score(mine);
    long ds = p + AttentionPlan.tileBytes(type);
    long dk = sums(mine, type);
    long dvAt = dk + (long) AttentionPlan.KEYS * wideD * size;
    long rowD = (long) wideD * size;
    long rowV = (long) wideV * size;
    boolean wide = wideV != dv;
    MemorySegment from = wide ? m : c.in(0);
    long at = wide ? r[WIDE_GRADIENTS] + tile * QUERIES * rowV : row * rowV;
    int counted = counted(op, c, row, rows);
    t.addRows(m, p, n, from, at, rowV, counted, wideV, m, dvAt, rowV);
    wide = wideD != d;
    from = wide ? m : c.in(first);
    at = wide ? r[WIDE_QUERIES] + tile * QUERIES * rowD : row * rowD;
    t.addRows(m, ds, n, from, at, rowD, rows, wideD, m, dk, rowD);
    from = wide ? m : c.in(first + 1);
    at = wide ? dvAt + AttentionPlan.KEYS * rowV : key * rowD;
    long to = AttentionGradSimd.queryGradients(op, c, t, tile, group);
    MemorySegment dq = to < 0 ? c.out(0) : m;
    t.addColumns(m, ds, rows, from, at, rowD, n, wideD, dq, to < 0 ? row * rowD : to, rowD);
  }

  /// Queries of the tile within their sequence: the results of others are constant.
  private static int counted(AttentionGrad op, Call c, long row, int rows) {
    Shape q = c.inShape(op.first());
    long b = row / q.dim(2) / q.dim(1);
    long length =
        VisibleRuns.length(op.attention(), c, op.first(), Operand.QUERY_LENGTHS, b, q.dim(2));
    return (int) Math.clamp(length - row % q.dim(2), 0L, (long) rows);
  }
}
