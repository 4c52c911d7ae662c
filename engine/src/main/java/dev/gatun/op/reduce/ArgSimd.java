package dev.gatun.op.reduce;

import static jdk.incubator.vector.VectorOperators.EQ;
import static jdk.incubator.vector.VectorOperators.LT;
import static jdk.incubator.vector.VectorOperators.NE;

import dev.gatun.cpu.simd.Accumulate;
import dev.gatun.cpu.simd.Lanes;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/// Vector form of [ArgMax] and [ArgMin]: of each piece the extreme, then, from cache, the first
/// element that is it. Of pieces the first with the extreme of all wins.
///
/// @param loops for the extreme
/// @param greatest whether that is the maximum
record ArgSimd(Accumulate loops, boolean greatest) implements States.Form {
  /// Counts up to the first element that is `p` or NaN, where `k` turns into `-1 - k` and stays.
  private static final Accumulate FIRST =
      Accumulate.heavy(
          (a, x, p) ->
              a.add(1)
                  .blend(a.neg().sub(1), x.compare(EQ, p).or(x.compare(NE, x)))
                  .blend(a, a.compare(LT, 0)),
          (a, b) -> a,
          0);

  static final Workers.Body MAX =
      new States.Body(
          new ArgSimd(
              Accumulate.of((a, x, p) -> a.max(x), (a, b) -> a.max(b), Double.NEGATIVE_INFINITY),
              true));

  static final Workers.Body MIN =
      new States.Body(
          new ArgSimd(
              Accumulate.of((a, x, p) -> a.min(x), (a, b) -> a.min(b), Double.POSITIVE_INFINITY),
              false));

  @Override
  public void row(Call c, long at, int n, long state, long plane) {
    double best = loops.row(c.dtype() == DType.F32, c.in(0), at, n, 0);
    int i =
        c.dtype() == DType.F32
            ? firstF32(c.in(0), at * 4, n, (float) best)
            : firstF64(c.in(0), at * 8, n, best);
    while (i < n && !same(c.get(0, at + i), best)) {
      i++;
    }
    States.set(c, state, best);
    States.set(c, state + plane, i);
  }

  /// NaN is in a piece only if it is the extreme.
  private static boolean same(double x, double best) {
    return x == best || Double.isNaN(x);
  }

  /// Start of the first vector with `best` or NaN, or of what does not fill one.
  private static int firstF32(MemorySegment x, long at, int n, float best) {
    x = Lanes.offHeap(x);
    int full = Lanes.F32.loopBound(n);
    for (int i = 0; i < full; i += Lanes.F32.length()) {
      FloatVector v = FloatVector.fromMemorySegment(Lanes.F32, x, at + i * 4L, Lanes.ORDER);
      if (v.compare(EQ, best).or(v.compare(NE, v)).anyTrue()) {
        return i;
      }
    }
    return full;
  }

  private static int firstF64(MemorySegment x, long at, int n, double best) {
    x = Lanes.offHeap(x);
    int full = Lanes.F64.loopBound(n);
    for (int i = 0; i < full; i += Lanes.F64.length()) {
      DoubleVector v = DoubleVector.fromMemorySegment(Lanes.F64, x, at + i * 8L, Lanes.ORDER);
      if (v.compare(EQ, best).or(v.compare(NE, v)).anyTrue()) {
        return i;
      }
    }
    return full;
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
    long first = state + plane;
    FIRST.columns(
        c.dtype() == DType.F32,
        c.in(0),
        at,
        stride,
        rows,
        n,
        c.scratch(),
        first,
        c.scratch(),
        state);
    for (int i = 0; i < n; i++) {
      States.set(c, first + i, -1 - States.get(c, first + i));
    }
  }

  @Override
  public void join(Call c, long from, long step, long n, long fromPlane, long state, long plane) {
    long best = 0;
    for (long i = 1; i < n; i++) {
      best = wins(States.get(c, from + i * step), States.get(c, from + best * step)) ? i : best;
    }
    long at = from + best * step;
    States.set(c, state, States.get(c, at));
    // Pieces follow one another at the step of the one pass there is.
    double before = (double) best * c.registers()[Passes.STEP];
    States.set(c, state + plane, before + States.get(c, at + fromPlane));
  }

  private boolean wins(double a, double b) {
    return !Double.isNaN(b) && (Double.isNaN(a) || (greatest ? a > b : a < b));
  }

  @Override
  public void finish(Call c, long state, long plane, long n, long out) {
    c.set(0, out, States.get(c, state + plane));
  }
}
