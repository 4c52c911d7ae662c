package dev.gatun.op.math;

import dev.gatun.cpu.simd.Loop;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;

/// Blocks of a [Curve] with an attribute over its two loops, of `x` and the attribute.
record TunedSimd(Loop.Binary f32, Loop.Binary f64) implements Workers.Body {
  @Override
  public void run(Call c, long phase, int block, int worker) {
    long at = (long) block * Elementwise.BLOCK;
    int n = (int) Math.min(Elementwise.BLOCK, c.outShape(0).elems() - at);
    Loop.Binary loop = c.dtype() == DType.F32 ? f32 : f64;
    loop.runScalar(c.in(0), at, Curve.parameter(c), c.out(0), at, n);
  }
}
