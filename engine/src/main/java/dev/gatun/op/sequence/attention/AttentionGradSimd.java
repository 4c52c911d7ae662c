package dev.gatun.op.sequence.attention;

import static dev.gatun.op.sequence.attention.AttentionGradPlan.DELTA;
import static dev.gatun.op.sequence.attention.AttentionGradPlan.FLAGS;
import static dev.gatun.op.sequence.attention.AttentionGradPlan.GRADIENT_PANELS;
import static dev.gatun.op.sequence.attention.AttentionGradPlan.GROUPS;
import static dev.gatun.op.sequence.attention.AttentionGradPlan.KEYS;
import static dev.gatun.op.sequence.attention.AttentionGradPlan.PANELS;
import static dev.gatun.op.sequence.attention.AttentionGradPlan.QUERY_GRADIENTS;
import static dev.gatun.op.sequence.attention.AttentionGradPlan.RUNS;
import static dev.gatun.op.sequence.attention.AttentionGradPlan.SHARE;
import static dev.gatun.op.sequence.attention.AttentionGradPlan.TOP;
import static dev.gatun.op.sequence.attention.AttentionGradPlan.WIDE_GRADIENTS;
import static dev.gatun.op.sequence.attention.AttentionGradPlan.WIDE_QUERIES;
import static dev.gatun.op.sequence.attention.AttentionPlan.QUERIES;

import dev.gatun.cpu.simd.AttentionTile;
import dev.gatun.cpu.simd.Lanes;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.Shape;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Vector form of [AttentionGrad], in three regions: what each tile of queries needs is packed
/// once; blocks of keys pass over the tiles of queries that see them ([KeyGradientSimd]); gradients
/// of queries and operands are added up.
final class AttentionGradSimd {
  private static final Workers.Body PREPARE = (c, phase, block, worker) -> prepare(c, block);
  private static final Workers.Body KEY_BLOCK =
      (c, phase, block, worker) -> KeyGradientSimd.block(c, block, worker);
  private static final Workers.Body QUERY_TILE = (c, phase, block, worker) -> queries(c, block);

  private AttentionGradSimd() {}

  static void run(AttentionGrad op, Call c, Workers w) {
    c.kernel(op);
    AttentionGradPlan.plan(op, c, w.count());
    long[] r = c.registers();
    Shape q = c.inShape(op.first());
    Shape k = c.inShape(op.first() + 1);
    TileScores.tables(op.attention(), c, op.first());
    clear(c);
    int tiles = Math.toIntExact(q.dim(0) * q.dim(1) * AttentionRules.blocks(q.dim(2)));
    int keyHeads = Math.toIntExact(q.dim(0) * k.dim(1));
    w.run(PREPARE, c, 0, tiles + keyHeads);
    for (int i = 0; i < tiles + keyHeads; i++) {
      if (c.scratch().get(ValueLayout.JAVA_LONG, r[FLAGS] + i * 8L) == 0) {
        // By the definition: a hidden pair must not spread what is not finite.
        op.reference(c);
        return;
      }
    }
    long units = r[AttentionGradPlan.BATCHES] * r[AttentionGradPlan.HEADS];
    w.run(KEY_BLOCK, c, 0, Math.toIntExact(units * r[GROUPS]));
    w.run(QUERY_TILE, c, 0, tiles);
    OperandGradients.write(op, c);
  }

  /// Zeros in what blocks add to.
  private static void clear(Call c) {
    for (int i = Attention.FIRST_OPERAND; i < c.outputs(); i++) {
      Lanes.clear(c.out(i), 0, c.outSpec(i).bytes());
    }
    long[] r = c.registers();
    long bytes = r[AttentionGradPlan.WORKERS] - r[AttentionGradPlan.ROW_SUMS];
    Lanes.clear(c.scratch(), r[AttentionGradPlan.ROW_SUMS], bytes);
  }

  private static void prepare(Call c, int block) {
    AttentionGrad op = (AttentionGrad) c.kernel();
    Attention a = op.attention();
    AttentionTile t = AttentionGradPlan.tile(op, c);
    int first = op.first();
    Shape q = c.inShape(first);
    Shape v = c.inShape(first + 2);
    long perHead = AttentionRules.blocks(q.dim(2));
    long tiles = q.dim(0) * q.dim(1) * perHead;
    if (block >= tiles) {
      flag(c, block, keysFinite(c, first, t, block - tiles));
      return;
    }
    MemorySegment m = c.scratch();
    long[] r = c.registers();
    int size = t.size();
    long head = block / perHead;
    long b = head / q.dim(1);
    long i0 = block % perHead * QUERIES;
    int rows = (int) Math.min(QUERIES, q.dim(2) - i0);
    long row = head * q.dim(2) + i0;
    int d = (int) q.dim(3);
    int dv = (int) v.dim(3);
    VisibleRuns.find(
        a, c, first, b, head % q.dim(1), i0, rows, r[RUNS] + block * AttentionGradPlan.RUNS_BYTES);
    double factor = TileScores.factor(a, t);
    long panels = r[PANELS] + (long) block * QUERIES * d * size;
    t.pack(c.in(first), row * d * size, rows, d, factor, m, panels, QUERIES);
    long length = VisibleRuns.length(a, c, first, Operand.QUERY_LENGTHS, b, q.dim(2));
    int counted = (int) Math.clamp(length - i0, 0L, (long) rows);
    long gradients = r[GRADIENT_PANELS] + (long) block * QUERIES * dv * size;
    t.pack(c.in(0), row * dv * size, counted, dv, 1, m, gradients, QUERIES);
    boolean finite = t.isFinite(c.in(first), row * d * size, rows * d);
    finite &= t.isFinite(c.in(0), row * dv * size, rows * dv);
    finite &= rows(op, c, t, block, row, rows, counted);
    flag(c, block, finite);
    int wideD = (int) AttentionPlan.wide(d, t.panel());
    int wideV = (int) AttentionPlan.wide(dv, t.panel());
    if (wideD != d) {
      long to = r[WIDE_QUERIES] + (long) block * QUERIES * wideD * size;
      t.widen(c.in(first), row * d * size, rows, d, m, to, wideD);
    }
    if (wideV != dv) {
      long to = r[WIDE_GRADIENTS] + (long) block * QUERIES * wideV * size;
      t.widen(c.in(0), row * dv * size, rows, dv, m, to, wideV);
    }
    clearQueries(op, c, t, block, row, rows, wideD);
  }

  private static void flag(Call c, int block, boolean finite) {
    c.scratch().set(ValueLayout.JAVA_LONG, c.registers()[FLAGS] + block * 8L, finite ? 1 : 0);
  }

  private static boolean keysFinite(Call c, int first, AttentionTile t, long head) {
    boolean finite = true;
    for (int i = first + 1; i <= first + 2; i++) {
      Shape s = c.inShape(i);
      long row = s.dim(3) * t.size();
      for (long j = 0; j < s.dim(2); j += QUERIES) {
        int n = (int) (Math.min(QUERIES, s.dim(2) - j) * s.dim(3));
        finite &= t.isFinite(c.in(i), (head * s.dim(2) + j) * row, n);
      }
    }
    return finite;
  }

  /// What the tile's queries have each: the greatest score in units, infinite where weights are 0,
  /// what weights relative to that are multiplied with, and `D - dlse`. Where one tile holds all
  /// keys, `D` is summed from the tile: then the gradient of a softmax over one key is exactly 0.
  private static boolean rows(
      AttentionGrad op, Call c, AttentionTile t, int block, long row, int rows, int counted) {
    MemorySegment m = c.scratch();
    long[] r = c.registers();
    int size = t.size();
    int dv = (int) c.inShape(0).dim(3);
    long topAt = r[TOP] + (long) block * QUERIES * size;
    long shareAt = r[SHARE] + (long) block * QUERIES * size;
    long deltaAt = r[DELTA] + (long) block * QUERIES * size;
    t.fill(m, topAt, QUERIES, Double.POSITIVE_INFINITY);
    t.fill(m, shareAt, QUERIES, 0);
    t.fill(m, deltaAt, QUERIES, 0);
    boolean finite = true;
    for (int i = 0; i < rows; i++) {
      double top = t.get(c.in(op.result() + 1), (row + i) * size);
      double total = t.get(c.in(op.result() + 2), (row + i) * size);
      if (total == 0) {
        continue;
      }
      long at = (row + i) * dv * size;
      boolean product = i < counted && r[AttentionGradPlan.ONE_TILE] == 0;
      double delta = product ? t.dot(c.in(0), at, c.in(op.result()), at, dv) : 0;
      delta -= op.lse() ? t.get(c.in(1), (row + i) * size) : 0;
      t.set(m, topAt + (long) i * size, top * t.unit());
      double rounded = t.get(m, topAt + (long) i * size) / t.unit();
      t.set(m, shareAt + (long) i * size, Math.exp(rounded - top) / total);
      t.set(m, deltaAt + (long) i * size, delta);
      finite &= Double.isFinite(top) && Double.isFinite(total) && Double.isFinite(delta);
    }
    return finite;
  }

  /// Byte offset of the gradient of a tile's queries of group `group`, or -1 where it is the
  /// output's own memory.
  static long queryGradients(AttentionGrad op, Call c, AttentionTile t, long tile, long group) {
    long[] r = c.registers();
    if (r[QUERY_GRADIENTS] == r[WIDE_QUERIES]) {
      return -1;
    }
    Shape q = c.inShape(op.first());
    long wide = AttentionPlan.wide(q.dim(3), t.panel());
    long tiles = q.dim(0) * q.dim(1) * AttentionRules.blocks(q.dim(2));
    return r[QUERY_GRADIENTS] + (group * tiles + tile) * QUERIES * wide * t.size();
  }

  private static void clearQueries(
      AttentionGrad op, Call c, AttentionTile t, int block, long row, int rows, int wide) {
    if (queryGradients(op, c, t, block, 0) < 0) {
      Lanes.clear(c.out(0), row * wide * t.size(), (long) rows * wide * t.size());
      return;
    }
    for (long g = 0; g < c.registers()[GROUPS]; g++) {
      long at = queryGradients(op, c, t, block, g);
      Lanes.clear(c.scratch(), at, (long) QUERIES * wide * t.size());
    }
  }

  /// Adds up the groups' gradients of a tile of queries and applies the scale.
  private static void queries(Call c, int block) {
    AttentionGrad op = (AttentionGrad) c.kernel();
    AttentionTile t = AttentionGradPlan.tile(op, c);
    Shape q = c.inShape(op.first());
    MemorySegment m = c.scratch();
    long perHead = AttentionRules.blocks(q.dim(2));
    long i0 = block % perHead * QUERIES;
    int rows = (int) Math.min(QUERIES, q.dim(2) - i0);
    int d = (int) q.dim(3);
    long row = (block / perHead * q.dim(2) + i0) * d * t.size();
    double scale = op.attention().scale();
    if (queryGradients(op, c, t, block, 0) < 0) {
      t.scale(c.out(0), row, rows * d, scale, c.out(0), row);
      return;
    }
    int wide = (int) AttentionPlan.wide(d, t.panel());
    long sum = queryGradients(op, c, t, block, 0);
    for (long g = 1; g < c.registers()[GROUPS]; g++) {
      t.sum(m, queryGradients(op, c, t, block, g), rows * wide, m, sum);
    }
    for (int i = 0; i < rows; i++) {
      long from = sum + (long) i * wide * t.size();
      t.scale(m, from, d, scale, c.out(0), row + (long) i * d * t.size());
    }
  }

  /// Keys of a tile that begins at key `j`.
  static int keys(Call c, long all, long j) {
    return (int) Math.min(c.registers()[KEYS], all - j);
  }
}
