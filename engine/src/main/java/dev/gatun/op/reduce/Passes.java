package dev.gatun.op.reduce;

import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.op.Op;
import dev.gatun.op.Rules;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// How a reduction over any axes becomes passes over `[outer, k, inner]`: neighbouring axes of one
/// kind merge, then the innermost reduced run is shortened by [#ROW] elements (`inner == 1`) or
/// [#RUN] rows into each result until it is gone, then the next one. A tree of fixed shape: results
/// do not depend on the number of threads, a single result is still worked out by all of them, and
/// rounding errors grow with the depth, not with the length.
final class Passes {
  /// Elements of a contiguous run that one step reduces.
  static final int ROW = 16_384;

  /// Rows that one step reduces where the results lie side by side.
  static final int RUN = 512;

  /// Results side by side in one step, so that they stay in the first-level cache.
  static final int TILE = 1024;

  /// Elements of a block where there is little to reduce, and where there is much: so many that
  /// four rows of a block are far apart in memory.
  private static final int BLOCK = 16_384;

  private static final int LARGE_BLOCK = 262_144;

  // Registers of a pass.
  static final int K = 0;
  static final int INNER = 1;
  static final int STEP = 2;
  static final int STEPS = 3;
  static final int TILES = 4;
  static final int UNITS = 5;
  static final int UNITS_PER_BLOCK = 6;
  static final int SOURCE = 7;
  static final int TARGET = 8;
  static final int DIVISOR = 9;

  /// Sizes of merged runs from the innermost out, kept and reduced by turns.
  static final int RUNS = 10;

  /// An op's own number for its blocks, after the runs.
  static final int ATTRIBUTE = 31;

  /// Where a pass reads or writes if not at a byte offset of the scratch memory.
  private static final long OPERAND = -1;

  private Passes() {}

  static void run(Reduction op, Call c, Workers w) {
    long[] r = c.registers();
    int size = c.dtype().bytes();
    int runs = merge(op, op.axes(), c.inShape(0), r);
    long elems = c.inShape(0).elems();
    long joined = op.joined(c.inShape(0));
    long scratch = 0;
    r[SOURCE] = OPERAND;
    do {
      plan(r, elems);
      long results = elems / r[K] * r[STEPS];
      runs = advance(r, runs);
      r[TARGET] = runs > 1 ? scratch : OPERAND;
      r[DIVISOR] = runs > 1 ? 1 : op.divisor(joined);
      long perBlock = r[UNITS_PER_BLOCK];
      w.run(op.body(), c, 0, Math.toIntExact((r[UNITS] + perBlock - 1) / perBlock));
      r[SOURCE] = r[TARGET];
      scratch += results * size + 63 & -64;
      elems = results;
    } while (runs > 1);
  }

  /// Bytes of all results between the passes.
  static long scratch(Reduction op, Spec x) {
    long[] r = new long[32];
    long bytes = 0;
    long elems = x.shape().elems();
    int runs = merge(op, op.axes(), x.shape(), r);
    while (runs > 1 && elems > 0) {
      plan(r, elems);
      elems = elems / r[K] * r[STEPS];
      runs = advance(r, runs);
      bytes += elems * x.dtype().bytes() + 63 & -64;
    }
    return bytes;
  }

  /// Fills the runs and returns their number, which is even: the outermost is a reduced one.
  static int merge(Op op, List<Integer> axes, Shape x, long[] r) {
    int runs = 0;
    r[RUNS] = 1;
    for (int a = x.rank() - 1; a >= 0; a--) {
      long d = x.dim(a);
      if (d == 1) {
        continue;
      }
      if (axes.contains(a) == (runs % 2 == 0)) {
        runs++;
        if (RUNS + runs == ATTRIBUTE) {
          throw new IllegalArgumentException(
              Rules.name(op)
                  + ": at most 19 runs of axes may be kept or reduced by turns; got x "
                  + x);
        }
        r[RUNS + runs] = 1;
      }
      r[RUNS + runs] *= d;
    }
    if (runs == 0) {
      r[RUNS + 1] = 1;
      return 2;
    }
    return runs % 2 == 0 ? runs : runs + 1;
  }

  /// Fills the registers of a pass over the two innermost runs of `elems` elements.
  static void plan(long[] r, long elems) {
    r[INNER] = r[RUNS];
    r[K] = r[RUNS + 1];
    r[STEP] = Math.min(r[K], r[INNER] == 1 ? ROW : RUN);
    r[STEPS] = (r[K] + r[STEP] - 1) / r[STEP];
    r[TILES] = (r[INNER] + TILE - 1) / TILE;
    r[UNITS] = elems / (r[K] * r[INNER]) * r[STEPS] * r[TILES];
    long block = Math.clamp(elems / 64, BLOCK, LARGE_BLOCK);
    r[UNITS_PER_BLOCK] = Math.max(1, block / (r[STEP] * Math.min(TILE, r[INNER])));
  }

  /// The runs that are left after the planned pass.
  static int advance(long[] r, int runs) {
    if (r[STEPS] > 1) {
      r[RUNS + 1] = r[STEPS];
      return runs;
    }
    if (runs > 2) {
      r[RUNS] *= r[RUNS + 2];
      System.arraycopy(r, RUNS + 3, r, RUNS + 1, runs - 3);
    }
    return runs - 2;
  }

  static MemorySegment source(Call c) {
    return c.registers()[SOURCE] == OPERAND ? c.in(0) : c.scratch();
  }

  static MemorySegment target(Call c) {
    return c.registers()[TARGET] == OPERAND ? c.out(0) : c.scratch();
  }

  /// Element number of the first source element in its segment.
  static long sourceAt(Call c) {
    return Math.max(0, c.registers()[SOURCE]) / c.dtype().bytes();
  }

  /// Element number of the first target element in its segment.
  static long targetAt(Call c) {
    return Math.max(0, c.registers()[TARGET]) / c.dtype().bytes();
  }
}
