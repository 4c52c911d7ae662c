package dev.gatun.op.sequence.attention;

import static dev.gatun.op.sequence.attention.AttentionPlan.KEYS;
import static dev.gatun.op.sequence.attention.AttentionPlan.QUERIES;
import static dev.gatun.op.sequence.attention.AttentionPlan.STATE;

import dev.gatun.cpu.simd.AttentionTile;
import dev.gatun.cpu.simd.Lanes;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Vector form of [Attention]: a block is a tile of queries of one head, which passes over the keys
/// it sees with a running softmax. Keys and values are read where they lie.
final class AttentionSimd {
  private static final Workers.Body BLOCK = (c, phase, block, worker) -> block(c, block, worker);

  /// Register of where workers' memory begins, after the tables.
  private static final int BASE = 0;

  private AttentionSimd() {}

  static void run(Attention op, Call c, Workers w) {
    if (AttentionDecodeSimd.applies(op, c)) {
      AttentionDecodeSimd.run(op, c, w);
      return;
    }
    Shape q = c.inShape(Attention.Q);
    c.kernel(op);
    c.registers()[BASE] = tables(op, c, 0);
    TileScores.tables(op, c, 0);
    long tiles = AttentionRules.blocks(q.dim(2));
    w.run(BLOCK, c, 0, Math.toIntExact(q.dim(0) * q.dim(1) * tiles));
  }

  /// Bytes of the tables.
  static long tables(Attention op, Call c, int first) {
    long heads = 0;
    for (Operand o : op.operands()) {
      if (o == Operand.RELATIVE || o == Operand.FACTOR) {
        heads += c.inShape(first + op.input(o)).dim(0);
      }
    }
    long length = AttentionPlan.tableLength(c.inShape(first), c.inShape(first + 1));
    return heads * length * c.inSpec(first).dtype().bytes() + 63 & -64;
  }

  private static void block(Call c, int block, int worker) {
    Attention op = (Attention) c.kernel();
    DType type = c.dtype();
    AttentionTile t = AttentionPlan.tile(type);
    Shape q = c.inShape(Attention.Q);
    Shape v = c.inShape(Attention.V);
    long tiles = AttentionRules.blocks(q.dim(2));
    long head = block / tiles;
    long b = head / q.dim(1);
    long h = head % q.dim(1);
    long i0 = block % tiles * QUERIES;
    int rows = (int) Math.min(QUERIES, q.dim(2) - i0);
    int columns = (int) AttentionPlan.wide(rows, t.panel());
    long mine = c.registers()[BASE] + worker * AttentionPlan.perWorker(op, q, v, type);
    MemorySegment m = c.scratch();
    VisibleRuns.find(op, c, 0, b, h, i0, rows, mine);
    TileScores.perQuery(op, c, 0, t, b, h, i0, rows, mine);
    int d = (int) q.dim(3);
    long panels = mine + AttentionPlan.TILES;
    long from = (head * q.dim(2) + i0) * d * t.size();
    t.pack(c.in(Attention.Q), from, rows, d, TileScores.factor(op, t), m, panels, columns);
    long scores = AttentionPlan.scores(panels, d, type);
    long sums = scores + 2 * AttentionPlan.tileBytes(type);
    begin(op, c, t, h, mine, sums, AttentionPlan.wide(v.dim(3), t.panel()));
    long j = VisibleRuns.next(m, mine, 0);
    while (j != Long.MAX_VALUE) {
      long end = VisibleRuns.stretch(m, mine, j);
      for (long at = j; at < end; ) {
        long stop = stop(op, c, 0, b, h, i0, at, Math.min(end, at + KEYS));
        if (stop > at) {
          tile(op, c, t, b, h, i0, rows, columns, at, (int) (stop - at), mine);
          at = stop;
        } else {
          at = (at / Attention.BLOCK + 1) * Attention.BLOCK;
        }
      }
      j = VisibleRuns.next(m, mine, end);
    }
    for (int r = 0; r < rows; r++) {
      finish(op, c, t, b, head * q.dim(2) + i0 + r, r, mine, sums);
    }
  }

  /// Up to where keys from `j` on lie in blocks that are computed, at most `end`; `j` itself where
  /// its block is not.
  static long stop(Attention op, Call c, int first, long b, long h, long i0, long j, long end) {
    if (!op.has(Operand.BLOCKS)) {
      return end;
    }
    int in = first + op.input(Operand.BLOCKS);
    Shape s = c.inShape(in);
    long at = (s.dim(0) == 1 ? 0 : b) * s.dim(1) + (s.dim(1) == 1 ? 0 : h);
    long row = (at * s.dim(2) + i0 / Attention.BLOCK) * s.dim(3);
    long stop = j;
    while (stop < end && c.in(in).get(ValueLayout.JAVA_BYTE, row + stop / Attention.BLOCK) != 0) {
      stop = (stop / Attention.BLOCK + 1) * Attention.BLOCK;
    }
    return Math.min(stop, end);
  }

  private static void begin(
      Attention op, Call c, AttentionTile t, long h, long mine, long sums, long wide) {
    MemorySegment m = c.scratch();
    double sink = Double.NEGATIVE_INFINITY;
    if (op.has(Operand.SINK)) {
      sink = t.get(c.in(op.input(Operand.SINK)), h * t.size());
    }
    long row = (long) QUERIES * t.size();
    t.fill(m, mine + STATE, QUERIES, sink * t.unit());
    t.fill(m, mine + STATE + 2 * row, QUERIES, sink == Double.NEGATIVE_INFINITY ? 0 : 1);
    Lanes.clear(m, sums, QUERIES * wide * t.size());
    t.fill(m, mine + AttentionPlan.ZEROS, 2L * QUERIES, 0);
  }

  private static void tile(
      Attention op,
      Call c,
      AttentionTile t,
      long b,
      long h,
      long i0,
      int rows,
      int columns,
      long j,
      int n,
      long mine) {
    MemorySegment m = c.scratch();
    Shape q = c.inShape(Attention.Q);
    Shape v = c.inShape(Attention.V);
    int d = (int) q.dim(3);
    int dv = (int) v.dim(3);
    int size = t.size();
    long keyHead = b * v.dim(1) + h / (q.dim(1) / v.dim(1));
    long key = keyHead * v.dim(2) + j;
    long panels = mine + AttentionPlan.TILES;
    long scores = AttentionPlan.scores(panels, d, c.dtype());
    t.scores(
        c.in(Attention.K),
        key * d * size,
        (long) d * size,
        n,
        m,
        panels,
        d,
        columns,
        m,
        scores,
        m,
        mine + AttentionPlan.ZEROS);
    TileScores.scores(op, c, 0, t, b, h, i0, rows, columns, j, n, mine, mine, scores, -1);
    t.softmax(m, scores, n, columns, m, mine + STATE);
    long tile = AttentionPlan.tileBytes(c.dtype());
    if (op.has(Operand.FACTOR)) {
      long table = TileScores.diagonals(op, Operand.FACTOR, c, 0, b, h, i0, j);
      t.multiplyDiagonals(m, scores, n, columns, m, table);
    }
    if (op.dropout() > 0) {
      TileScores.dropped(op, c, 0, t, b, h, i0, j, n, mine, scores + tile);
      t.multiply(m, scores, scores + tile, scores, n, columns, 1);
    }
    int wide = (int) AttentionPlan.wide(dv, t.panel());
    long sums = scores + 2 * tile;
    MemorySegment values = c.in(Attention.V);
    long valuesAt = key * dv * size;
    if (wide != dv) {
      long copy = sums + (long) QUERIES * wide * size;
      t.widen(values, valuesAt, n, dv, m, copy, wide);
      values = m;
      valuesAt = copy;
    }
    long factors = mine + STATE + (long) QUERIES * size;
    long row = (long) wide * size;
    t.scaleRows(m, factors, rows, wide, m, sums, row);
    t.addColumns(m, scores, rows, values, valuesAt, row, n, wide, m, sums, row);
  }

  private static void finish(
      Attention op, Call c, AttentionTile t, long b, long row, int r, long mine, long sums) {
    MemorySegment m = c.scratch();
    Shape q = c.inShape(Attention.Q);
    int dv = (int) c.inShape(Attention.V).dim(3);
    int size = t.size();
    long state = mine + STATE + (long) r * size;
    double max = t.get(m, state) / t.unit();
    double total = t.get(m, state + 2L * QUERIES * size);
    long at = sums + r * AttentionPlan.wide(dv, t.panel()) * size;
    long queries = VisibleRuns.length(op, c, 0, Operand.QUERY_LENGTHS, b, q.dim(2));
    boolean finite = Double.isFinite(total) && t.isFinite(m, at, dv);
    if (!finite) {
      op.row(new Scores(op, c, 0), c, row);
      return;
    }
    boolean counts = total != 0 && row % q.dim(2) < queries;
    if (counts) {
      t.scale(m, at, dv, 1 / total, c.out(0), row * dv * size);
    } else {
      t.fill(c.out(0), row * dv * size, dv, 0);
    }
    op.softmax(c, row, max == Double.NEGATIVE_INFINITY ? 0 : max, total, max);
  }
}
