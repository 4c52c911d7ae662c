package dev.gatun.op.math;

import dev.gatun.cpu.simd.LogLanes;
import dev.gatun.cpu.simd.Loop;
import dev.gatun.cpu.simd.PowF64Loop;
import dev.gatun.cpu.simd.PowLoop;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/// Vector forms of [Pow], with one exponent too, and of what their gradients need.
final class PowSimd {
  private static final Loop.Binary F32 = new PowLoop();
  private static final Loop.Binary F64 = new PowF64Loop();
  private static final Loop.Binary PRODUCT_F32 =
      Loop.f32((FloatVector x, FloatVector y) -> x.mul(y));
  private static final Loop.Binary PRODUCT_F64 =
      Loop.f64((DoubleVector x, DoubleVector y) -> x.mul(y));

  static final Workers.Body BODY = new BinarySimd(F32, F64);
  static final Workers.Body CONSTANT = new TunedSimd(F32, F64);
  static final Workers.Body CONSTANT_SLOPE = PowSimd::slope;

  static final Workers.Body TIMES_LOG =
      new BinarySimd(
          Loop.f32((FloatVector z, FloatVector x) ->
              LogLanes.f32(x).mul(z).blend(0f, z.compare(VectorOperators.EQ, 0f))),
          Loop.f64((DoubleVector z, DoubleVector x) ->
              LogLanes.f64(x).mul(z).blend(0.0, z.compare(VectorOperators.EQ, 0.0))));

  private PowSimd() {}

  /// `dy p x^(p - 1)`, the power first, then both factors in place.
  private static void slope(Call c, long phase, int block, int worker) {
    long at = (long) block * Elementwise.BLOCK;
    int n = (int) Math.min(Elementwise.BLOCK, c.outShape(0).elems() - at);
    double p = Curve.parameter(c);
    boolean single = c.dtype() == DType.F32;
    Loop.Binary product = single ? PRODUCT_F32 : PRODUCT_F64;
    (single ? F32 : F64).runScalar(c.in(1), at, p - 1, c.out(0), at, n);
    product.runScalar(c.out(0), at, p, c.out(0), at, n);
    product.run(c.in(0), at, 0, c.out(0), at, 0, c.out(0), at, 1, n);
  }
}
