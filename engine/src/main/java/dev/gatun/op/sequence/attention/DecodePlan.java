package dev.gatun.op.sequence.attention;

import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import java.util.List;

/// Sizes of the work of attention with few queries, free of vector types.
///
/// The queries of all heads of a group are rows of one small matrix, which lie one after another in
/// `q`, `o` and `lse`. The keys of a head are cut into splits by shape alone; a block of work is a
/// split of a key head of a batch, its result a part: weighted sums of values, not yet divided,
/// greatest scores and sums of exponentials. Numbers lie in the registers of a call.
final class DecodePlan {
  /// Most rows: query heads of a group times queries.
  static final int MOST_ROWS = 16;

  /// Keys of one of the four streams of a chunk.
  static final int STREAM = 128;

  // Registers.
  static final int ROWS = 0;

  /// Rows rounded up to a power of two: distance of the scores of neighbouring keys.
  static final int PITCH = 1;

  static final int QUERIES = 2;
  static final int KEYS = 3;
  static final int D = 4;
  static final int DV = 5;
  static final int HEADS = 6;
  static final int SPLITS = 7;

  /// Keys of a split.
  static final int SPLIT = 8;

  static final int SCALE = 9;
  static final int CAP = 10;
  static final int SLOPED = 11;

  /// Input number of the decay, or -1.
  static final int DECAY = 12;

  // Byte offsets and sizes in scratch.
  static final int PARTS = 13;
  static final int PART = 14;
  static final int WORKERS = 15;
  static final int WORKER = 16;

  // Byte offsets in a worker's scratch.
  static final int SCORES = 17;
  static final int STREAM_BYTES = 18;
  static final int LANES = 19;
  static final int FACTORS = 20;

  // Longs of the table of rows, which scratch begins with.
  /// The two runs of keys that a row sees, both empty as `[0, 0)`.
  static final int RUN_1 = 0;

  static final int RUN_2 = 2;
  static final int POSITION = 4;
  static final int SLOPE = 5;
  static final int SINK = 6;

  /// 1 where the row's result does not count.
  static final int BEYOND = 7;

  /// 1 where the row must be computed by the definition.
  static final int INEXACT = 8;

  static final int ROW = 9;

  /// The widest vector: scratch has room for it whatever the lanes are.
  private static final long WIDEST = 64;

  /// A quarter of a split is a stream of 256 KiB.
  private static final long SPLIT_BYTES = 1 << 20;

  private static final long LEAST_SPLIT = 1024;

  /// Blocks of work to cut a small batch into.
  private static final long BLOCKS = 16;

  private DecodePlan() {}

  /// Whether there are few queries and no operand that has a number or a choice of its own for each
  /// pair.
  static boolean applies(Attention op, Shape q, Shape k) {
    long rows = q.dim(2) * (q.dim(1) / k.dim(1));
    return rows > 0
        && rows <= MOST_ROWS
        && q.dim(0) > 0
        && k.dim(2) >= 4
        && op.dropout() == 0
        && !op.has(Operand.BLOCKS)
        && !op.has(Operand.VISIBLE)
        && !op.has(Operand.BIAS)
        && !op.has(Operand.RELATIVE)
        && !op.has(Operand.FACTOR);
  }

  static long scratch(Attention op, List<Spec> in, int workers) {
    Shape q = in.get(Attention.Q).shape();
    Shape k = in.get(Attention.K).shape();
    if (!applies(op, q, k)) {
      return 0;
    }
    long[] r = new long[FACTORS + 1];
    fill(r, op, q, in.get(Attention.V).shape(), in.get(Attention.Q).dtype().bytes());
    return r[WORKERS] + workers * r[WORKER];
  }

  /// Works out the registers.
  static void fill(long[] r, Attention op, Shape q, Shape v, long bytes) {
    long heads = q.dim(0) * v.dim(1);
    r[ROWS] = q.dim(2) * (q.dim(1) / v.dim(1));
    r[PITCH] = r[ROWS] == 1 ? 1 : Long.highestOneBit(r[ROWS] - 1) << 1;
    r[QUERIES] = q.dim(2);
    r[KEYS] = v.dim(2);
    r[D] = q.dim(3);
    r[DV] = v.dim(3);
    r[HEADS] = v.dim(1);
    long most = SPLIT_BYTES / (bytes * Math.max(1, Math.max(r[D], r[DV])));
    long share = Math.max(LEAST_SPLIT, r[KEYS] * heads / BLOCKS);
    r[SPLIT] = up(Math.max(1, Math.min(most, share)), 4 * STREAM);
    r[SPLITS] = (r[KEYS] + r[SPLIT] - 1) / r[SPLIT];
    r[SCALE] = Double.doubleToRawLongBits(op.scale());
    r[CAP] = Double.doubleToRawLongBits(op.softcap());
    r[SLOPED] = op.has(Operand.SLOPES) ? 1 : 0;
    r[DECAY] = op.has(Operand.DECAY) ? op.input(Operand.DECAY) : -1;
    r[PARTS] = up(heads * r[ROWS] * ROW * Long.BYTES, WIDEST);
    r[PART] = up(up(r[ROWS] * r[DV] * bytes, 8) + 2 * Double.BYTES * r[ROWS], WIDEST);
    r[WORKERS] = r[PARTS] + heads * r[SPLITS] * r[PART];
    long lanes = Math.max(r[PITCH] * bytes, WIDEST);
    r[SCORES] = up(r[D] * lanes, WIDEST);
    r[STREAM_BYTES] = STREAM * r[PITCH] * bytes + WIDEST;
    r[LANES] = r[SCORES] + 4 * r[STREAM_BYTES];
    r[FACTORS] = r[LANES] + 2 * lanes;
    r[WORKER] = up(r[FACTORS] + 2 * MOST_ROWS * bytes, WIDEST);
  }

  /// Byte offset in a part of its `i`-th double: the greatest scores of all rows, then their sums.
  static long figure(long[] r, long bytes, long i) {
    return up(r[ROWS] * r[DV] * bytes, 8) + i * Double.BYTES;
  }

  private static long up(long n, long step) {
    return (n + step - 1) / step * step;
  }
}
