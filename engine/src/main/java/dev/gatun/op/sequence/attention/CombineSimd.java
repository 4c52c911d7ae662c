package dev.gatun.op.sequence.attention;

import static jdk.incubator.vector.VectorOperators.EQ;

import dev.gatun.cpu.simd.CombineF32;
import dev.gatun.cpu.simd.CombineF64;
import dev.gatun.cpu.simd.ExpLanes;
import dev.gatun.cpu.simd.LogLanes;
import dev.gatun.cpu.simd.Loop;
import dev.gatun.cpu.simd.ReduceF32;
import dev.gatun.cpu.simd.ReduceF64;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Spec;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/// Vector form of [Combine] and its gradient: the weights of some rows at once, rows along the
/// lanes, then row by row the parts, elements along the lanes.
final class CombineSimd {
  /// Rows of a block; a block's results stay in the cache while part after part is added.
  private static final int TILE = 64;

  // Registers.
  private static final int PARTS = 0;
  private static final int ROWS = 1;
  private static final int D = 2;
  private static final int SPARE = 3;

  /// Loops over a row of weights.
  ///
  /// @param finite the maximum, 0 for -inf
  /// @param exp `e^(lse - max)`
  /// @param lse `max + log sum`
  /// @param inverse `1 / sum`, 0 for 0
  /// @param dot `w c + t`
  /// @param input `w (c - t)`
  private record Loops(
      Loop.Unary finite,
      Loop.Binary exp,
      Loop.Binary lse,
      Loop.Unary inverse,
      Loop.Binary mul,
      Loop.Unary neg,
      Loop.Ternary dot,
      Loop.Ternary input) {}

  private static final Loops F32 =
      new Loops(
          Loop.f32((FloatVector m) -> m.blend(0f, m.compare(EQ, Float.NEGATIVE_INFINITY))),
          Loop.f32((FloatVector x, FloatVector m) -> ExpLanes.nonPositiveF32(x.sub(m))),
          Loop.f32((FloatVector m, FloatVector s) -> m.add(LogLanes.f32(s))),
          Loop.f32((FloatVector s) ->
              FloatVector.broadcast(s.species(), 1f).div(s).blend(0f, s.compare(EQ, 0f))),
          Loop.f32((FloatVector x, FloatVector y) -> x.mul(y)),
          Loop.f32((FloatVector x) -> x.neg()),
          Loop.f32((FloatVector w, FloatVector c, FloatVector t) -> w.fma(c, t)),
          Loop.f32((FloatVector w, FloatVector c, FloatVector t) -> w.mul(c.sub(t))));
  private static final Loops F64 =
      new Loops(
          Loop.f64((DoubleVector m) -> m.blend(0, m.compare(EQ, Double.NEGATIVE_INFINITY))),
          Loop.f64((DoubleVector x, DoubleVector m) -> ExpLanes.nonPositiveF64(x.sub(m))),
          Loop.f64((DoubleVector m, DoubleVector s) -> m.add(LogLanes.f64(s))),
          Loop.f64((DoubleVector s) ->
              DoubleVector.broadcast(s.species(), 1).div(s).blend(0, s.compare(EQ, 0))),
          Loop.f64((DoubleVector x, DoubleVector y) -> x.mul(y)),
          Loop.f64((DoubleVector x) -> x.neg()),
          Loop.f64((DoubleVector w, DoubleVector c, DoubleVector t) -> w.fma(c, t)),
          Loop.f64((DoubleVector w, DoubleVector c, DoubleVector t) -> w.mul(c.sub(t))));

  private static final Workers.Body FORWARD = CombineSimd::forward;
  private static final Workers.Body GRADIENT = CombineSimd::gradient;

  private CombineSimd() {}

  /// Room for `tables` tables of `[P, TILE]` and two rows for each worker.
  static long scratch(Spec lse, int tables, int workers) {
    return (tables * lse.shape().dim(0) + 2) * TILE * lse.dtype().bytes() * workers;
  }

  static void forward(Call c, Workers w) {
    w.run(FORWARD, c, 0, plan(c, 1));
  }

  static void gradient(Call c, Workers w) {
    w.run(GRADIENT, c, 0, plan(c, 2));
  }

  private static int plan(Call c, int tables) {
    long[] r = c.registers();
    r[PARTS] = c.inShape(0).dim(0);
    r[ROWS] = c.inShape(1).elems() / r[PARTS];
    r[D] = c.inShape(0).dim(-1);
    r[SPARE] = (tables * r[PARTS] + 2) * TILE;
    return Math.toIntExact((r[ROWS] + TILE - 1) / TILE);
  }

  /// Weights of rows `row` to `row + n` as a table from element `at` of scratch on; their sums and
  /// maxima follow it.
  private static void weights(Call c, Loops f, long row, int n, long at) {
    long[] r = c.registers();
    int parts = (int) r[PARTS];
    MemorySegment s = c.scratch();
    MemorySegment lse = c.in(1);
    long max = at + r[PARTS] * TILE;
    long sum = max + TILE;
    boolean f32 = c.dtype() == DType.F32;
    if (f32) {
      ReduceF32.maxColumns(lse, row, r[ROWS], s, max, parts, n);
    } else {
      ReduceF64.maxColumns(lse, row, r[ROWS], s, max, parts, n);
    }
    f.finite().run(s, max, s, max, n);
    for (int p = 0; p < parts; p++) {
      f.exp().run(lse, row + p * r[ROWS], 0, s, max, 0, s, at + (long) p * TILE, 1, n);
    }
    if (f32) {
      ReduceF32.sumColumns(s, at, TILE, s, sum, parts, n, 1);
    } else {
      ReduceF64.sumColumns(s, at, TILE, s, sum, parts, n, 1);
    }
  }

  /// Weights that add up to 1.
  private static void normalise(Call c, Loops f, int n, long at) {
    MemorySegment s = c.scratch();
    long parts = c.registers()[PARTS];
    long sum = at + (parts + 1) * TILE;
    f.inverse().run(s, sum, s, sum, n);
    for (long p = at; p < at + parts * TILE; p += TILE) {
      f.mul().run(s, p, 0, s, sum, 0, s, p, 1, n);
    }
  }

  private static void forward(Call c, long phase, int block, int worker) {
    long[] r = c.registers();
    boolean f32 = c.dtype() == DType.F32;
    Loops f = f32 ? F32 : F64;
    long row = (long) block * TILE;
    int n = (int) Math.min(TILE, r[ROWS] - row);
    long at = worker * r[SPARE];
    int parts = (int) r[PARTS];
    int d = Math.toIntExact(r[D]);
    MemorySegment s = c.scratch();
    weights(c, f, row, n, at);
    long max = at + r[PARTS] * TILE;
    f.lse().run(s, max, 0, s, max + TILE, 0, c.out(1), row, 1, n);
    normalise(c, f, n, at);
    long apart = r[ROWS] * d;
    if (f32) {
      CombineF32.forward(c.in(0), row * d, apart, s, at, TILE, parts, c.out(0), row * d, n, d);
    } else {
      CombineF64.forward(c.in(0), row * d, apart, s, at, TILE, parts, c.out(0), row * d, n, d);
    }
  }

  private static void gradient(Call c, long phase, int block, int worker) {
    long[] r = c.registers();
    boolean f32 = c.dtype() == DType.F32;
    Loops f = f32 ? F32 : F64;
    long row = (long) block * TILE;
    int n = (int) Math.min(TILE, r[ROWS] - row);
    long at = worker * r[SPARE];
    long dot = at + (r[PARTS] + 2) * TILE;
    int parts = (int) r[PARTS];
    int d = Math.toIntExact(r[D]);
    MemorySegment s = c.scratch();
    weights(c, f, row, n, at);
    normalise(c, f, n, at);
    long x = row * d;
    long apart = r[ROWS] * d;
    if (f32) {
      CombineF32.gradient(
          c.in(0), x, apart, s, at, TILE, parts, c.in(2), x, c.out(0), s, dot, n, d);
    } else {
      CombineF64.gradient(
          c.in(0), x, apart, s, at, TILE, parts, c.in(2), x, c.out(0), s, dot, n, d);
    }
    // The maxima have done their part; their row holds the mean.
    long mean = at + r[PARTS] * TILE;
    f.neg().run(c.in(3), row, s, mean, n);
    for (long p = 0; p < parts * (long) TILE; p += TILE) {
      f.dot().run(s, at + p, s, dot + p, s, mean, s, mean, n);
    }
    for (int p = 0; p < parts; p++) {
      long w = at + (long) p * TILE;
      f.input().run(s, w, s, dot + (long) p * TILE, s, mean, c.out(1), row + p * r[ROWS], n);
    }
  }
}
