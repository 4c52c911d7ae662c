package dev.gatun.op.math;

import dev.gatun.cpu.simd.Loop;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/// Blocks of the [Slope] of a [Curve] with an attribute over loops of `v` and the attribute: the
/// derivative goes to the result, which is then multiplied by `dy` while it is in cache. Loops take
/// no number beside two arrays.
record TunedSlopeSimd(Loop.Binary f32, Loop.Binary f64) implements Workers.Body {
  private static final Loop.Binary PRODUCT_F32 =
      Loop.f32((FloatVector x, FloatVector y) -> x.mul(y));
  private static final Loop.Binary PRODUCT_F64 =
      Loop.f64((DoubleVector x, DoubleVector y) -> x.mul(y));

  @Override
  public void run(Call c, long phase, int block, int worker) {
    long at = (long) block * Elementwise.BLOCK;
    int n = (int) Math.min(Elementwise.BLOCK, c.outShape(0).elems() - at);
    boolean single = c.dtype() == DType.F32;
    Loop.Binary slope = single ? f32 : f64;
    slope.runScalar(c.in(1), at, Curve.parameter(c), c.out(0), at, n);
    Loop.Binary product = single ? PRODUCT_F32 : PRODUCT_F64;
    product.run(c.in(0), at, 0, c.out(0), at, 0, c.out(0), at, 1, n);
  }
}
