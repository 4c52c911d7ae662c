package dev.gatun.op.sequence.attention;

import static dev.gatun.op.sequence.attention.AttentionGradPlan.DELTA;
import static dev.gatun.op.sequence.attention.AttentionGradPlan.DIAGONALS;
import static dev.gatun.op.sequence.attention.AttentionGradPlan.GROUPS;
import static dev.gatun.op.sequence.attention.AttentionGradPlan.ROW_SUMS;
import static dev.gatun.op.sequence.attention.AttentionPlan.QUERIES;

import dev.gatun.cpu.simd.AttentionTile;
import dev.gatun.op.Call;
import dev.gatun.tensor.Shape;
import java.lang.foreign.MemorySegment;

/// Gradients of the operands of attention: what each tile of score gradients adds, and the sums at
/// the end, which a single thread does, in double.
final class OperandGradients {
  private OperandGradients() {}

  /// Adds a tile of gradients of scores, at `ds`.
  static void tile(
      AttentionGrad op,
      Call c,
      AttentionTile t,
      long b,
      long h,
      long i0,
      long tile,
      int rows,
      int columns,
      long j,
      int n,
      long group,
      long ds) {
    if (op.wanted().isEmpty()) {
      return;
    }
    MemorySegment m = c.scratch();
    int size = t.size();
    if (AttentionGradPlan.sumsRows(op)) {
      t.sumColumns(m, ds, n, columns, m, rowSums(op, c, t, tile, group));
    }
    if (op.output(Operand.DECAY) >= 0) {
      Shape k = c.inShape(op.first() + 1);
      long at = (b * c.inShape(op.first()).dim(1) + h) * k.dim(2) + j;
      addRowSums(c.out(op.output(Operand.DECAY)), at * size, t, m, ds, rows, n, -1);
    }
    if (op.output(Operand.RELATIVE) >= 0) {
      diagonals(op, Operand.RELATIVE, c, t, b, h, i0, rows, j, n, group, ds);
    }
    if (op.output(Operand.BIAS) >= 0) {
      bias(op, c, t, b, h, i0, rows, j, n, ds);
    }
  }

  private static void bias(
      AttentionGrad op,
      Call c,
      AttentionTile t,
      long b,
      long h,
      long i0,
      int rows,
      long j,
      int n,
      long ds) {
    MemorySegment m = c.scratch();
    int size = t.size();
    Shape s = c.outShape(op.output(Operand.BIAS));
    long row = TileScores.stride(s, 2);
    long step = TileScores.stride(s, 1);
    long at = TileScores.element(s, c.inShape(op.first()), b, h) + i0 * row + j * step;
    MemorySegment out = c.out(op.output(Operand.BIAS));
    if (step != 0 && row == 0) {
      addRowSums(out, at * size, t, m, ds, rows, n, 1);
    } else if (step != 0) {
      t.sumTransposed(m, ds, n, rows, out, at * size, row * size);
    }
  }

  /// `out[j] += sign sum_i ds[j, i]`
  private static void addRowSums(
      MemorySegment out,
      long at,
      AttentionTile t,
      MemorySegment m,
      long ds,
      int rows,
      int n,
      double sign) {
    for (int i = 0; i < n; i++) {
      double sum = t.sumRow(m, ds + (long) i * QUERIES * t.size(), rows);
      t.set(out, at + (long) i * t.size(), t.get(out, at + (long) i * t.size()) + sign * sum);
    }
  }

  private static long rowSums(AttentionGrad op, Call c, AttentionTile t, long tile, long group) {
    Shape q = c.inShape(op.first());
    long tiles = q.dim(0) * q.dim(1) * AttentionRules.blocks(q.dim(2));
    return c.registers()[ROW_SUMS] + (group * tiles + tile) * QUERIES * t.size();
  }

  /// Byte offset of the sums by distance, at distance 0.
  private static long centre(
      AttentionGrad op, Operand o, Call c, AttentionTile t, long head, long group) {
    Shape q = c.inShape(op.first());
    Shape k = c.inShape(op.first() + 1);
    long heads = q.dim(0) * q.dim(1);
    long[] r = c.registers();
    boolean second = o == Operand.FACTOR && op.output(Operand.RELATIVE) >= 0;
    long table = (second ? r[GROUPS] * heads : 0) + group * heads + head;
    long at = table * AttentionPlan.tableLength(q, k) + AttentionPlan.tableCentre(q, k);
    return r[DIAGONALS] + at * t.size();
  }

  /// Adds a tile to the sums by distance.
  static void diagonals(
      AttentionGrad op,
      Operand o,
      Call c,
      AttentionTile t,
      long b,
      long h,
      long i0,
      int rows,
      long j,
      int n,
      long group,
      long ds) {
    long head = b * c.inShape(op.first()).dim(1) + h;
    long distance = TileScores.position(op.attention(), c, op.first(), b, i0) - j;
    long at = centre(op, o, c, t, head, group) + distance * t.size();
    t.sumDiagonals(c.scratch(), ds, n, rows, c.scratch(), at);
  }

  /// The sums at the end.
  static void write(AttentionGrad op, Call c) {
    AttentionTile t = AttentionGradPlan.tile(op, c);
    for (Operand o : op.wanted()) {
      switch (o) {
        case SINK -> sinks(op, c, t);
        case DECAY, BIAS -> perQuery(op, o, c, t);
        case RELATIVE, FACTOR -> distances(op, o, c, t);
        case QUERY_LENGTHS, KEY_LENGTHS, RUNS, BLOCKS, VISIBLE, SLOPES -> {}
      }
    }
  }

  private static void sinks(AttentionGrad op, Call c, AttentionTile t) {
    Shape q = c.inShape(op.first());
    int in = op.first() + op.attention().input(Operand.SINK);
    int out = op.output(Operand.SINK);
    int size = t.size();
    for (long h = 0; h < q.dim(1); h++) {
      double sink = t.get(c.in(in), h * size);
      double sum = 0;
      for (long b = 0; b < q.dim(0); b++) {
        long head = b * q.dim(1) + h;
        for (long i = 0; i < q.dim(2); i++) {
          long at = (head * q.dim(2) + i) * size;
          double top = t.get(c.in(op.result() + 1), at);
          double total = t.get(c.in(op.result() + 2), at);
          double delta = t.get(c.scratch(), lane(op, c, c.registers()[DELTA], head, i, size));
          sum -= total == 0 ? 0 : Math.exp(sink - top) / total * delta;
        }
      }
      t.set(c.out(out), h * size, sum);
    }
  }

  /// Element of query `i` in rows of tiles from `base` on.
  private static long lane(AttentionGrad op, Call c, long base, long head, long i, int size) {
    long tiles = AttentionRules.blocks(c.inShape(op.first()).dim(2));
    return base + ((head * tiles + i / QUERIES) * QUERIES + i % QUERIES) * size;
  }

  /// What all keys of a query have in common: the decay at its position, or a bias of one column.
  private static void perQuery(AttentionGrad op, Operand o, Call c, AttentionTile t) {
    Shape q = c.inShape(op.first());
    Shape s = c.outShape(op.output(o));
    if (o == Operand.BIAS && TileScores.stride(s, 1) != 0) {
      return;
    }
    MemorySegment out = c.out(op.output(o));
    int size = t.size();
    long tiles = AttentionRules.blocks(q.dim(2));
    for (long head = 0; head < q.dim(0) * q.dim(1); head++) {
      long b = head / q.dim(1);
      for (long i = 0; i < q.dim(2); i++) {
        double sum = 0;
        for (long g = 0; g < c.registers()[GROUPS]; g++) {
          long at = rowSums(op, c, t, head * tiles + i / QUERIES, g);
          sum += t.get(c.scratch(), at + i % QUERIES * size);
        }
        long to =
            o == Operand.BIAS
                ? TileScores.element(s, q, b, head % q.dim(1)) + i * TileScores.stride(s, 2)
                : head * s.dim(2) + TileScores.decayed(op.attention(), c, op.first(), b, i);
        if (s.elems() > 0) {
          t.set(out, to * size, t.get(out, to * size) + sum);
        }
      }
    }
  }

  private static void distances(AttentionGrad op, Operand o, Call c, AttentionTile t) {
    Shape q = c.inShape(op.first());
    Shape k = c.inShape(op.first() + 1);
    Shape s = c.outShape(op.output(o));
    long n = s.dim(1);
    long least = -AttentionPlan.tableCentre(q, k);
    long most = least + AttentionPlan.tableLength(q, k) - 1;
    for (long h = 0; h < s.dim(0); h++) {
      for (long e = 0; e < n; e++) {
        long x = n / 2 - e;
        long from = Math.clamp(e == n - 1 ? least : x, least, most + 1);
        long to = Math.clamp(e == 0 ? most : x, least - 1, most);
        double sum = 0;
        for (long head = 0; head < q.dim(0) * q.dim(1); head++) {
          boolean mine = s.dim(0) == 1 || head % q.dim(1) == h;
          for (long g = 0; mine && g < c.registers()[GROUPS]; g++) {
            sum += sum(c, t, centre(op, o, c, t, head, g), from, to);
          }
        }
        t.set(c.out(op.output(o)), (h * n + e) * t.size(), sum);
      }
    }
  }

  private static double sum(Call c, AttentionTile t, long centre, long from, long to) {
    double sum = 0;
    for (long x = from; x <= to; x++) {
      sum += t.get(c.scratch(), centre + x * t.size());
    }
    return sum;
  }
}
