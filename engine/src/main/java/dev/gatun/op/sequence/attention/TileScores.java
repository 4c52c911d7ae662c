package dev.gatun.op.sequence.attention;

import dev.gatun.cpu.simd.AttentionTile;
import dev.gatun.cpu.simd.PhiloxLanes;
import dev.gatun.op.Call;
import dev.gatun.op.random.Bernoulli;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import java.lang.foreign.MemorySegment;

/// From products of queries and keys to scores, on one tile: cap, what operands add, what is
/// hidden. Also the factors after the softmax. All are passes over a tile in the first-level cache
/// and run only where the attention has them.
final class TileScores {
  private TileScores() {}

  /// Factor on the queries: scores come out of the product in units, or natural where they are
  /// capped.
  static double factor(Attention op, AttentionTile t) {
    return op.softcap() > 0 ? op.scale() : op.scale() * t.unit();
  }

  /// What the queries of a tile have for all keys: slopes, decay at their positions, bias.
  static void perQuery(
      Attention op,
      Call c,
      int first,
      AttentionTile t,
      long b,
      long h,
      long i0,
      int rows,
      long mine) {
    MemorySegment m = c.scratch();
    int size = t.size();
    int queries = AttentionPlan.QUERIES;
    if (op.has(Operand.SLOPES)) {
      int in = first + op.input(Operand.SLOPES);
      long at = (c.inShape(in).rank() == 2 ? b * c.inShape(first).dim(1) : 0) + h;
      t.fill(m, mine + AttentionPlan.SLOPES, queries, t.get(c.in(in), at * size));
    }
    if (op.has(Operand.DECAY)) {
      decay(op, c, first, t, b, h, i0, rows, mine);
    }
    if (op.has(Operand.BIAS)) {
      t.fill(m, mine + AttentionPlan.BIAS, queries, 0);
      int in = first + op.input(Operand.BIAS);
      Shape s = c.inShape(in);
      long row = stride(s, 2);
      if (stride(s, 1) == 0 && row != 0) {
        long at = element(s, c.inShape(first), b, h);
        for (int r = 0; r < rows; r++) {
          double v = t.get(c.in(in), (at + (i0 + r) * row) * size);
          t.set(m, mine + AttentionPlan.BIAS + (long) r * size, v);
        }
      } else if (stride(s, 1) == 0) {
        double v = t.get(c.in(in), element(s, c.inShape(first), b, h) * size);
        t.fill(m, mine + AttentionPlan.BIAS, queries, v);
      }
    }
  }

  private static void decay(
      Attention op,
      Call c,
      int first,
      AttentionTile t,
      long b,
      long h,
      long i0,
      int rows,
      long mine) {
    long at = (b * c.inShape(first).dim(1) + h) * c.inShape(first + 1).dim(2);
    MemorySegment m = c.scratch();
    t.fill(m, mine + AttentionPlan.DECAY, AttentionPlan.QUERIES, 0);
    for (int r = 0; r < rows; r++) {
      long j = decayed(op, c, first, b, i0 + r);
      double v = j < 0 ? 0 : t.get(c.in(first + op.input(Operand.DECAY)), (at + j) * t.size());
      t.set(m, mine + AttentionPlan.DECAY + (long) r * t.size(), v);
    }
  }

  /// Key whose decay query `i` has, or -1 where there are none.
  static long decayed(Attention op, Call c, int first, long b, long i) {
    long sk = c.inShape(first + 1).dim(2);
    return sk == 0 ? -1 : Math.clamp(position(op, c, first, b, i), 0L, sk - 1);
  }

  /// Position of query `i` of batch `b`.
  static long position(Attention op, Call c, int first, long b, long i) {
    long sq = VisibleRuns.length(op, c, first, Operand.QUERY_LENGTHS, b, c.inShape(first).dim(2));
    long sk = VisibleRuns.length(op, c, first, Operand.KEY_LENGTHS, b, c.inShape(first + 1).dim(2));
    return op.mask().position(i, sq, sk);
  }

  /// Stride in elements of the axis `fromEnd` (1 is the last) of an input repeated to `[B, H, Sq,
  /// Sk]`.
  static long stride(Shape s, int fromEnd) {
    if (fromEnd > s.rank() || s.dim(-fromEnd) == 1) {
      return 0;
    }
    long stride = 1;
    for (int a = 1; a < fromEnd; a++) {
      stride *= s.dim(-a);
    }
    return stride;
  }

  /// Element of such an input for the first query and key of a head.
  static long element(Shape s, Shape q, long b, long h) {
    return b * stride(s, 4) + h * stride(s, 3);
  }

  /// Products at `at` become scores, -inf where hidden. `runs` is where the runs of the queries
  /// lie, `slopeAt` where the slopes of the cap go, or -1.
  static void scores(
      Attention op,
      Call c,
      int first,
      AttentionTile t,
      long b,
      long h,
      long i0,
      int rows,
      int columns,
      long j,
      int n,
      long mine,
      long runs,
      long at,
      long slopeAt) {
    MemorySegment m = c.scratch();
    if (op.softcap() > 0) {
      t.softcap(m, at, n, columns, op.softcap(), slopeAt);
    }
    if (!op.operands().isEmpty()) {
      added(op, c, first, t, b, h, i0, rows, columns, j, n, mine, at);
    }
    if (!VisibleRuns.all(m, runs, j, j + n)) {
      near(t, m, 0, rows, columns, j, n, mine, runs);
      t.hide(m, at, n, columns, m, mine + AttentionPlan.NEAR);
    }
    if (op.has(Operand.VISIBLE)) {
      int in = first + op.input(Operand.VISIBLE);
      Shape s = c.inShape(in);
      long row = stride(s, 2);
      long step = stride(s, 1);
      long from = element(s, c.inShape(first), b, h) + i0 * row + j * step;
      t.hideTransposed(m, at, n, rows, c.in(in), from, row, step);
    }
  }

  /// The runs' ends as elements, relative to key `j`, of `lanes` queries from number `from` on;
  /// empty runs up to `columns`.
  static void near(
      AttentionTile t,
      MemorySegment m,
      int from,
      int lanes,
      int columns,
      long j,
      int n,
      long mine,
      long runs) {
    for (int which = 0; which < 4; which++) {
      long at = mine + AttentionPlan.NEAR + (long) which * AttentionPlan.QUERIES * t.size();
      for (int r = from; r < from + columns; r++) {
        long end = r < from + lanes ? VisibleRuns.near(m, runs, which, r, j, n) : 0;
        t.set(m, at + (long) r * t.size(), (double) end);
      }
    }
  }

  private static void added(
      Attention op,
      Call c,
      int first,
      AttentionTile t,
      long b,
      long h,
      long i0,
      int rows,
      int columns,
      long j,
      int n,
      long mine,
      long at) {
    MemorySegment m = c.scratch();
    long size = t.size();
    if (op.has(Operand.BIAS)) {
      bias(op, c, first, t, b, h, i0, rows, columns, j, n, mine, at);
    }
    if (op.has(Operand.SLOPES)) {
      for (int r = 0; r < columns; r++) {
        double p = (double) (position(op, c, first, b, i0 + r) - j);
        t.set(m, mine + AttentionPlan.POSITIONS + r * size, p);
      }
      t.alibi(m, at, n, columns, m, mine + AttentionPlan.SLOPES, mine + AttentionPlan.POSITIONS);
    }
    if (op.has(Operand.DECAY)) {
      long heads = b * c.inShape(first).dim(1) + h;
      long from = (heads * c.inShape(first + 1).dim(2) + j) * size;
      MemorySegment decay = c.in(first + op.input(Operand.DECAY));
      t.add(m, at, n, columns, m, mine + AttentionPlan.DECAY, decay, from, -1);
    }
    if (op.has(Operand.RELATIVE)) {
      t.addDiagonals(m, at, n, columns, m, diagonals(op, Operand.RELATIVE, c, first, b, h, i0, j));
    }
  }

  /// Byte offset of the element of a table for query `i0` and key `j`.
  static long diagonals(
      Attention op, Operand o, Call c, int first, long b, long h, long i0, long j) {
    long distance = position(op, c, first, b, i0) - j;
    return AttentionPlan.table(op, o, c, first, h) + distance * c.inSpec(first).dtype().bytes();
  }

  private static void bias(
      Attention op,
      Call c,
      int first,
      AttentionTile t,
      long b,
      long h,
      long i0,
      int rows,
      int columns,
      long j,
      int n,
      long mine,
      long at) {
    MemorySegment m = c.scratch();
    int in = first + op.input(Operand.BIAS);
    Shape s = c.inShape(in);
    long row = stride(s, 2);
    long step = stride(s, 1);
    long from = (element(s, c.inShape(first), b, h) + i0 * row + j * step) * t.size();
    if (step == 0) {
      long zeros = mine + AttentionPlan.ZEROS;
      t.add(m, at, n, columns, m, mine + AttentionPlan.BIAS, m, zeros, 1);
    } else if (row == 0) {
      t.add(m, at, n, columns, m, mine + AttentionPlan.BIAS, c.in(in), from, 1);
    } else {
      t.addTransposed(m, at, n, rows, c.in(in), from, row * t.size());
    }
  }

  /// Adds a bias by key to scores at `at`, of keys from `j` on and the panel of queries from number
  /// `from` on.
  static void keyBias(
      Attention op,
      Call c,
      AttentionTile t,
      long head,
      long j,
      int n,
      long mine,
      int from,
      long at) {
    int in = op.input(Operand.BIAS);
    Shape s = c.inShape(in);
    Shape q = c.inShape(Attention.Q);
    long step = stride(s, 1);
    MemorySegment m = c.scratch();
    MemorySegment x = step == 0 ? m : c.in(in);
    long first = element(s, q, head / q.dim(1), head % q.dim(1)) + j * step;
    long xAt = step == 0 ? mine + AttentionPlan.ZEROS : first * t.size();
    long lanes = mine + AttentionPlan.BIAS + (long) from * t.size();
    t.add(m, at, n, t.panel(), m, lanes, x, xAt, 1);
  }

  /// Whether weights are multiplied after the softmax.
  static boolean weighs(Attention op) {
    return op.dropout() > 0 || op.has(Operand.FACTOR);
  }

  /// The factors of dropout of a tile.
  static void dropped(
      Attention op,
      Call c,
      int first,
      AttentionTile t,
      long b,
      long h,
      long i0,
      long j,
      int n,
      long mine,
      long at) {
    MemorySegment m = c.scratch();
    Shape q = c.inShape(first);
    long groups = AttentionRules.blocks(q.dim(2));
    long heads = b * q.dim(1) + h;
    long sk = c.inShape(first + 1).dim(2);
    long threshold = Bernoulli.threshold(op.dropout());
    double above = 1 / (1 - op.dropout());
    long words = mine + AttentionPlan.WORDS;
    for (int r = 0; r < n; r++) {
      long group = (heads * sk + j + r) * groups + i0 / AttentionPlan.QUERIES;
      PhiloxLanes.fill(op.seed(), group, 1, m, words);
      t.drop(m, words, m, at + (long) r * AttentionPlan.QUERIES * t.size(), threshold, above);
    }
  }

  /// Writes the table of head `h` of an operand, by distance of query and key from the least on.
  static void table(Attention op, Operand o, Call c, int first, AttentionTile t, long h) {
    Shape q = c.inShape(first);
    Shape k = c.inShape(first + 1);
    int in = first + op.input(o);
    long n = c.inShape(in).dim(1);
    long centre = AttentionPlan.tableCentre(q, k);
    long at = AttentionPlan.table(op, o, c, first, h) - centre * t.size();
    for (long x = 0, length = AttentionPlan.tableLength(q, k); x < length; x++) {
      long from = Math.clamp(n / 2 - (x - centre), 0L, n - 1);
      t.set(c.scratch(), at + x * t.size(), t.get(c.in(in), (h * n + from) * t.size()));
    }
  }

  /// Writes all tables.
  static void tables(Attention op, Call c, int first) {
    DType type = c.inSpec(first).dtype();
    for (Operand o : op.operands()) {
      if (o == Operand.RELATIVE || o == Operand.FACTOR) {
        long heads = c.inShape(first + op.input(o)).dim(0);
        for (long h = 0; h < heads; h++) {
          table(op, o, c, first, AttentionPlan.tile(type), h);
        }
      }
    }
  }
}
