package dev.gatun.op.sequence.linear;

import dev.gatun.op.sequence.linear.FastWeights.Update;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import java.util.List;

/// Sizes of a call of [FastWeights] and where a worker's arrays lie, in elements. There are arrays
/// of rows of a chunk's steps, as wide as keys or as values, filled up to vectors, and matrices as
/// large as a state.
final class FastWork {
  // Registers.
  static final int BATCH = 0;
  static final int STEPS = 1;
  static final int GROUPS = 2;
  static final int HEADS = 3;
  static final int KEYS = 4;
  static final int VALUES = 5;

  /// Keys and values, filled up to vectors.
  static final int KEY_WIDTH = 6;

  static final int VALUE_WIDTH = 7;

  /// Elements of a worker, and where what belongs to all of them starts.
  static final int OWN = 8;

  static final int SHARED = 9;
  private static final int TO_VALUES = 10;
  private static final int TO_STATES = 11;
  private static final int TO_CHUNK = 12;

  /// Whether in chunks.
  static final int CHUNKED = 13;

  // Arrays as wide as keys.
  static final int Q = 0;
  static final int K = 1;
  static final int E = 2;
  static final int A = 3;
  static final int B = 4;
  static final int U = 5;
  static final int DQ = 6;
  static final int DK = 7;
  static final int DG = 8;
  static final int DA = 9;
  static final int DB = 10;
  static final int DU = 11;
  static final int KEY_TEMP = 12;

  // Arrays as wide as values.
  static final int V = 0;
  static final int O = 1;
  static final int P = 2;
  static final int BETA = 3;
  static final int X = 4;
  static final int DO = 5;
  static final int DV = 6;
  static final int DBETA = 7;
  static final int DX = 8;

  private static final int KEY_ARRAYS = 6;
  private static final int VALUE_ARRAYS = 5;
  private static final int ALL_KEY_ARRAYS = 13;
  private static final int ALL_VALUE_ARRAYS = 9;

  /// Keys and values from which on chunks pay.
  private static final int LEAST = 16;

  private FastWork() {}

  private static long wide(long n, long lanes) {
    return (n + lanes - 1) / lanes * lanes;
  }

  /// Works out the registers.
  static void plan(FastWeights op, long[] r, Spec q, Spec v, int workers, boolean back) {
    Shape keys = q.shape();
    Shape values = v.shape();
    DType type = v.dtype();
    long lanes = FastLoopsSimd.of(type).lanes();
    r[BATCH] = values.dim(0);
    r[STEPS] = values.dim(1);
    r[GROUPS] = keys.dim(2);
    r[HEADS] = values.dim(2);
    r[KEYS] = keys.dim(3);
    r[VALUES] = values.dim(3);
    r[KEY_WIDTH] = wide(r[KEYS], lanes);
    r[CHUNKED] = chunked(op, r, back) ? 1 : 0;
    // Tiles of products are two vectors wide.
    r[VALUE_WIDTH] = wide(r[VALUES], lanes * (1 + r[CHUNKED]));
    long chunk = Math.min(FastWeights.CHUNK, Math.max(1, r[STEPS]));
    long states = back ? chunk + 2 : 1;
    r[TO_VALUES] = (back ? ALL_KEY_ARRAYS : KEY_ARRAYS) * chunk * r[KEY_WIDTH];
    r[TO_STATES] = r[TO_VALUES] + (back ? ALL_VALUE_ARRAYS : VALUE_ARRAYS) * chunk * r[VALUE_WIDTH];
    r[TO_CHUNK] = r[TO_STATES] + states * r[KEYS] * r[VALUE_WIDTH];
    r[OWN] = wide(r[TO_CHUNK] + r[CHUNKED] * ChunkWork.elems(r), 16);
    r[SHARED] = workers * r[OWN];
  }

  /// In chunks a step costs the more the smaller matrices are; what is short is all in one.
  private static boolean chunked(FastWeights op, long[] r, boolean back) {
    return switch (op.mode()) {
      case RECURRENT -> false;
      case CHUNKED -> true;
      case AUTO ->
          r[STEPS] >= ChunkWork.CHUNK
              && r[KEYS] >= LEAST
              && r[VALUES] >= LEAST
              && (back || r[STEPS] >= 2 * ChunkWork.CHUNK);
    };
  }

  /// Bytes of work memory; `first` inputs come before those of the op.
  static long scratch(FastWeights op, List<Spec> in, int first, int workers, boolean back) {
    long[] r = new long[16];
    Spec v = in.get(first + FastWeights.V);
    plan(op, r, in.get(first), v, workers, back);
    long shared = back && op.bonus() ? r[BATCH] * r[HEADS] * r[KEYS] : 0;
    return (r[SHARED] + shared) * v.dtype().bytes();
  }

  private static long chunk(long[] r) {
    return Math.min(FastWeights.CHUNK, Math.max(1, r[STEPS]));
  }

  /// Row `t` of array `k` of those as wide as keys.
  static long key(long[] r, long own, int k, long t) {
    return own + (k * chunk(r) + t) * r[KEY_WIDTH];
  }

  /// Row `t` of array `k` of those as wide as values.
  static long value(long[] r, long own, int k, long t) {
    return own + r[TO_VALUES] + (k * chunk(r) + t) * r[VALUE_WIDTH];
  }

  /// Matrix `k`.
  static long state(long[] r, long own, int k) {
    return own + r[TO_STATES] + k * r[KEYS] * r[VALUE_WIDTH];
  }

  /// The matrix after those of a chunk's states: the gradient of a state.
  static int gradient(long[] r) {
    return (int) chunk(r) + 1;
  }

  /// What is worked out in chunks.
  static long inChunk(long[] r, long own) {
    return own + r[TO_CHUNK];
  }

  /// Whether `x` of a step is its value.
  static boolean plain(FastWeights op) {
    return op.update() != Update.DELTA;
  }
}
