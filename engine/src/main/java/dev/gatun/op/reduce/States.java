package dev.gatun.op.reduce;

import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.Shape;
import java.lang.foreign.ValueLayout;

/// How an [Accumulation] goes over its axes: the innermost reduced run is cut as in [Passes] and
/// each piece becomes a state, one double in each of a few planes of scratch memory; states are
/// joined in the order of their pieces, run by run; each last state becomes a result. The cuts
/// follow the shape, so results do not depend on the number of threads.
final class States {
  private static final int READ = 0;
  private static final int JOIN = 1;
  private static final int FINISH = 2;

  /// One step reads all that belongs to a result: states last no longer than their unit, in a piece
  /// of scratch memory that stays in the first-level cache.
  private static final int DIRECT = 3;

  private static final int RESULTS_PER_BLOCK = 256;

  // Registers beside those of Passes: where states are read from and written to, in doubles, and
  // how
  // many there are of either.
  private static final int SOURCE = Passes.SOURCE;
  private static final int SOURCES = Passes.TILES;
  private static final int TARGET = Passes.TARGET;
  private static final int TARGETS = Passes.DIVISOR;

  /// Where nothing is joined: doubles of scratch memory of a worker.
  private static final int WORKER = Passes.SOURCE;

  private States() {}

  /// What an op does with states. Planes of one state lie `plane` doubles apart.
  interface Form {
    /// The state of `n` elements in a row from `at` on.
    void row(Call c, long at, int n, long state, long plane);

    /// The states of `n` columns side by side from `at` on, each of `rows` elements `stride` apart.
    void columns(Call c, long at, long stride, long rows, int n, long state, long plane);

    /// The state of `n` pieces whose states are `step` doubles apart.
    void join(Call c, long from, long step, long n, long fromPlane, long state, long plane);

    /// Result `out` of a state of `n` elements.
    void finish(Call c, long state, long plane, long n, long out);

    /// `results` results from `out` on, whose states lie side by side.
    default void finish(Call c, long state, long plane, long n, long out, int results) {
      for (int i = 0; i < results; i++) {
        finish(c, state + i, plane, n, out + i);
      }
    }
  }

  static void run(Accumulation op, Call c, Workers w) {
    long[] r = c.registers();
    long elems = c.inShape(0).elems();
    int runs = Passes.merge(op, op.axes(), c.inShape(0), r);
    r[Passes.ATTRIBUTE] = Double.doubleToRawLongBits(op.attribute());
    Passes.plan(r, elems);
    long states = elems / r[Passes.K] * r[Passes.STEPS];
    long perBlock = r[Passes.UNITS_PER_BLOCK];
    r[TARGET] = 0;
    r[TARGETS] = states;
    int units = Math.toIntExact((r[Passes.UNITS] + perBlock - 1) / perBlock);
    if (isDirect(r, runs)) {
      r[WORKER] = (long) Passes.TILE * op.planes();
      w.run(op.body(), c, DIRECT, units);
      return;
    }
    w.run(op.body(), c, READ, units);
    runs = Passes.advance(r, runs);
    long at = 0;
    while (runs > 1) {
      r[Passes.INNER] = r[Passes.RUNS];
      r[Passes.K] = r[Passes.RUNS + 1];
      r[SOURCE] = at;
      r[SOURCES] = states;
      at += states * op.planes();
      states /= r[Passes.K];
      r[TARGET] = at;
      r[TARGETS] = states;
      w.run(op.body(), c, JOIN, blocks(states));
      r[Passes.STEPS] = 1;
      runs = Passes.advance(r, runs);
    }
    w.run(op.body(), c, FINISH, blocks(states));
  }

  private static int blocks(long states) {
    return Math.toIntExact((states + RESULTS_PER_BLOCK - 1) / RESULTS_PER_BLOCK);
  }

  private static boolean isDirect(long[] r, int runs) {
    return runs == 2 && r[Passes.STEPS] == 1;
  }

  /// Bytes of all states, or of those of a unit for each worker.
  static long scratch(Accumulation op, Shape x, int workers) {
    if (x.elems() == 0) {
      return 0;
    }
    long[] r = new long[32];
    int runs = Passes.merge(op, op.axes(), x, r);
    Passes.plan(r, x.elems());
    if (isDirect(r, runs)) {
      return (long) workers * Passes.TILE * op.planes() * Double.BYTES;
    }
    long states = x.elems() / r[Passes.K] * r[Passes.STEPS];
    long all = states;
    runs = Passes.advance(r, runs);
    while (runs > 1) {
      states /= r[Passes.RUNS + 1];
      all += states;
      r[Passes.STEPS] = 1;
      runs = Passes.advance(r, runs);
    }
    return all * op.planes() * Double.BYTES;
  }

  /// [Accumulation#attribute] of the op that runs.
  static double attribute(Call c) {
    return Double.longBitsToDouble(c.registers()[Passes.ATTRIBUTE]);
  }

  /// Double `index` of the scratch memory.
  static double get(Call c, long index) {
    return c.scratch().get(ValueLayout.JAVA_DOUBLE_UNALIGNED, index * Double.BYTES);
  }

  static void set(Call c, long index, double v) {
    c.scratch().set(ValueLayout.JAVA_DOUBLE_UNALIGNED, index * Double.BYTES, v);
  }

  /// The same eight bytes as a long, for states that must be exact beyond 2^53.
  static long getLong(Call c, long index) {
    return c.scratch().get(ValueLayout.JAVA_LONG_UNALIGNED, index * Long.BYTES);
  }

  static void setLong(Call c, long index, long v) {
    c.scratch().set(ValueLayout.JAVA_LONG_UNALIGNED, index * Long.BYTES, v);
  }

  /// Blocks of all phases.
  record Body(Form form) implements Workers.Body {
    @Override
    public void run(Call c, long phase, int block, int worker) {
      if (phase == READ || phase == DIRECT) {
        read(c, block, phase == DIRECT ? worker : -1);
      } else if (phase == JOIN) {
        join(c, block);
      } else {
        finish(c, block);
      }
    }

    /// The units of a block; their results too where `worker` is not negative.
    private void read(Call c, int block, int worker) {
      long[] r = c.registers();
      long from = block * r[Passes.UNITS_PER_BLOCK];
      long to = Math.min(r[Passes.UNITS], from + r[Passes.UNITS_PER_BLOCK]);
      for (long u = from; u < to; u++) {
        unit(c, r, u, worker);
      }
    }

    private void unit(Call c, long[] r, long u, int worker) {
      long inner = r[Passes.INNER];
      long column = inner == 1 ? 0 : u % r[Passes.TILES] * Passes.TILE;
      long run = inner == 1 ? u : u / r[Passes.TILES];
      long step = run % r[Passes.STEPS] * r[Passes.STEP];
      long rows = Math.min(r[Passes.STEP], r[Passes.K] - step);
      long at = (run / r[Passes.STEPS] * r[Passes.K] + step) * inner + column;
      long out = run * inner + column;
      long plane = worker < 0 ? r[TARGETS] : Passes.TILE;
      long state = worker < 0 ? r[TARGET] + out : worker * r[WORKER];
      int n = (int) Math.min(Passes.TILE, inner - column);
      if (inner == 1) {
        form.row(c, at, (int) rows, state, plane);
      } else {
        form.columns(c, at, inner, rows, n, state, plane);
      }
      if (worker >= 0) {
        form.finish(c, state, plane, rows, out, n);
      }
    }

    private void join(Call c, int block) {
      long[] r = c.registers();
      long inner = r[Passes.INNER];
      long n = r[Passes.K];
      long begin = (long) block * RESULTS_PER_BLOCK;
      for (long i = begin, end = Math.min(r[TARGETS], begin + RESULTS_PER_BLOCK); i < end; i++) {
        long from = r[SOURCE] + i / inner * n * inner + i % inner;
        form.join(c, from, inner, n, r[SOURCES], r[TARGET] + i, r[TARGETS]);
      }
    }

    private void finish(Call c, int block) {
      long[] r = c.registers();
      long n = c.inShape(0).elems() / r[TARGETS];
      long begin = (long) block * RESULTS_PER_BLOCK;
      int results = (int) Math.min(RESULTS_PER_BLOCK, r[TARGETS] - begin);
      form.finish(c, r[TARGET] + begin, r[TARGETS], n, begin, results);
    }
  }
}
