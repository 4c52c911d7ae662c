package dev.gatun.op.reduce;

import dev.gatun.cpu.simd.ExpLanes;
import dev.gatun.cpu.simd.Lanes;
import dev.gatun.cpu.simd.Loop;
import dev.gatun.cpu.simd.ReduceF32;
import dev.gatun.cpu.simd.ReduceF64;
import dev.gatun.cpu.simd.SoftmaxF32;
import dev.gatun.cpu.simd.SoftmaxF64;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/// Vector form of [Softmax] and its gradient.
final class SoftmaxSimd {
  /// Rows whose sum is finished before it is added to the others', to keep rounding errors small.
  private static final int RUN = 1024;

  /// Loops over a row of columns.
  ///
  /// @param exp `e^(x - max)`
  /// @param dot `t + dy y`
  /// @param input `y (dy - t)`
  private record Loops(
      Loop.Binary exp, Loop.Binary add, Loop.Binary div, Loop.Ternary dot, Loop.Ternary input) {}

  private static final Loops F32 =
      new Loops(
          Loop.f32((FloatVector x, FloatVector max) -> ExpLanes.nonPositiveF32(x.sub(max))),
          Loop.f32((FloatVector x, FloatVector y) -> x.add(y)),
          Loop.f32((FloatVector x, FloatVector y) -> x.div(y)),
          Loop.f32((FloatVector t, FloatVector dy, FloatVector y) -> dy.fma(y, t)),
          Loop.f32((FloatVector y, FloatVector dy, FloatVector t) -> y.mul(dy.sub(t))));
  private static final Loops F64 =
      new Loops(
          Loop.f64((DoubleVector x, DoubleVector max) -> ExpLanes.nonPositiveF64(x.sub(max))),
          Loop.f64((DoubleVector x, DoubleVector y) -> x.add(y)),
          Loop.f64((DoubleVector x, DoubleVector y) -> x.div(y)),
          Loop.f64((DoubleVector t, DoubleVector dy, DoubleVector y) -> dy.fma(y, t)),
          Loop.f64((DoubleVector y, DoubleVector dy, DoubleVector t) -> y.mul(dy.sub(t))));

  static final Workers.Body BODY =
      new AxisSimd(
          new AxisSimd.Form(
              (c, begin, end, n) -> SoftmaxF32.rows(c.in(0), 0, c.out(0), 0, begin, end, n),
              (c, at, n, inner, width, spare) -> {
                ReduceF32.maxColumns(c.in(0), at, inner, c.scratch(), spare, n, width);
                exp(F32, c, at, n, inner, width, spare);
                long sum = spare + AxisSimd.TILE;
                long part = sum + AxisSimd.TILE;
                for (long i = 0; i < n; i += RUN) {
                  long rows = Math.min(RUN, n - i);
                  long to = i == 0 ? sum : part;
                  ReduceF32.sumColumns(
                      c.out(0), at + i * inner, inner, c.scratch(), to, rows, width, 1);
                  add(F32, c, i, sum, part, width);
                }
                divide(F32, c, at, n, inner, width, sum);
              }),
          new AxisSimd.Form(
              (c, begin, end, n) -> SoftmaxF64.rows(c.in(0), 0, c.out(0), 0, begin, end, n),
              (c, at, n, inner, width, spare) -> {
                ReduceF64.maxColumns(c.in(0), at, inner, c.scratch(), spare, n, width);
                exp(F64, c, at, n, inner, width, spare);
                long sum = spare + AxisSimd.TILE;
                long part = sum + AxisSimd.TILE;
                for (long i = 0; i < n; i += RUN) {
                  long rows = Math.min(RUN, n - i);
                  long to = i == 0 ? sum : part;
                  ReduceF64.sumColumns(
                      c.out(0), at + i * inner, inner, c.scratch(), to, rows, width, 1);
                  add(F64, c, i, sum, part, width);
                }
                divide(F64, c, at, n, inner, width, sum);
              }));

  static final Workers.Body GRAD =
      new AxisSimd(
          new AxisSimd.Form(
              (c, begin, end, n) ->
                  SoftmaxF32.gradientRows(c.in(0), 0, c.in(1), 0, c.out(0), 0, begin, end, n),
              (c, at, n, inner, width, spare) -> gradient(F32, c, at, n, inner, width, spare)),
          new AxisSimd.Form(
              (c, begin, end, n) ->
                  SoftmaxF64.gradientRows(c.in(0), 0, c.in(1), 0, c.out(0), 0, begin, end, n),
              (c, at, n, inner, width, spare) -> gradient(F64, c, at, n, inner, width, spare)));

  private SoftmaxSimd() {}

  /// After the maxima went to the first row of scratch.
  private static void exp(Loops f, Call c, long at, long n, long inner, int width, long spare) {
    for (long i = at, end = at + n * inner; i < end; i += inner) {
      f.exp().run(c.in(0), i, 0, c.scratch(), spare, 0, c.out(0), i, 1, width);
    }
  }

  /// Adds the third row of scratch, the sums of rows `i` and on, to the second.
  private static void add(Loops f, Call c, long i, long sum, long part, int width) {
    if (i > 0) {
      f.add().run(c.scratch(), sum, 0, c.scratch(), part, 0, c.scratch(), sum, 1, width);
    }
  }

  /// After the sums went to the second row of scratch.
  private static void divide(Loops f, Call c, long at, long n, long inner, int width, long sum) {
    MemorySegment y = c.out(0);
    for (long i = at, end = at + n * inner; i < end; i += inner) {
      f.div().run(y, i, 0, c.scratch(), sum, 0, y, i, 1, width);
    }
  }

  private static void gradient(
      Loops f, Call c, long at, long n, long inner, int width, long spare) {
    MemorySegment t = c.scratch();
    int size = c.dtype().bytes();
    Lanes.clear(t, spare * size, (long) width * size);
    for (long i = at, end = at + n * inner; i < end; i += inner) {
      f.dot().run(t, spare, c.in(1), i, c.in(0), i, t, spare, width);
    }
    for (long i = at, end = at + n * inner; i < end; i += inner) {
      f.input().run(c.in(0), i, c.in(1), i, t, spare, c.out(0), i, width);
    }
  }
}
