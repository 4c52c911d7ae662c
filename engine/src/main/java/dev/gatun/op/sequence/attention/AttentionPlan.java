package dev.gatun.op.sequence.attention;

import dev.gatun.cpu.simd.AttentionTile;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import java.util.List;

/// Where things lie in the work memory of attention, in bytes. A worker's part has rows of
/// [AttentionTile#QUERIES] elements first, at fixed places for either type, then the tiles.
final class AttentionPlan {
  static final int QUERIES = AttentionTile.QUERIES;

  /// Keys of a tile: a multiple of the six rows of a register tile.
  static final int KEYS = 132;

  private static final long ROW = QUERIES * 8L;

  /// Ends of the runs of each query, as longs: four rows.
  static final long RUNS = 0;

  /// Least and greatest of them over the queries, as longs.
  static final long BOUNDS = RUNS + 4 * ROW;

  /// The runs' ends relative to a tile, as elements.
  static final long NEAR = BOUNDS + ROW;

  /// Maxima, factors and sums of the running softmax.
  static final long STATE = NEAR + 4 * ROW;

  /// ALiBi's slopes and positions.
  static final long SLOPES = STATE + 3 * ROW;

  static final long POSITIONS = SLOPES + ROW;

  /// What decay and bias add to all scores of a query.
  static final long DECAY = POSITIONS + ROW;

  static final long BIAS = DECAY + ROW;

  /// Words of the generator.
  static final long WORDS = BIAS + ROW;

  /// Sums over keys of a tile's score gradients.
  static final long SUMS = WORDS + ROW;

  /// Zeros, [#KEYS] of them.
  static final long ZEROS = SUMS + ROW;

  static final long TILES = ZEROS + 3 * ROW;

  private AttentionPlan() {}

  /// Elements of rows of `n` in whole panels.
  static long wide(long n, int panel) {
    return (n + panel - 1) / panel * panel;
  }

  private static long size(DType t) {
    return t.bytes();
  }

  static AttentionTile tile(DType t) {
    return t == DType.F32 ? AttentionTile.f32() : AttentionTile.f64();
  }

  /// Bytes of a tile.
  static long tileBytes(DType t) {
    return (long) KEYS * QUERIES * size(t);
  }

  // A worker of the forward pass: panels of queries, scores, factors of dropout, sums of values,
  // values in whole panels.

  static long scores(long panelsAt, long d, DType t) {
    return panelsAt + QUERIES * d * size(t);
  }

  static long perWorker(Attention op, Shape q, Shape v, DType t) {
    int panel = tile(t).panel();
    long wide = wide(v.dim(3), panel);
    return TILES
            + QUERIES * q.dim(3) * size(t)
            + 2 * tileBytes(t)
            + (QUERIES + KEYS) * wide * size(t)
            + 63
        & -64;
  }

  /// Elements of a table of diagonals of one head, and the one for distance 0.
  static long tableLength(Shape q, Shape k) {
    return 2 * tableCentre(q, k) + 2L * QUERIES;
  }

  static long tableCentre(Shape q, Shape k) {
    return q.dim(2) + k.dim(2) + KEYS;
  }

  /// Heads that have a table of their own.
  static long heads(Attention op, Operand o, List<Spec> in) {
    return op.has(o) ? in.get(op.input(o)).shape().dim(0) : 0;
  }

  /// Bytes of the tables of [Operand#RELATIVE] and [Operand#FACTOR].
  static long tables(Attention op, List<Spec> in) {
    Spec q = in.get(Attention.Q);
    long heads = heads(op, Operand.RELATIVE, in) + heads(op, Operand.FACTOR, in);
    return heads * tableLength(q.shape(), in.get(Attention.K).shape()) * size(q.dtype()) + 63 & -64;
  }

  /// Bytes of the greatest squares of keys up to each, and a line before them.
  static long squares(Shape k, DType t) {
    return 64 + k.dim(0) * k.dim(1) * k.dim(2) * size(t) + 63 & -64;
  }

  /// Heads of a bias by key, `[B or 1, H or 1, 1, Sk or 1]` or fewer axes; 0 where queries differ.
  static long biasHeads(Shape bias) {
    return TileScores.stride(bias, 2) == 0 ? bias.elems(0, Math.max(0, bias.rank() - 2)) : 0;
  }

  /// Bytes of the greatest biases of keys up to each.
  static long biases(long heads, Shape k, DType t) {
    return heads * k.dim(2) * size(t) + 63 & -64;
  }

  static long scratch(Attention op, List<Spec> in, int workers) {
    Spec q = in.get(Attention.Q);
    long tiles = workers * perWorker(op, q.shape(), in.get(Attention.V).shape(), q.dtype());
    Shape k = in.get(Attention.K).shape();
    long heads = op.has(Operand.BIAS) ? biasHeads(in.get(op.input(Operand.BIAS)).shape()) : 0;
    return Math.max(
        tables(op, in) + squares(k, q.dtype()) + biases(heads, k, q.dtype()) + tiles,
        DecodePlan.scratch(op, in, workers));
  }

  static long gradScratch(AttentionGrad op, List<Spec> in, int workers) {
    return AttentionGradPlan.scratch(op, in, workers);
  }

  /// Byte offset of the table of `o` for head `h`, distance 0.
  static long table(Attention op, Operand o, Call c, int first, long h) {
    Shape q = c.inShape(first);
    Shape k = c.inShape(first + 1);
    long before =
        o == Operand.FACTOR && op.has(Operand.RELATIVE)
            ? c.inShape(first + op.input(Operand.RELATIVE)).dim(0)
            : 0;
    long head = c.inShape(first + op.input(o)).dim(0) == 1 ? 0 : h;
    long at = (before + head) * tableLength(q, k) + tableCentre(q, k);
    return at * size(c.inSpec(first).dtype());
  }
}
