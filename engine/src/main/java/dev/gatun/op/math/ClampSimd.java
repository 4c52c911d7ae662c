package dev.gatun.op.math;

import static jdk.incubator.vector.VectorOperators.EQ;

import dev.gatun.cpu.simd.Lanes;
import dev.gatun.cpu.simd.Loop;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/// Vector form of [Clamp] and its gradient. Bounds are no constants that a functor could hold, so
/// the loops of the larger and the smaller of two numbers follow one another in the first-level
/// cache.
final class ClampSimd {
  static final int LO = 0;
  static final int HI = 1;
  static final Workers.Body BODY = ClampSimd::block;
  static final Workers.Body GRAD = ClampSimd::gradient;
  private static final int RUN = 2048;

  private static final Loop.Ternary GRAD_F32 =
      Loop.f32((FloatVector dy, FloatVector x, FloatVector y) ->
          FloatVector.zero(Lanes.F32).blend(dy, x.compare(EQ, y)));

  private static final Loop.Ternary GRAD_F64 =
      Loop.f64((DoubleVector dy, DoubleVector x, DoubleVector y) ->
          DoubleVector.zero(Lanes.F64).blend(dy, x.compare(EQ, y)));

  private ClampSimd() {}

  private static void block(Call c, long phase, int block, int worker) {
    double lo = Double.longBitsToDouble(c.registers()[LO]);
    double hi = Double.longBitsToDouble(c.registers()[HI]);
    boolean f32 = c.dtype() == DType.F32;
    Loop.Binary max = f32 ? MaximumSimd.F32 : MaximumSimd.F64;
    Loop.Binary min = f32 ? MinimumSimd.F32 : MinimumSimd.F64;
    long at = (long) block * Elementwise.BLOCK;
    long end = Math.min(at + Elementwise.BLOCK, c.outShape(0).elems());
    for (; at < end; at += RUN) {
      int n = (int) Math.min(RUN, end - at);
      max.runScalar(c.in(0), at, lo, c.out(0), at, n);
      min.runScalar(c.out(0), at, hi, c.out(0), at, n);
    }
  }

  private static void gradient(Call c, long phase, int block, int worker) {
    long at = (long) block * Elementwise.BLOCK;
    int n = (int) Math.min(Elementwise.BLOCK, c.outShape(0).elems() - at);
    Loop.Ternary loop = c.dtype() == DType.F32 ? GRAD_F32 : GRAD_F64;
    loop.run(c.in(0), at, c.in(1), at, c.in(2), at, c.out(0), at, n);
  }
}
