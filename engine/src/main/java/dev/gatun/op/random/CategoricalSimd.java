package dev.gatun.op.random;

import dev.gatun.cpu.simd.ExpLanes;
import dev.gatun.cpu.simd.Loop;
import dev.gatun.cpu.simd.ReduceF32;
import dev.gatun.cpu.simd.ReduceF64;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/// Vector form of [Categorical]: weights and sums of pieces of a row, then a search in one piece.
final class CategoricalSimd {
  private static final int BLOCK = 16_384;
  private static final int PIECE = 256;

  // Registers.
  private static final int N = 0;
  private static final int ROWS = 1;
  private static final int PER_BLOCK = 2;
  private static final int SEED = 3;
  private static final int WEIGHTS = 4;

  private static final Loop.Binary EXP_F32 =
      Loop.f32((FloatVector x, FloatVector max) -> ExpLanes.nonPositiveF32(x.sub(max)));
  private static final Loop.Binary EXP_F64 =
      Loop.f64((DoubleVector x, DoubleVector max) -> ExpLanes.nonPositiveF64(x.sub(max)));

  private static final Workers.Body BODY = CategoricalSimd::rows;

  private CategoricalSimd() {}

  static void run(Categorical op, Call c, Workers w) {
    long[] r = c.registers();
    r[N] = c.inShape(0).dim(-1);
    r[ROWS] = c.outShape(0).elems();
    r[PER_BLOCK] = Math.max(1, BLOCK / Math.max(1, r[N]));
    r[SEED] = op.seed();
    r[WEIGHTS] = op.weights() ? 1 : 0;
    w.run(BODY, c, 0, Math.toIntExact((r[ROWS] + r[PER_BLOCK] - 1) / r[PER_BLOCK]));
  }

  private static void rows(Call c, long phase, int block, int worker) {
    long[] r = c.registers();
    long begin = block * r[PER_BLOCK];
    long end = Math.min(r[ROWS], begin + r[PER_BLOCK]);
    int n = Math.toIntExact(r[N]);
    DType type = c.dtype();
    long spare = worker * Categorical.perWorker(c.inSpec(0)) / type.bytes();
    for (long i = begin; i < end; i++) {
      long drawn = -1;
      if (n > 0 && r[WEIGHTS] == 1) {
        drawn = draw(c, c.in(0), i * n, n, spare + n, i);
      } else if (n > 0) {
        weights(c, i * n, n, spare);
        drawn = draw(c, c.scratch(), spare, n, spare + n, i);
      }
      DType.I64.write(c.out(0), i, (double) drawn);
    }
  }

  private static void weights(Call c, long at, int n, long spare) {
    MemorySegment s = c.scratch();
    if (c.dtype() == DType.F32) {
      ReduceF32.maxRows(c.in(0), at, s, spare, 0, 1, n);
      EXP_F32.runScalar(c.in(0), at, DType.F32.read(s, spare), s, spare, n);
    } else {
      ReduceF64.maxRows(c.in(0), at, s, spare, 0, 1, n);
      EXP_F64.runScalar(c.in(0), at, DType.F64.read(s, spare), s, spare, n);
    }
  }

  /// Sum of `n` weights, through element `cell` of scratch.
  private static double sum(Call c, MemorySegment w, long at, int n, long cell) {
    if (c.dtype() == DType.F32) {
      ReduceF32.sumRows(w, at, c.scratch(), cell, 0, 1, n, 1);
    } else {
      ReduceF64.sumRows(w, at, c.scratch(), cell, 0, 1, n, 1);
    }
    return c.dtype().read(c.scratch(), cell);
  }

  private static long draw(Call c, MemorySegment w, long at, int n, long cell, long row) {
    double total = 0;
    for (int i = 0; i < n; i += PIECE) {
      total += sum(c, w, at + i, Math.min(PIECE, n - i), cell);
    }
    double rest = Categorical.uniform(c.registers()[SEED], row) * total;
    if (!(rest >= 0) || total == Double.POSITIVE_INFINITY) {
      return -1;
    }
    int last = -1;
    for (int i = 0; i < n; i += PIECE) {
      int m = Math.min(PIECE, n - i);
      double piece = sum(c, w, at + i, m, cell);
      if (rest < piece) {
        return i + search(c.dtype(), w, at + i, m, rest);
      }
      rest -= piece;
      last = piece > 0 ? i : last;
    }
    // Rounding let no piece exceed what was left of them all.
    int m = Math.min(PIECE, n - last);
    return last < 0 ? -1 : last + search(c.dtype(), w, at + last, m, Double.POSITIVE_INFINITY);
  }

  /// The first of `n` weights that with those before it exceeds `rest`, or, where rounding lets
  /// none, the last that is above 0; -1 if all are 0.
  private static long search(DType type, MemorySegment w, long at, int n, double rest) {
    long last = -1;
    for (int i = 0; i < n; i++) {
      double v = type.read(w, at + i);
      last = v > 0 ? i : last;
      rest -= v;
      if (rest < 0) {
        return i;
      }
    }
    return last;
  }
}
