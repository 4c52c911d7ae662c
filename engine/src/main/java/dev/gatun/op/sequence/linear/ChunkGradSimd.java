package dev.gatun.op.sequence.linear;

import static dev.gatun.op.sequence.linear.ChunkWork.CHUNK;
import static dev.gatun.op.sequence.linear.FastWork.KEYS;
import static dev.gatun.op.sequence.linear.FastWork.KEY_WIDTH;
import static dev.gatun.op.sequence.linear.FastWork.VALUES;
import static dev.gatun.op.sequence.linear.FastWork.VALUE_WIDTH;

import dev.gatun.op.Call;
import dev.gatun.op.sequence.linear.FastWeights.Decay;
import dev.gatun.op.sequence.linear.FastWeights.Update;
import java.lang.foreign.MemorySegment;

/// Gradient of [ChunkSimd]: the transposed products, from the last chunk to the first, with what
/// the forward pass made of each chunk at hand.
///
/// With `D` the gradient of the state after the chunk and `x` the values that are written: `dx =
/// pairs^T do + keys D`, solved backwards for the delta rules; those of pairs are `do x^T`, of
/// queries and keys faded to the chunk's borders `do S^T` and `x D^T`. A decay's logarithm gets
/// what all that it fades gets, `sum q dq + a da - k dk` over later steps plus `S D` at the end.
final class ChunkGradSimd {
  // Work arrays of a chunk.
  private static final int DO_COLUMNS = 0;
  private static final int X_COLUMNS = 1;
  private static final int AWAY_COLUMNS = 2;
  private static final int P_COLUMNS = 3;
  private static final int ANY = 4;
  private static final int ROWS = 5;
  private static final int PLUS = 6;
  private static final int MINUS = 7;
  private static final int LATER = 8;
  private static final int TOTAL = 9;

  private ChunkGradSimd() {}

  /// Whether all that goes into the gradients of a chunk is finite.
  static boolean finite(FastWeights op, Call c, long own, int rows) {
    long[] r = c.registers();
    ChunkLoopsSimd s = ChunkLoopsSimd.of(c.dtype());
    MemorySegment w = c.scratch();
    int wide = (int) r[VALUE_WIDTH];
    return ChunkSimd.finite(op, c, own, rows, FastWork.state(r, own, 0))
        && s.finite(w, FastWork.value(r, own, FastWork.DO, 0), rows * wide)
        && s.finite(w, gradient(r, own), (int) r[KEYS] * wide);
  }

  private static long gradient(long[] r, long own) {
    return FastWork.state(r, own, FastWork.gradient(r));
  }

  private static long temp(long[] r, long own, int k) {
    return ChunkWork.temp(r, own, k);
  }

  /// Gradients of the steps between two kept states; the first is matrix 0.
  static void backward(FastWeights op, Call c, long own, int rows) {
    long[] r = c.registers();
    FastLoopsSimd f = FastLoopsSimd.of(c.dtype());
    MemorySegment w = c.scratch();
    int wide = (int) r[VALUE_WIDTH];
    int keys = (int) r[KEYS];
    f.fill(w, ChunkWork.zeros(r, own), 0, wide);
    int chunks = Math.ceilDiv(rows, CHUNK);
    for (int i = 0; i < chunks; i++) {
      int n = Math.min(CHUNK, rows - i * CHUNK);
      long state = FastWork.state(r, own, i);
      long next = FastWork.state(r, own, i + 1);
      ChunkSimd.pairs(op, c, own, i, n);
      ChunkSimd.reads(op, c, own, i, n, state);
      f.gather(w, state, wide, 1, w, next, keys, wide, wide);
      ChunkSimd.advance(op, c, own, i, n, next);
    }
    for (int i = chunks - 1; i >= 0; i--) {
      chunk(op, c, own, i, Math.min(CHUNK, rows - i * CHUNK));
    }
  }

  private static void chunk(FastWeights op, Call c, long own, int i, int n) {
    values(op, c, own, i, n);
    pairs(op, c, own, i, n);
    borders(op, c, own, i, n);
    long[] r = c.registers();
    if (op.decay() != Decay.NONE) {
      long ones = temp(r, own, ANY);
      FastLoopsSimd f = FastLoopsSimd.of(c.dtype());
      f.fill(c.scratch(), ones, 1, (int) r[KEY_WIDTH]);
      f.rates(
          c.scratch(),
          gradient(r, own),
          FastWork.state(r, own, i + 1),
          ones,
          temp(r, own, TOTAL),
          (int) r[KEYS],
          (int) r[VALUE_WIDTH],
          (int) r[VALUES]);
    }
    state(op, c, own, i, n);
    lefts(op, c, own, i, n);
    rights(op, c, own, i, n);
    decays(op, c, own, i, n);
  }

  /// Gradients of what is written, of values and `beta`, and in DX of what the delta rules read.
  private static void values(FastWeights op, Call c, long own, int i, int n) {
    long[] r = c.registers();
    ChunkLoopsSimd s = ChunkLoopsSimd.of(c.dtype());
    MemorySegment w = c.scratch();
    int wide = (int) r[VALUE_WIDTH];
    int t = i * CHUNK;
    long dv = FastWork.value(r, own, FastWork.DV, t);
    long dx = FastWork.value(r, own, FastWork.DX, t);
    written(c, own, i, n, FastWork.K, ChunkWork.Q_K, dv);
    long ak = ChunkWork.pairs(r, own, i, ChunkWork.A_K);
    if (op.update() == Update.DPLR) {
      written(c, own, i, n, FastWork.B, ChunkWork.Q_B, dx);
      long ab = ChunkWork.pairs(r, own, i, ChunkWork.A_B);
      for (int j = n - 1; j >= 0; j--) {
        s.combine(w, dx + (long) j * wide, ab + j, CHUNK, dx, wide, j + 1, n, false);
      }
      for (int j = n - 1; j >= 0; j--) {
        s.combine(w, dv + (long) j * wide, ak + j, CHUNK, dx, wide, j + 1, n, false);
      }
    } else if (op.update() == Update.DELTA) {
      FastLoopsSimd f = FastLoopsSimd.of(c.dtype());
      long v = FastWork.value(r, own, FastWork.V, t);
      long p = FastWork.value(r, own, FastWork.P, t);
      long beta = FastWork.value(r, own, FastWork.BETA, t);
      long dbeta = FastWork.value(r, own, FastWork.DBETA, t);
      f.sub(w, v, p, dbeta, n * wide);
      for (int j = n - 1; j >= 0; j--) {
        long row = (long) j * wide;
        s.combine(w, dv + row, ak + j, CHUNK, dx, wide, j + 1, n, false);
        f.mul(w, dbeta + row, dv + row, dbeta + row, wide);
        f.mulNegated(w, dv + row, beta + row, dx + row, wide);
        f.mul(w, dv + row, beta + row, dv + row, wide);
      }
    }
  }

  /// The gradient of what steps write under `key`: that of the state after the chunk and of
  /// results.
  private static void written(Call c, long own, int i, int n, int key, int pairs, long y) {
    long[] r = c.registers();
    ChunkLoopsSimd s = ChunkLoopsSimd.of(c.dtype());
    MemorySegment w = c.scratch();
    int t = i * CHUNK;
    int wide = (int) r[VALUE_WIDTH];
    long rows = temp(r, own, ROWS);
    long e = FastWork.key(r, own, FastWork.E, t);
    s.toEnd(w, e, FastWork.key(r, own, key, t), rows, (int) r[KEY_WIDTH], n);
    ChunkSimd.product(c, own, rows, KEY_WIDTH, gradient(r, own), y, n, KEYS, false);
    long up = FastWork.value(r, own, FastWork.DO, t);
    for (int j = 0; j < n; j++) {
      long pair = ChunkWork.pairs(r, own, i, pairs) + j;
      s.combine(w, y + (long) j * wide, pair, CHUNK, up, wide, j, n, false);
    }
  }

  /// Gradients of pairs of steps, in the place of these.
  private static void pairs(FastWeights op, Call c, long own, int i, int n) {
    long[] r = c.registers();
    int t = i * CHUNK;
    long up = FastWork.value(r, own, FastWork.DO, t);
    long dx = FastWork.value(r, own, FastWork.DX, t);
    columns(c, up, temp(r, own, DO_COLUMNS), n);
    columns(c, ChunkSimd.written(op, r, own, t), temp(r, own, X_COLUMNS), n);
    pair(c, own, i, n, up, X_COLUMNS, ChunkWork.Q_K, !op.bonus());
    if (op.update() != Update.ADD) {
      columns(c, dx, temp(r, own, AWAY_COLUMNS), n);
      pair(c, own, i, n, dx, X_COLUMNS, ChunkWork.A_K, false);
    }
    if (op.update() == Update.DPLR) {
      columns(c, FastWork.value(r, own, FastWork.P, t), temp(r, own, P_COLUMNS), n);
      pair(c, own, i, n, up, P_COLUMNS, ChunkWork.Q_B, true);
      pair(c, own, i, n, dx, P_COLUMNS, ChunkWork.A_B, false);
    }
  }

  private static void columns(Call c, long x, long y, int n) {
    long[] r = c.registers();
    ChunkLoopsSimd.of(c.dtype())
        .columns(c.scratch(), x, (int) r[VALUE_WIDTH], y, n, (int) r[VALUES]);
  }

  private static void pair(
      Call c, long own, int i, int n, long x, int columns, int pairs, boolean diagonal) {
    long[] r = c.registers();
    ChunkLoopsSimd s = ChunkLoopsSimd.of(c.dtype());
    long y = ChunkWork.pairs(r, own, i, pairs);
    s.dots(c.scratch(), x, (int) r[VALUE_WIDTH], n, temp(r, own, columns), (int) r[VALUES], y);
    s.lower(c.scratch(), y, n, diagonal);
  }

  /// What queries and keys get from the states at the chunk's borders.
  private static void borders(FastWeights op, Call c, long own, int i, int n) {
    long[] r = c.registers();
    ChunkLoopsSimd s = ChunkLoopsSimd.of(c.dtype());
    MemorySegment w = c.scratch();
    int t = i * CHUNK;
    int wide = (int) r[KEY_WIDTH];
    long e = FastWork.key(r, own, FastWork.E, t);
    long rows = temp(r, own, ROWS);
    long whole = ChunkWork.whole(r, own, i);
    long start = FastWork.state(r, own, i);
    border(c, own, start, DO_COLUMNS, n);
    s.fromStart(w, e, rows, FastWork.key(r, own, FastWork.DQ, t), whole, wide, n, op.bonus());
    border(c, own, gradient(r, own), X_COLUMNS, n);
    s.toEnd(w, e, rows, FastWork.key(r, own, FastWork.DK, t), wide, n);
    if (op.update() != Update.ADD) {
      border(c, own, start, AWAY_COLUMNS, n);
      boolean early = op.update() == Update.DPLR;
      s.fromStart(w, e, rows, FastWork.key(r, own, FastWork.DA, t), whole, wide, n, early);
    }
    if (op.update() == Update.DPLR) {
      border(c, own, gradient(r, own), P_COLUMNS, n);
      s.toEnd(w, e, rows, FastWork.key(r, own, FastWork.DB, t), wide, n);
    }
  }

  /// Rows of `matrix` times columns, one for each step.
  private static void border(Call c, long own, long matrix, int columns, int n) {
    long[] r = c.registers();
    ChunkLoopsSimd s = ChunkLoopsSimd.of(c.dtype());
    MemorySegment w = c.scratch();
    int keys = (int) r[KEYS];
    long any = temp(r, own, ANY);
    s.dots(w, matrix, (int) r[VALUE_WIDTH], keys, temp(r, own, columns), (int) r[VALUES], any);
    s.rows(w, any, temp(r, own, ROWS), (int) r[KEY_WIDTH], n, keys);
  }

  /// The gradient of the state before the chunk.
  private static void state(FastWeights op, Call c, long own, int i, int n) {
    long[] r = c.registers();
    ChunkLoopsSimd s = ChunkLoopsSimd.of(c.dtype());
    MemorySegment w = c.scratch();
    int t = i * CHUNK;
    int keys = (int) r[KEYS];
    int wide = (int) r[KEY_WIDTH];
    long d = gradient(r, own);
    long any = temp(r, own, ANY);
    FastLoopsSimd.of(c.dtype()).fade(w, d, ChunkWork.whole(r, own, i), keys, (int) r[VALUE_WIDTH]);
    s.columns(w, ChunkWork.keys(r, own, i, ChunkWork.Q), wide, any, n, keys);
    ChunkSimd.columnsTimes(c, own, any, FastWork.value(r, own, FastWork.DO, t), d, n);
    if (op.update() != Update.ADD) {
      s.columns(w, ChunkWork.keys(r, own, i, ChunkWork.A), wide, any, n, keys);
      ChunkSimd.columnsTimes(c, own, any, FastWork.value(r, own, FastWork.DX, t), d, n);
    }
  }

  /// What queries, and what reads beside them, get from pairs: keys fade as steps go by.
  private static void lefts(FastWeights op, Call c, long own, int i, int n) {
    long[] r = c.registers();
    long q = FastWork.key(r, own, FastWork.DQ, i * CHUNK);
    long a = FastWork.key(r, own, FastWork.DA, i * CHUNK);
    boolean dplr = op.update() == Update.DPLR;
    left(op, c, own, i, n, FastWork.K, ChunkWork.Q_K, q, op.bonus());
    if (op.update() != Update.ADD) {
      left(op, c, own, i, n, FastWork.K, ChunkWork.A_K, a, dplr);
    }
    if (dplr) {
      left(op, c, own, i, n, FastWork.B, ChunkWork.Q_B, q, false);
      left(op, c, own, i, n, FastWork.B, ChunkWork.A_B, a, true);
    }
  }

  private static void left(
      FastWeights op, Call c, long own, int i, int n, int key, int pairs, long y, boolean early) {
    long[] r = c.registers();
    ChunkLoopsSimd s = ChunkLoopsSimd.of(c.dtype());
    MemorySegment w = c.scratch();
    int wide = (int) r[KEY_WIDTH];
    long rows = copy(c, own, key, i, n);
    for (int j = 0; j < n; j++) {
      long pair = ChunkWork.pairs(r, own, i, pairs) + (long) j * CHUNK;
      long e = FastWork.key(r, own, FastWork.E, i * CHUNK + j);
      long to = y + (long) j * wide;
      if (early) {
        s.combine(w, to, pair, 1, rows, wide, 0, j, false);
      }
      if (op.decay() != Decay.NONE) {
        s.fadeRows(w, rows, e, wide, 0, j);
      }
      if (!early) {
        s.combine(w, to, pair, 1, rows, wide, 0, j + 1, false);
      }
    }
  }

  private static long copy(Call c, long own, int key, int i, int n) {
    long[] r = c.registers();
    int wide = (int) r[KEY_WIDTH];
    long rows = temp(r, own, ROWS);
    long from = FastWork.key(r, own, key, i * CHUNK);
    FastLoopsSimd.of(c.dtype())
        .gather(c.scratch(), from, wide, 1, c.scratch(), rows, n, wide, wide);
    return rows;
  }

  /// What keys get from pairs: queries fade as steps go back.
  private static void rights(FastWeights op, Call c, long own, int i, int n) {
    long[] r = c.registers();
    long k = FastWork.key(r, own, FastWork.DK, i * CHUNK);
    boolean dplr = op.update() == Update.DPLR;
    right(op, c, own, i, n, FastWork.Q, ChunkWork.Q_K, k, op.bonus());
    if (op.update() != Update.ADD) {
      right(op, c, own, i, n, dplr ? FastWork.A : FastWork.K, ChunkWork.A_K, k, dplr);
    }
    if (dplr) {
      long b = FastWork.key(r, own, FastWork.DB, i * CHUNK);
      right(op, c, own, i, n, FastWork.Q, ChunkWork.Q_B, b, false);
      right(op, c, own, i, n, FastWork.A, ChunkWork.A_B, b, true);
    }
  }

  private static void right(
      FastWeights op, Call c, long own, int i, int n, int query, int pairs, long y, boolean early) {
    long[] r = c.registers();
    ChunkLoopsSimd s = ChunkLoopsSimd.of(c.dtype());
    MemorySegment w = c.scratch();
    int wide = (int) r[KEY_WIDTH];
    long rows = copy(c, own, query, i, n);
    for (int j = n - 1; j >= 0; j--) {
      if (j < n - 1 && op.decay() != Decay.NONE) {
        long e = FastWork.key(r, own, FastWork.E, i * CHUNK + j + 1);
        s.fadeRows(w, rows, e, wide, early ? j + 2 : j + 1, n);
      }
      long pair = ChunkWork.pairs(r, own, i, pairs) + j;
      s.combine(w, y + (long) j * wide, pair, CHUNK, rows, wide, early ? j + 1 : j, n, false);
    }
  }

  /// Gradients of the logarithms of decays; and the delta rule's key gets what reads by it does.
  private static void decays(FastWeights op, Call c, long own, int i, int n) {
    long[] r = c.registers();
    FastLoopsSimd f = FastLoopsSimd.of(c.dtype());
    MemorySegment w = c.scratch();
    int t = i * CHUNK;
    int all = n * (int) r[KEY_WIDTH];
    long dk = FastWork.key(r, own, FastWork.DK, t);
    long da = FastWork.key(r, own, FastWork.DA, t);
    long k = FastWork.key(r, own, FastWork.K, t);
    long plus = temp(r, own, PLUS);
    long minus = temp(r, own, MINUS);
    long later = temp(r, own, LATER);
    if (op.decay() != Decay.NONE) {
      f.fill(w, op.bonus() ? plus : later, 0, all);
      long q = FastWork.key(r, own, FastWork.Q, t);
      f.mul(w, q, FastWork.key(r, own, FastWork.DQ, t), op.bonus() ? later : plus, all);
      f.mul(w, k, dk, minus, all);
      if (op.update() == Update.DELTA) {
        f.addMul(w, k, da, plus, all);
      } else if (op.update() == Update.DPLR) {
        f.mul(w, FastWork.key(r, own, FastWork.A, t), da, later, all);
        long b = FastWork.key(r, own, FastWork.B, t);
        f.addMul(w, b, FastWork.key(r, own, FastWork.DB, t), minus, all);
      }
      long dg = FastWork.key(r, own, FastWork.DG, t);
      ChunkLoopsSimd.of(c.dtype())
          .rates(w, temp(r, own, TOTAL), plus, minus, later, dg, (int) r[KEY_WIDTH], n);
    }
    if (op.update() == Update.DELTA) {
      f.addScaled(w, da, 1, dk, all);
    }
  }
}
