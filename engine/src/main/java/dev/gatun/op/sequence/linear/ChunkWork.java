package dev.gatun.op.sequence.linear;

/// Where the arrays of chunks of 16 steps lie, behind those of [FastWork], in elements. Each of the
/// four chunks between two kept states has its own, so that the gradient finds them again.
final class ChunkWork {
  /// Steps of a chunk: with 16 of them sums over pairs of steps cost a quarter of those over keys
  /// and values of 64, and a row of pairs is a vector.
  static final int CHUNK = 16;

  private static final int PAIRS = CHUNK * CHUNK;

  // Pairs of steps: what a reads of b.
  static final int Q_K = 0;
  static final int A_K = 1;
  static final int Q_B = 2;
  static final int A_B = 3;

  private static final int OF_PAIRS = 4;

  // Columns of keys faded to the end of the chunk.
  static final int K = 0;
  static final int B = 1;

  // Rows of queries, or of what reads before them, faded from its start.
  static final int Q = 2;
  static final int A = 3;
  private static final int OF_KEYS = 4;

  // Work arrays for a chunk of 16.
  static final int TEMPS = 10;

  private ChunkWork() {}

  private static long slot(long[] r) {
    return OF_PAIRS * PAIRS + (OF_KEYS * CHUNK + 1L) * r[FastWork.KEY_WIDTH];
  }

  private static long temp(long[] r) {
    return CHUNK * Math.max(CHUNK, Math.max(r[FastWork.KEY_WIDTH], r[FastWork.VALUE_WIDTH]));
  }

  static long elems(long[] r) {
    return FastWeights.CHUNK / CHUNK * slot(r) + TEMPS * temp(r) + r[FastWork.VALUE_WIDTH];
  }

  /// Pairs `k` of chunk `i`.
  static long pairs(long[] r, long own, int i, int k) {
    return FastWork.inChunk(r, own) + i * slot(r) + (long) k * PAIRS;
  }

  /// Columns or rows `k` of chunk `i`.
  static long keys(long[] r, long own, int i, int k) {
    return pairs(r, own, i, OF_PAIRS) + (long) k * CHUNK * r[FastWork.KEY_WIDTH];
  }

  /// The product of all decays of chunk `i`.
  static long whole(long[] r, long own, int i) {
    return keys(r, own, i, OF_KEYS);
  }

  /// Work array `k`, 16 rows or columns.
  static long temp(long[] r, long own, int k) {
    return pairs(r, own, FastWeights.CHUNK / CHUNK, 0) + k * temp(r);
  }

  /// Zeros as wide as values.
  static long zeros(long[] r, long own) {
    return temp(r, own, TEMPS);
  }
}
