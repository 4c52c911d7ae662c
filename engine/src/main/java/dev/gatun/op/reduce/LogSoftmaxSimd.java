package dev.gatun.op.reduce;

import dev.gatun.cpu.simd.ExpLanes;
import dev.gatun.cpu.simd.Lanes;
import dev.gatun.cpu.simd.LogLanes;
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

/// Vector form of [LogSoftmax] and its gradient.
final class LogSoftmaxSimd {
  /// Loops over a row of columns.
  ///
  /// @param sum `s + e^(x - max)`
  /// @param result `x - max - log`
  /// @param input `dy - e^y t`
  private record Loops(
      Loop.Ternary sum, Loop.Unary log, Loop.Ternary result, Loop.Binary add, Loop.Ternary input) {}

  private static final Loops F32 =
      new Loops(
          Loop.f32((FloatVector s, FloatVector x, FloatVector max) ->
              s.add(ExpLanes.nonPositiveF32(x.sub(max)))),
          Loop.f32((FloatVector x) -> LogLanes.f32(x)),
          Loop.f32((FloatVector x, FloatVector max, FloatVector log) -> x.sub(max).sub(log)),
          Loop.f32((FloatVector x, FloatVector y) -> x.add(y)),
          Loop.f32((FloatVector y, FloatVector dy, FloatVector t) ->
              ExpLanes.nonPositiveF32(y).fma(t.neg(), dy)));
  private static final Loops F64 =
      new Loops(
          Loop.f64((DoubleVector s, DoubleVector x, DoubleVector max) ->
              s.add(ExpLanes.nonPositiveF64(x.sub(max)))),
          Loop.f64((DoubleVector x) -> LogLanes.f64(x)),
          Loop.f64((DoubleVector x, DoubleVector max, DoubleVector log) -> x.sub(max).sub(log)),
          Loop.f64((DoubleVector x, DoubleVector y) -> x.add(y)),
          Loop.f64((DoubleVector y, DoubleVector dy, DoubleVector t) ->
              ExpLanes.nonPositiveF64(y).fma(t.neg(), dy)));

  static final Workers.Body BODY =
      new AxisSimd(
          new AxisSimd.Form(
              (c, begin, end, n) -> SoftmaxF32.logRows(c.in(0), 0, c.out(0), 0, begin, end, n),
              (c, at, n, inner, width, spare) -> {
                ReduceF32.maxColumns(c.in(0), at, inner, c.scratch(), spare, n, width);
                columns(F32, c, at, n, inner, width, spare);
              }),
          new AxisSimd.Form(
              (c, begin, end, n) -> SoftmaxF64.logRows(c.in(0), 0, c.out(0), 0, begin, end, n),
              (c, at, n, inner, width, spare) -> {
                ReduceF64.maxColumns(c.in(0), at, inner, c.scratch(), spare, n, width);
                columns(F64, c, at, n, inner, width, spare);
              }));

  static final Workers.Body GRAD =
      new AxisSimd(
          new AxisSimd.Form(
              (c, begin, end, n) ->
                  SoftmaxF32.logGradientRows(c.in(0), 0, c.in(1), 0, c.out(0), 0, begin, end, n),
              (c, at, n, inner, width, spare) -> gradient(F32, c, at, n, inner, width, spare)),
          new AxisSimd.Form(
              (c, begin, end, n) ->
                  SoftmaxF64.logGradientRows(c.in(0), 0, c.in(1), 0, c.out(0), 0, begin, end, n),
              (c, at, n, inner, width, spare) -> gradient(F64, c, at, n, inner, width, spare)));

  private LogSoftmaxSimd() {}

  /// After the maxima went to the first row of scratch; sums and their logarithms go to the second.
  private static void columns(Loops f, Call c, long at, long n, long inner, int width, long spare) {
    MemorySegment s = c.scratch();
    long sum = spare + AxisSimd.TILE;
    clear(c, sum, width);
    for (long i = at, end = at + n * inner; i < end; i += inner) {
      f.sum().run(s, sum, c.in(0), i, s, spare, s, sum, width);
    }
    f.log().run(s, sum, s, sum, width);
    for (long i = at, end = at + n * inner; i < end; i += inner) {
      f.result().run(c.in(0), i, s, spare, s, sum, c.out(0), i, width);
    }
  }

  private static void gradient(
      Loops f, Call c, long at, long n, long inner, int width, long spare) {
    MemorySegment t = c.scratch();
    clear(c, spare, width);
    for (long i = at, end = at + n * inner; i < end; i += inner) {
      f.add().run(t, spare, 0, c.in(1), i, 0, t, spare, 1, width);
    }
    for (long i = at, end = at + n * inner; i < end; i += inner) {
      f.input().run(c.in(0), i, c.in(1), i, t, spare, c.out(0), i, width);
    }
  }

  private static void clear(Call c, long at, int width) {
    int size = c.dtype().bytes();
    Lanes.clear(c.scratch(), at * size, (long) width * size);
  }
}
