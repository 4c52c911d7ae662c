package dev.gatun.op.sequence.linear;

import static dev.gatun.op.sequence.linear.ChunkWork.CHUNK;
import static dev.gatun.op.sequence.linear.FastWork.KEYS;
import static dev.gatun.op.sequence.linear.FastWork.KEY_WIDTH;
import static dev.gatun.op.sequence.linear.FastWork.VALUE_WIDTH;

import dev.gatun.op.Call;
import dev.gatun.op.sequence.linear.FastWeights.Update;
import java.lang.foreign.MemorySegment;

/// [FastWeights] in chunks of 16 steps: what a step reads of the chunk's start and of earlier steps
/// are matrix products, and the delta rules' values solve a triangular system (the UT transform of
/// Yang et al., 2406.06484, section 3, with the right-hand side directly).
///
/// Keys are columns that fade as steps go by, so that each pair of steps finds the product of the
/// decays between them: nothing is divided and no exponent is taken of a sum.
final class ChunkSimd {
  private ChunkSimd() {}

  /// Whether the operands of a chunk and its state are finite: products would carry NaN to what it
  /// has no part in.
  static boolean finite(FastWeights op, Call c, long own, int rows, long state) {
    long[] r = c.registers();
    ChunkLoopsSimd s = ChunkLoopsSimd.of(c.dtype());
    MemorySegment w = c.scratch();
    int keys = rows * (int) r[KEY_WIDTH];
    int values = rows * (int) r[VALUE_WIDTH];
    boolean all =
        s.finite(w, state, (int) (r[KEYS] * r[VALUE_WIDTH]))
            && s.finite(w, FastWork.key(r, own, FastWork.Q, 0), keys)
            && s.finite(w, FastWork.key(r, own, FastWork.K, 0), keys)
            && s.finite(w, FastWork.key(r, own, FastWork.E, 0), keys)
            && s.finite(w, FastWork.value(r, own, FastWork.V, 0), values);
    if (op.update() == Update.DELTA) {
      return all && s.finite(w, FastWork.value(r, own, FastWork.BETA, 0), values);
    }
    return op.update() == Update.ADD
        ? all
        : all
            && s.finite(w, FastWork.key(r, own, FastWork.A, 0), keys)
            && s.finite(w, FastWork.key(r, own, FastWork.B, 0), keys);
  }

  static void forward(FastWeights op, Call c, long own, int rows) {
    long[] r = c.registers();
    long state = FastWork.state(r, own, 0);
    FastLoopsSimd.of(c.dtype()).fill(c.scratch(), ChunkWork.zeros(r, own), 0, (int) r[VALUE_WIDTH]);
    for (int i = 0; i * CHUNK < rows; i++) {
      int n = Math.min(CHUNK, rows - i * CHUNK);
      pairs(op, c, own, i, n);
      reads(op, c, own, i, n, state);
      output(op, c, own, i, n, state);
      advance(op, c, own, i, n, state);
    }
  }

  /// What belongs to chunk `i` without its state: pairs of steps, keys faded to its end, queries
  /// faded from its start.
  static void pairs(FastWeights op, Call c, long own, int i, int n) {
    long[] r = c.registers();
    ChunkLoopsSimd s = ChunkLoopsSimd.of(c.dtype());
    MemorySegment w = c.scratch();
    int t = i * CHUNK;
    int wide = (int) r[KEY_WIDTH];
    int keys = (int) r[KEYS];
    long e = FastWork.key(r, own, FastWork.E, t);
    long q = FastWork.key(r, own, FastWork.Q, t);
    long k = FastWork.key(r, own, FastWork.K, t);
    long whole = ChunkWork.whole(r, own, i);
    boolean dplr = op.update() == Update.DPLR;
    boolean delta = op.update() == Update.DELTA;
    s.fromStart(w, e, q, ChunkWork.keys(r, own, i, ChunkWork.Q), whole, wide, n, op.bonus());
    if (delta || dplr) {
      long a = delta ? k : FastWork.key(r, own, FastWork.A, t);
      s.fromStart(w, e, a, ChunkWork.keys(r, own, i, ChunkWork.A), whole, wide, n, dplr);
    }
    s.columns(w, k, wide, ChunkWork.keys(r, own, i, ChunkWork.K), n, keys);
    if (dplr) {
      long b = FastWork.key(r, own, FastWork.B, t);
      s.columns(w, b, wide, ChunkWork.keys(r, own, i, ChunkWork.B), n, keys);
    }
    for (int j = 0; j < n; j++) {
      fade(op, c, own, i, j);
    }
    s.lower(w, ChunkWork.pairs(r, own, i, ChunkWork.Q_K), n, !op.bonus());
    if (delta || dplr) {
      s.lower(w, ChunkWork.pairs(r, own, i, ChunkWork.A_K), n, false);
    }
    if (dplr) {
      s.lower(w, ChunkWork.pairs(r, own, i, ChunkWork.Q_B), n, true);
      s.lower(w, ChunkWork.pairs(r, own, i, ChunkWork.A_B), n, false);
    }
  }

  /// Step `j` of chunk `i`: columns of keys fade, and are read.
  private static void fade(FastWeights op, Call c, long own, int i, int j) {
    long[] r = c.registers();
    ChunkLoopsSimd s = ChunkLoopsSimd.of(c.dtype());
    MemorySegment w = c.scratch();
    int t = i * CHUNK + j;
    int keys = (int) r[KEYS];
    long row = (long) j * CHUNK;
    long e = FastWork.key(r, own, FastWork.E, t);
    long q = FastWork.key(r, own, FastWork.Q, t);
    long x = ChunkWork.keys(r, own, i, ChunkWork.K);
    long qk = ChunkWork.pairs(r, own, i, ChunkWork.Q_K) + row;
    long ak = ChunkWork.pairs(r, own, i, ChunkWork.A_K) + row;
    switch (op.update()) {
      case ADD -> s.fade(w, x, e, q, q, qk, ak, keys, j, op.bonus());
      case DELTA -> {
        long k = FastWork.key(r, own, FastWork.K, t);
        s.fade(w, x, e, q, k, qk, ak, keys, j, false);
      }
      case DPLR -> {
        long a = FastWork.key(r, own, FastWork.A, t);
        long b = ChunkWork.keys(r, own, i, ChunkWork.B);
        s.fade(w, x, e, a, q, ak, qk, keys, j, true);
        long qb = ChunkWork.pairs(r, own, i, ChunkWork.Q_B) + row;
        s.fade(w, b, e, a, q, ChunkWork.pairs(r, own, i, ChunkWork.A_B) + row, qb, keys, j, true);
      }
    }
  }

  /// What the steps of a delta rule read of the state before them, and for [Update#DELTA] the
  /// values that they write: arrays P and X.
  static void reads(FastWeights op, Call c, long own, int i, int n, long state) {
    if (op.update() == Update.ADD) {
      return;
    }
    long[] r = c.registers();
    FastLoopsSimd f = FastLoopsSimd.of(c.dtype());
    ChunkLoopsSimd s = ChunkLoopsSimd.of(c.dtype());
    MemorySegment w = c.scratch();
    int wide = (int) r[VALUE_WIDTH];
    int t = i * CHUNK;
    long p = FastWork.value(r, own, FastWork.P, t);
    product(c, own, ChunkWork.keys(r, own, i, ChunkWork.A), KEY_WIDTH, state, p, n, KEYS, false);
    long ak = ChunkWork.pairs(r, own, i, ChunkWork.A_K);
    if (op.update() == Update.DELTA) {
      long x = FastWork.value(r, own, FastWork.X, t);
      for (int j = 0; j < n; j++) {
        long row = (long) j * wide;
        s.combine(w, p + row, ak + (long) j * CHUNK, 1, x, wide, 0, j, false);
        f.sub(w, FastWork.value(r, own, FastWork.V, t) + row, p + row, x + row, wide);
        f.mul(w, x + row, FastWork.value(r, own, FastWork.BETA, t) + row, x + row, wide);
      }
      return;
    }
    long v = FastWork.value(r, own, FastWork.V, t);
    long ab = ChunkWork.pairs(r, own, i, ChunkWork.A_B);
    for (int j = 0; j < n; j++) {
      long row = p + (long) j * wide;
      s.combine(w, row, ak + (long) j * CHUNK, 1, v, wide, 0, j, false);
      s.combine(w, row, ab + (long) j * CHUNK, 1, p, wide, 0, j, false);
    }
  }

  private static void output(FastWeights op, Call c, long own, int i, int n, long state) {
    long[] r = c.registers();
    int t = i * CHUNK;
    long o = FastWork.value(r, own, FastWork.O, t);
    product(c, own, ChunkWork.keys(r, own, i, ChunkWork.Q), KEY_WIDTH, state, o, n, KEYS, false);
    pairsTimes(c, own, ChunkWork.pairs(r, own, i, ChunkWork.Q_K), written(op, r, own, t), o, n);
    if (op.update() == Update.DPLR) {
      long p = FastWork.value(r, own, FastWork.P, t);
      pairsTimes(c, own, ChunkWork.pairs(r, own, i, ChunkWork.Q_B), p, o, n);
    }
  }

  /// The values that steps from `t` on write under their keys.
  static long written(FastWeights op, long[] r, long own, int t) {
    return FastWork.value(r, own, FastWork.plain(op) ? FastWork.V : FastWork.X, t);
  }

  /// Moves `state` on to the end of the chunk.
  static void advance(FastWeights op, Call c, long own, int i, int n, long state) {
    long[] r = c.registers();
    int t = i * CHUNK;
    FastLoopsSimd.of(c.dtype())
        .fade(c.scratch(), state, ChunkWork.whole(r, own, i), (int) r[KEYS], (int) r[VALUE_WIDTH]);
    columnsTimes(c, own, ChunkWork.keys(r, own, i, ChunkWork.K), written(op, r, own, t), state, n);
    if (op.update() == Update.DPLR) {
      long p = FastWork.value(r, own, FastWork.P, t);
      columnsTimes(c, own, ChunkWork.keys(r, own, i, ChunkWork.B), p, state, n);
    }
  }

  /// `y = a b` with a matrix `b` as wide as values, `a [n, register inner]`.
  static void product(
      Call c, long own, long a, int aRow, long b, long y, int n, int inner, boolean add) {
    long[] r = c.registers();
    int wide = (int) r[VALUE_WIDTH];
    ChunkLoopsSimd.of(c.dtype())
        .product(
            c.scratch(),
            a,
            (int) r[aRow],
            b,
            wide,
            y,
            wide,
            n,
            (int) r[inner],
            wide,
            add,
            ChunkWork.zeros(r, own));
  }

  /// `y += pairs x`
  static void pairsTimes(Call c, long own, long pairs, long x, long y, int n) {
    long[] r = c.registers();
    int wide = (int) r[VALUE_WIDTH];
    ChunkLoopsSimd.of(c.dtype())
        .product(
            c.scratch(), pairs, CHUNK, x, wide, y, wide, n, n, wide, true, ChunkWork.zeros(r, own));
  }

  /// `state += columns x`
  static void columnsTimes(Call c, long own, long columns, long x, long state, int n) {
    long[] r = c.registers();
    int wide = (int) r[VALUE_WIDTH];
    int keys = (int) r[KEYS];
    ChunkLoopsSimd.of(c.dtype())
        .product(
            c.scratch(),
            columns,
            CHUNK,
            x,
            wide,
            state,
            wide,
            keys,
            n,
            wide,
            true,
            ChunkWork.zeros(r, own));
  }
}
