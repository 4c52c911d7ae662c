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
  private static final Workers.Body NORMS = (c, phase, block, worker) -> squares(c, block);
  private static final Workers.Body BIASES = (c, phase, block, worker) -> biases(c, block);
  private static final Workers.Body BLOCK = (c, phase, block, worker) -> block(c, block, worker);

  /// Register of where workers' memory begins, after the tables.
  private static final int BASE = 0;

  /// Register of where the greatest squares of keys lie, or 0 where scores are not products, or
  /// those and a bias by key.
  private static final int SQUARES = 1;

  /// Register of where the greatest such biases lie.
  private static final int GREATEST_BIASES = 2;

  /// Most units by which a score may exceed 0: the least weight is then `2^-120`, in F64 more.
  private static final double BOUND = 60;

  /// Squares are sums rounded in any direction.
  private static final double ROUNDED_UP = 1 + 1e-4;

  private AttentionSimd() {}

  static void run(Attention op, Call c, Workers w) {
    if (AttentionDecodeSimd.applies(op, c)) {
      AttentionDecodeSimd.run(op, c, w);
      return;
    }
    Shape q = c.inShape(Attention.Q);
    c.kernel(op);
    long tables = tables(op, c, 0);
    Shape k = c.inShape(Attention.K);
    int keyHeads = Math.toIntExact(k.dim(0) * k.dim(1));
    c.registers()[SQUARES] = 0;
    long squares = AttentionPlan.squares(k, c.dtype());
    long biasHeads = biasHeads(op, c);
    long biases = AttentionPlan.biases(biasHeads, k, c.dtype());
    c.registers()[BASE] = tables + squares + biases;
    if (boundable(op, biasHeads) && q.dim(2) >= QUERIES && keyHeads > 0) {
      c.registers()[SQUARES] = tables + 64;
      w.run(NORMS, c, 0, keyHeads);
      c.registers()[GREATEST_BIASES] = tables + squares;
      w.run(BIASES, c, 0, Math.toIntExact(biasHeads));
    }
    TileScores.tables(op, c, 0);
    long tiles = AttentionRules.blocks(q.dim(2));
    w.run(BLOCK, c, 0, Math.toIntExact(q.dim(0) * q.dim(1) * tiles));
  }

  private static long biasHeads(Attention op, Call c) {
    return op.has(Operand.BIAS) ? AttentionPlan.biasHeads(c.inShape(op.input(Operand.BIAS))) : 0;
  }

  /// Whether scores are products alone, or those and a bias by key.
  private static boolean boundable(Attention op, long biasHeads) {
    for (Operand o : op.operands()) {
      switch (o) {
        case QUERY_LENGTHS, KEY_LENGTHS, RUNS, BLOCKS, FACTOR -> {}
        case BIAS -> {
          if (biasHeads == 0) {
            return false;
          }
        }
        case VISIBLE, SINK, SLOPES, DECAY, RELATIVE -> {
          return false;
        }
      }
    }
    return op.softcap() == 0 && !op.maxLogits();
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
    boolean bounded = bound(op, c, t, head, from, rows, mine);
    boolean cuts = bounded && !TileScores.weighs(op) && v.dim(3) % t.panel() == 0;
    long j = VisibleRuns.next(m, mine, 0);
    while (j != Long.MAX_VALUE) {
      long end = VisibleRuns.stretch(m, mine, j);
      long each = each(end - j);
      for (long at = j; at < end; ) {
        long stop = stop(op, c, 0, b, h, i0, at, Math.min(end, at + each));
        if (stop > at) {
          int n = (int) (stop - at);
          if (cuts && !VisibleRuns.all(m, mine, at, stop)) {
            cut(op, c, t, head, rows, at, n, mine);
          } else {
            tile(op, c, t, b, h, i0, rows, columns, at, n, bounded, mine);
          }
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

  /// Keys of a tile of a stretch of `n`: tiles of one size, in whole register tiles.
  private static long each(long n) {
    long tiles = (n + KEYS - 1) / KEYS;
    return Math.min(KEYS, ((n + tiles - 1) / tiles + 5) / 6 * 6);
  }

  /// Sets the greatest score that each query can have, `|q| max |k|` over the keys up to its last
  /// by Cauchy and Schwarz and the greatest finite bias of those keys, where that is so little that
  /// no weight relative to it is too small a number. True if it is for all: maxima need not be
  /// looked for then, and no sum changes as they grow, which is a tenth of the time. Where it is
  /// not, the others' maxima stay as they are here, so that no query's bits depend on another's, or
  /// on keys that it does not see.
  private static boolean bound(
      Attention op, Call c, AttentionTile t, long head, long at, int rows, long mine) {
    if (c.registers()[SQUARES] == 0) {
      return false;
    }
    Shape q = c.inShape(Attention.Q);
    Shape k = c.inShape(Attention.K);
    int d = (int) q.dim(3);
    int size = t.size();
    MemorySegment m = c.scratch();
    long squares = c.registers()[SQUARES] + keyHead(q, k, head) * k.dim(2) * size;
    double factor = Math.abs(op.scale()) * t.unit() * ROUNDED_UP;
    long biases = c.registers()[GREATEST_BIASES] + biasHead(op, c, head) * k.dim(2) * size;
    boolean biased = op.has(Operand.BIAS);
    long state = mine + STATE;
    boolean all = true;
    for (int r = 0; r < rows; r++) {
      long end = VisibleRuns.last(m, mine, r);
      t.greatestSquares(
          c.in(Attention.Q), at + (long) r * d * size, 1, d, m, mine + AttentionPlan.SUMS);
      double square = t.get(m, mine + AttentionPlan.SUMS);
      double keys = end < 0 ? 0 : t.get(m, squares + end * size);
      double most = Math.sqrt(square) * Math.sqrt(keys) * factor;
      if (biased && end >= 0) {
        most += t.get(m, biases + end * size) * t.unit() * ROUNDED_UP;
      }
      boolean bounded = most <= BOUND;
      if (bounded) {
        t.set(m, state + (long) r * size, most);
      }
      all &= bounded;
    }
    for (int r = rows; r < QUERIES; r++) {
      t.set(m, state + (long) r * size, 0);
    }
    if (all) {
      t.fill(m, state + (long) QUERIES * size, QUERIES, 1);
    }
    return all;
  }

  private static void squares(Call c, int block) {
    AttentionTile t = AttentionPlan.tile(c.dtype());
    Shape k = c.inShape(Attention.K);
    int d = (int) k.dim(3);
    long row = block * k.dim(2);
    long to = c.registers()[SQUARES] + row * t.size();
    t.greatestSquares(c.in(Attention.K), row * d * t.size(), k.dim(2), d, c.scratch(), to);
  }

  /// The biases that head `head` of all batches has.
  private static long biasHead(Attention op, Call c, long head) {
    if (!op.has(Operand.BIAS)) {
      return 0;
    }
    Shape s = c.inShape(op.input(Operand.BIAS));
    long heads = c.inShape(Attention.Q).dim(1);
    long each = TileScores.stride(s, 3) == 0 ? 1 : heads;
    return (TileScores.stride(s, 4) == 0 ? 0 : head / heads * each)
        + (each == 1 ? 0 : head % heads);
  }

  /// Greatest absolute bias up to each key. Keys of a bias of -inf have no weight, whatever others
  /// are.
  private static void biases(Call c, int block) {
    Attention op = (Attention) c.kernel();
    AttentionTile t = AttentionPlan.tile(c.dtype());
    int in = op.input(Operand.BIAS);
    long step = TileScores.stride(c.inShape(in), 1);
    long keys = c.inShape(Attention.K).dim(2);
    long to = c.registers()[GREATEST_BIASES] + block * keys * t.size();
    long from = step == 0 ? block : block * keys;
    double most = 0;
    for (long j = 0; j < keys; j++) {
      double b = t.get(c.in(in), (from + j * step) * t.size());
      most = b == Double.NEGATIVE_INFINITY ? most : Math.max(most, Math.abs(b));
      t.set(c.scratch(), to + j * t.size(), most);
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
    t.fill(m, mine + AttentionPlan.ZEROS, AttentionPlan.KEYS, 0);
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
      boolean bounded,
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
        c.in(Attention.K), key * d * size, (long) d * size, n, m, panels, d, columns, m, scores);
    TileScores.scores(op, c, 0, t, b, h, i0, rows, columns, j, n, mine, mine, scores, -1);
    if (bounded) {
      boolean hidden = op.has(Operand.BIAS) || !VisibleRuns.all(m, mine, j, j + n);
      t.boundedSoftmax(m, scores, n, columns, hidden, m, mine + STATE);
    } else {
      t.softmax(m, scores, n, columns, m, mine + STATE);
    }
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
    if (!bounded) {
      t.scaleRows(m, factors, rows, wide, m, sums, row);
    }
    t.addColumns(m, scores, rows, values, valuesAt, row, n, wide, m, sums, row);
  }

  /// A tile that the mask cuts through, panel by panel of queries: each over the keys that its own
  /// queries reach.
  private static void cut(
      Attention op, Call c, AttentionTile t, long head, int rows, long j, int n, long mine) {
    MemorySegment m = c.scratch();
    Shape q = c.inShape(Attention.Q);
    Shape v = c.inShape(Attention.V);
    int d = (int) q.dim(3);
    int dv = (int) v.dim(3);
    int size = t.size();
    int panel = t.panel();
    long key = keyHead(q, v, head) * v.dim(2);
    long panels = mine + AttentionPlan.TILES;
    long scores = AttentionPlan.scores(panels, d, c.dtype());
    long sums = scores + 2 * AttentionPlan.tileBytes(c.dtype());
    long row = (long) dv * size;
    for (int p = 0; p < rows; p += panel) {
      int lanes = Math.min(panel, rows - p);
      int from = VisibleRuns.reachBegin(m, mine, p, lanes, j, n);
      int k = VisibleRuns.reachEnd(m, mine, p, lanes, j, n) - from;
      if (k <= 0) {
        continue;
      }
      long first = key + j + from;
      long at = scores + ((long) from * QUERIES + p) * size;
      long queries = panels + (long) p * d * size;
      t.scores(
          c.in(Attention.K), first * d * size, (long) d * size, k, m, queries, d, panel, m, at);
      if (op.has(Operand.BIAS)) {
        TileScores.keyBias(op, c, t, head, j + from, k, mine, p, at);
      }
      boolean hidden = !VisibleRuns.all(m, mine, p, lanes, j + from, k);
      if (hidden) {
        TileScores.near(t, m, p, lanes, panel, j + from, k, mine, mine);
        t.hide(m, at, k, panel, m, mine + AttentionPlan.NEAR + (long) p * size);
      }
      long state = mine + STATE + (long) p * size;
      t.boundedSoftmax(m, at, k, panel, hidden || op.has(Operand.BIAS), m, state);
      t.addColumns(
          m, at, lanes, c.in(Attention.V), first * row, row, k, dv, m, sums + p * row, row);
    }
  }

  private static long keyHead(Shape q, Shape v, long head) {
    return head / q.dim(1) * v.dim(1) + head % q.dim(1) / (q.dim(1) / v.dim(1));
  }

  private static void finish(
      Attention op, Call c, AttentionTile t, long b, long row, int r, long mine, long sums) {
    MemorySegment m = c.scratch();
    Shape q = c.inShape(Attention.Q);
    int dv = (int) c.inShape(Attention.V).dim(3);
    int size = t.size();
    long state = mine + STATE + (long) r * size;
    double total = t.get(m, state + 2L * QUERIES * size);
    long at = sums + r * AttentionPlan.wide(dv, t.panel()) * size;
    long queries = VisibleRuns.length(op, c, 0, Operand.QUERY_LENGTHS, b, q.dim(2));
    boolean finite = Double.isFinite(total) && t.isFinite(m, at, dv);
    double max = t.get(m, state) / t.unit();
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
