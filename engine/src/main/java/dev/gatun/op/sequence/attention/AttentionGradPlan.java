package dev.gatun.op.sequence.attention;

import static dev.gatun.op.sequence.attention.AttentionPlan.QUERIES;

import dev.gatun.cpu.simd.AttentionTile;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import java.util.List;

/// How the gradient of attention is cut, and where things lie in its work memory; numbers of one
/// call, kept in its registers.
///
/// A block of work owns some heads' keys: all of a key head's, or a group of its tiles of keys
/// where there are few heads. It writes the gradients of its keys and values itself and adds those
/// of queries to a copy of its group's own; the copies are added in order. So no two blocks write
/// the same memory, whatever the number of threads. Blocks that share a bias are one block.
final class AttentionGradPlan {
  // Registers: byte offsets in work memory.
  static final int PANELS = 0;
  static final int GRADIENT_PANELS = 1;
  static final int TOP = 2;
  static final int DELTA = 3;
  static final int RUNS = 4;
  static final int FLAGS = 5;
  static final int QUERY_GRADIENTS = 6;
  static final int WIDE_QUERIES = 7;
  static final int WIDE_GRADIENTS = 8;
  static final int ROW_SUMS = 9;
  static final int DIAGONALS = 10;
  static final int WORKERS = 11;

  // Registers: numbers.
  static final int GROUPS = 12;
  static final int KEYS = 13;
  static final int BATCHES = 14;
  static final int HEADS = 15;
  static final int PER_WORKER = 16;

  /// Register of a byte offset: weights are multiplied with it.
  static final int SHARE = 17;

  /// Register: 1 where all keys are one tile.
  static final int ONE_TILE = 18;

  /// Blocks of work wanted, so that a few threads share them evenly.
  private static final long BLOCKS = 8;

  /// Bytes of the runs and bounds of a tile of queries.
  static final long RUNS_BYTES = AttentionPlan.NEAR;

  private AttentionGradPlan() {}

  /// Fills the registers and returns the bytes of work memory.
  static long plan(
      AttentionGrad op,
      Shape q,
      Shape k,
      Shape v,
      Shape bias,
      long tables,
      DType t,
      int workers,
      long[] r) {
    int panel = AttentionPlan.tile(t).panel();
    long size = t.bytes();
    long d = AttentionPlan.wide(q.dim(3), panel);
    long dv = AttentionPlan.wide(v.dim(3), panel);
    long heads = q.dim(0) * q.dim(1);
    long tiles = heads * AttentionRules.blocks(q.dim(2));
    cut(op, q, k, bias, r);
    long at = lanes(tables, tiles, q, k, v, t, r);
    boolean direct = r[GROUPS] == 1 && d == q.dim(3);
    long rows = tiles * QUERIES * size;
    at = next(r, QUERY_GRADIENTS, at, direct ? 0 : r[GROUPS] * rows * d);
    at = next(r, WIDE_QUERIES, at, d == q.dim(3) ? 0 : rows * d);
    at = next(r, WIDE_GRADIENTS, at, dv == v.dim(3) ? 0 : rows * dv);
    at = next(r, ROW_SUMS, at, sumsRows(op) ? r[GROUPS] * rows : 0);
    long diagonals = heads * AttentionPlan.tableLength(q, k) * size;
    int wanted =
        (op.output(Operand.RELATIVE) >= 0 ? 1 : 0) + (op.output(Operand.FACTOR) >= 0 ? 1 : 0);
    at = next(r, DIAGONALS, at, wanted * r[GROUPS] * diagonals);
    r[PER_WORKER] =
        AttentionPlan.TILES
                + 5 * AttentionPlan.tileBytes(t)
                + AttentionPlan.KEYS * (2 * d + dv) * size
                + 63
            & -64;
    return next(r, WORKERS, at, workers * r[PER_WORKER]);
  }

  /// Places what each tile of queries has, and returns the end.
  private static long lanes(long from, long tiles, Shape q, Shape k, Shape v, DType t, long[] r) {
    long size = t.bytes();
    long at = from;
    at = next(r, PANELS, at, tiles * QUERIES * q.dim(3) * size);
    at = next(r, GRADIENT_PANELS, at, tiles * QUERIES * v.dim(3) * size);
    at = next(r, TOP, at, tiles * QUERIES * size);
    at = next(r, SHARE, at, tiles * QUERIES * size);
    at = next(r, DELTA, at, tiles * QUERIES * size);
    at = next(r, RUNS, at, tiles * RUNS_BYTES);
    return next(r, FLAGS, at, 8 * (tiles + q.dim(0) * k.dim(1)));
  }

  /// How many blocks of work there are, and keys in a tile.
  private static void cut(AttentionGrad op, Shape q, Shape k, Shape bias, long[] r) {
    boolean shared = op.output(Operand.BIAS) >= 0 && TileScores.stride(bias, 1) != 0;
    r[BATCHES] = shared && TileScores.stride(bias, 4) == 0 ? 1 : q.dim(0);
    r[HEADS] = shared && TileScores.stride(bias, 3) == 0 ? 1 : k.dim(1);
    r[KEYS] = op.attention().has(Operand.BLOCKS) ? Attention.BLOCK : AttentionPlan.KEYS;
    long keyTiles = (k.dim(2) + r[KEYS] - 1) / r[KEYS];
    long units = Math.max(1, r[BATCHES] * r[HEADS]);
    r[ONE_TILE] = keyTiles == 1 ? 1 : 0;
    r[GROUPS] = Math.max(1, Math.min(keyTiles, (BLOCKS + units - 1) / units));
  }

  private static long next(long[] r, int register, long at, long bytes) {
    r[register] = at;
    return at + bytes + 63 & -64;
  }

  /// Whether sums over keys are wanted.
  static boolean sumsRows(AttentionGrad op) {
    return op.output(Operand.DECAY) >= 0 || op.output(Operand.BIAS) >= 0;
  }

  static long scratch(AttentionGrad op, List<Spec> in, int workers) {
    List<Spec> inputs = in.subList(op.first(), in.size());
    Attention a = op.attention();
    Shape bias = a.has(Operand.BIAS) ? inputs.get(a.input(Operand.BIAS)).shape() : Shape.of();
    Spec q = inputs.get(Attention.Q);
    Shape k = inputs.get(Attention.K).shape();
    Shape v = inputs.get(Attention.V).shape();
    long tables = AttentionPlan.tables(a, inputs);
    return plan(op, q.shape(), k, v, bias, tables, q.dtype(), workers, new long[32]);
  }

  static void plan(AttentionGrad op, Call c, int workers) {
    int first = op.first();
    Attention a = op.attention();
    Shape bias = c.inShape(a.has(Operand.BIAS) ? first + a.input(Operand.BIAS) : first);
    plan(
        op,
        c.inShape(first),
        c.inShape(first + 1),
        c.inShape(first + 2),
        bias,
        AttentionSimd.tables(a, c, first),
        c.inSpec(first).dtype(),
        workers,
        c.registers());
  }

  static AttentionTile tile(AttentionGrad op, Call c) {
    return AttentionPlan.tile(c.inSpec(op.first()).dtype());
  }
}
