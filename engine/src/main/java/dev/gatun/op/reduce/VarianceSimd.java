package dev.gatun.op.reduce;

import dev.gatun.cpu.simd.Accumulate;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import jdk.incubator.vector.DoubleVector;

/// Vector form of [Variance] and [Std]: for each piece its length, its mean and the squares of what
/// differs from it, the second read coming from cache; pieces joined as Chan, Golub and LeVeque do.
///
/// @param root whether the result is the root of the variance
record VarianceSimd(boolean root) implements States.Form {
  /// Columns whose rows stay in the second-level cache between the two reads.
  private static final int TILE = 64;

  private static final Accumulate SUM = Accumulate.of((a, x, p) -> a.add(x), (a, b) -> a.add(b), 0);

  private static final Accumulate SQUARES =
      Accumulate.of(
          (a, x, p) -> {
            DoubleVector d = x.sub(p);
            return d.fma(d, a);
          },
          (a, b) -> a.add(b),
          0);

  static final Workers.Body VARIANCE = new States.Body(new VarianceSimd(false));
  static final Workers.Body STD = new States.Body(new VarianceSimd(true));

  @Override
  public void row(Call c, long at, int n, long state, long plane) {
    boolean isF32 = c.dtype() == DType.F32;
    double mean = SUM.row(isF32, c.in(0), at, n, 0) / n;
    States.set(c, state, n);
    States.set(c, state + plane, mean);
    States.set(c, state + 2 * plane, SQUARES.row(isF32, c.in(0), at, n, mean));
  }

  @Override
  public void columns(Call c, long at, long stride, long rows, int n, long state, long plane) {
    for (int i = 0; i < n; i += TILE) {
      tile(c, at + i, stride, rows, Math.min(TILE, n - i), state + i, plane);
    }
  }

  private static void tile(Call c, long at, long stride, long rows, int n, long state, long plane) {
    boolean isF32 = c.dtype() == DType.F32;
    long mean = state + plane;
    SUM.columns(isF32, c.in(0), at, stride, rows, n, c.scratch(), mean, c.scratch(), mean);
    for (int i = 0; i < n; i++) {
      States.set(c, state + i, (double) rows);
      States.set(c, mean + i, States.get(c, mean + i) / rows);
    }
    SQUARES.columns(
        isF32, c.in(0), at, stride, rows, n, c.scratch(), mean + plane, c.scratch(), mean);
  }

  @Override
  public void join(Call c, long from, long step, long n, long fromPlane, long state, long plane) {
    double count = States.get(c, from);
    double mean = States.get(c, from + fromPlane);
    double squares = States.get(c, from + 2 * fromPlane);
    for (long i = 1; i < n; i++) {
      long at = from + i * step;
      double more = States.get(c, at);
      double d = States.get(c, at + fromPlane) - mean;
      double share = more / (count + more);
      squares += States.get(c, at + 2 * fromPlane) + d * d * count * share;
      mean += d * share;
      count += more;
    }
    States.set(c, state, count);
    States.set(c, state + plane, mean);
    States.set(c, state + 2 * plane, squares);
  }

  @Override
  public void finish(Call c, long state, long plane, long n, long out) {
    double v = States.get(c, state + 2 * plane) / Math.max(0, n - States.attribute(c));
    c.set(0, out, root ? Math.sqrt(v) : v);
  }
}
