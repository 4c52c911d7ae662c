package dev.gatun.op.reduce;

import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LT;
import static jdk.incubator.vector.VectorOperators.NE;

import dev.gatun.cpu.simd.Accumulate;
import dev.gatun.cpu.simd.Loop;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/// Vector form of [Norm] and its gradient. A power that is neither 1, 2 nor infinite is worked out
/// element by element, relative to the largest magnitude, which is found with vectors.
record NormSimd() implements States.Form {
  private static final int BLOCK = 16_384;

  private static final Accumulate MAGNITUDES =
      Accumulate.of((a, x, p) -> a.add(x.abs()), (a, b) -> a.add(b), 0);

  private static final Accumulate SQUARES =
      Accumulate.of((a, x, p) -> x.fma(x, a), (a, b) -> a.add(b), 0);

  private static final Accumulate GREATEST =
      Accumulate.of((a, x, p) -> a.max(x.abs()), (a, b) -> a.max(b), 0);

  static final Workers.Body ONE =
      new States.Body(new OnePlaneSimd(MAGNITUDES, Double::sum, (v, n) -> v));
  static final Workers.Body TWO =
      new States.Body(new OnePlaneSimd(SQUARES, Double::sum, (v, n) -> Math.sqrt(v)));
  static final Workers.Body INFINITE =
      new States.Body(new OnePlaneSimd(GREATEST, Math::max, (v, n) -> v));
  static final Workers.Body GENERAL = new States.Body(new NormSimd());

  /// `dx = d sign(x)`.
  private static final Loop.Binary SIGN_F32 =
      Loop.f32((FloatVector x, FloatVector d) ->
          FloatVector.zero(x.species())
              .blend(d, x.compare(GT, 0))
              .blend(d.neg(), x.compare(LT, 0))
              .blend(x, x.compare(NE, x)));

  private static final Loop.Binary SIGN_F64 =
      Loop.f64((DoubleVector x, DoubleVector d) ->
          DoubleVector.zero(x.species())
              .blend(d, x.compare(GT, 0))
              .blend(d.neg(), x.compare(LT, 0))
              .blend(x, x.compare(NE, x)));

  private static final Loop.Binary SCALE_F32 = Loop.f32((FloatVector x, FloatVector d) -> x.mul(d));
  private static final Loop.Binary SCALE_F64 =
      Loop.f64((DoubleVector x, DoubleVector d) -> x.mul(d));

  private static final Workers.Body ROWS = NormSimd::rows;

  static Workers.Body body(double p) {
    if (p == 1) {
      return ONE;
    }
    return p == 2 ? TWO : Double.isInfinite(p) ? INFINITE : GENERAL;
  }

  @Override
  public void row(Call c, long at, int n, long state, long plane) {
    double max = GREATEST.row(c.dtype() == DType.F32, c.in(0), at, n, 0);
    States.set(c, state, max);
    States.set(c, state + plane, powers(c, at, 1, n, max));
  }

  @Override
  public void columns(Call c, long at, long stride, long rows, int n, long state, long plane) {
    GREATEST.columns(
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
    for (int i = 0; i < n; i++) {
      double max = States.get(c, state + i);
      States.set(c, state + plane + i, powers(c, at + i, stride, rows, max));
    }
  }

  /// `sum((|x| / max)^p)`.
  private static double powers(Call c, long at, long stride, long n, double max) {
    double p = States.attribute(c);
    if (max == 0) {
      return 0;
    }
    double sum = 0;
    for (long i = 0; i < n; i++) {
      sum += Math.pow(Math.abs(c.get(0, at + i * stride)) / max, p);
    }
    return sum;
  }

  @Override
  public void join(Call c, long from, long step, long n, long fromPlane, long state, long plane) {
    double p = States.attribute(c);
    double max = 0;
    for (long i = 0; i < n; i++) {
      max = Math.max(max, States.get(c, from + i * step));
    }
    double sum = 0;
    for (long i = 0; i < n; i++) {
      long at = from + i * step;
      double share = States.get(c, at);
      sum += share == 0 ? 0 : States.get(c, at + fromPlane) * Math.pow(share / max, p);
    }
    States.set(c, state, max);
    States.set(c, state + plane, sum);
  }

  @Override
  public void finish(Call c, long state, long plane, long n, long out) {
    double sum = States.get(c, state + plane);
    c.set(0, out, Norm.of(States.get(c, state), sum, States.attribute(c)));
  }

  static void gradient(double p, Call c, Workers w) {
    Shape x = c.inShape(0);
    if (x.elems() > 0) {
      c.registers()[0] = Double.doubleToRawLongBits(p);
      long rows = rowsPerBlock(x);
      w.run(ROWS, c, 0, Math.toIntExact((x.dim(0) + rows - 1) / rows));
    }
  }

  private static long rowsPerBlock(Shape x) {
    return Math.max(1, BLOCK / x.dim(1));
  }

  private static void rows(Call c, long phase, int block, int worker) {
    Shape x = c.inShape(0);
    double p = Double.longBitsToDouble(c.registers()[0]);
    boolean isF32 = c.dtype() == DType.F32;
    int n = Math.toIntExact(x.dim(1));
    long begin = block * rowsPerBlock(x);
    long end = Math.min(x.dim(0), begin + rowsPerBlock(x));
    for (long r = begin; r < end; r++) {
      double y = c.get(1, r);
      double dy = c.get(2, r);
      long at = r * n;
      if (p == 1) {
        (isF32 ? SIGN_F32 : SIGN_F64).runScalar(c.in(0), at, dy, c.out(0), at, n);
      } else if (p == 2) {
        double d = y == 0 ? 0 : dy / y;
        (isF32 ? SCALE_F32 : SCALE_F64).runScalar(c.in(0), at, d, c.out(0), at, n);
      } else {
        Norm.Grad.row(c, p, r, n);
      }
    }
  }
}
