package dev.gatun.op.reduce;

import dev.gatun.cpu.simd.Accumulate;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import java.util.function.DoubleBinaryOperator;

/// States of one number that elements are added to one by one: products, extremes, sums of powers.
///
/// @param finish the result of a state of `n` elements
record OnePlaneSimd(Accumulate loops, DoubleBinaryOperator join, Finish finish)
    implements States.Form {
  /// What becomes of a state of `n` elements.
  @FunctionalInterface
  interface Finish {
    double of(double state, long n);
  }

  @Override
  public void row(Call c, long at, int n, long state, long plane) {
    States.set(c, state, loops.row(c.dtype() == DType.F32, c.in(0), at, n, 0));
  }

  @Override
  public void columns(Call c, long at, long stride, long rows, int n, long state, long plane) {
    loops.columns(
        c.dtype() == DType.F32,
        c.in(0),
        at,
        stride,
        rows,
        n,
        c.scratch(),
        state,
        c.scratch(),
        state);
  }

  @Override
  public void join(Call c, long from, long step, long n, long fromPlane, long state, long plane) {
    double v = States.get(c, from);
    for (long i = 1; i < n; i++) {
      v = join.applyAsDouble(v, States.get(c, from + i * step));
    }
    States.set(c, state, v);
  }

  @Override
  public void finish(Call c, long state, long plane, long n, long out) {
    c.set(0, out, finish.of(States.get(c, state), n));
  }
}
