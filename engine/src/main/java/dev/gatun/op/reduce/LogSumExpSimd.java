package dev.gatun.op.reduce;

import dev.gatun.cpu.simd.Accumulate;
import dev.gatun.cpu.simd.ExpLanes;
import dev.gatun.cpu.simd.ExpSum;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;

/// Vector form of [LogSumExp]: for each piece its maximum and the sum of exponentials below it, the
/// second read coming from cache.
record LogSumExpSimd() implements States.Form {
  /// Columns whose rows stay in the second-level cache between the two reads.
  private static final int TILE = 64;

  private static final Accumulate MAX =
      Accumulate.of((a, x, p) -> a.max(x), (a, b) -> a.max(b), Double.NEGATIVE_INFINITY);

  private static final Accumulate EXP =
      Accumulate.heavy(
          (a, x, p) -> a.add(ExpLanes.nonPositiveF64(x.sub(p))), (a, b) -> a.add(b), 0);

  /// For F32, whose rounding hides the error of a shorter polynomial.
  private static final Accumulate EXP_F32 =
      Accumulate.heavy((a, x, p) -> a.add(ExpSum.term(x.sub(p))), (a, b) -> a.add(b), 0);

  static final Workers.Body BODY = new States.Body(new LogSumExpSimd());

  @Override
  public void row(Call c, long at, int n, long state, long plane) {
    if (c.dtype() == DType.F32) {
      ExpSum.row(c.in(0), at, n, c.scratch(), state, state + plane);
      return;
    }
    double max = MAX.row(false, c.in(0), at, n, 0);
    States.set(c, state, max);
    // Below an infinity there is nothing to add up, and the difference would be NaN.
    States.set(c, state + plane, Double.isInfinite(max) ? 1 : EXP.row(false, c.in(0), at, n, max));
  }

  @Override
  public void columns(Call c, long at, long stride, long rows, int n, long state, long plane) {
    boolean isF32 = c.dtype() == DType.F32;
    for (int i = 0; i < n; i += TILE) {
      int m = Math.min(TILE, n - i);
      long max = state + i;
      MAX.columns(isF32, c.in(0), at + i, stride, rows, m, c.scratch(), max, c.scratch(), max);
      Accumulate exp = isF32 ? EXP_F32 : EXP;
      exp.columns(
          isF32, c.in(0), at + i, stride, rows, m, c.scratch(), max + plane, c.scratch(), max);
    }
  }

  @Override
  public void join(Call c, long from, long step, long n, long fromPlane, long state, long plane) {
    double max = Double.NEGATIVE_INFINITY;
    for (long i = 0; i < n; i++) {
      max = Math.max(max, States.get(c, from + i * step));
    }
    double sum = 0;
    for (long i = 0; i < n; i++) {
      long at = from + i * step;
      double below = States.get(c, at) - max;
      sum +=
          below == Double.NEGATIVE_INFINITY ? 0 : States.get(c, at + fromPlane) * Math.exp(below);
    }
    States.set(c, state, max);
    States.set(c, state + plane, sum);
  }

  @Override
  public void finish(Call c, long state, long plane, long n, long out) {
    double max = States.get(c, state);
    c.set(0, out, Double.isInfinite(max) ? max : max + Math.log(States.get(c, state + plane)));
  }
}
