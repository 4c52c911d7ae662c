package dev.gatun.op.math;

import dev.gatun.cpu.simd.Loop;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;

/// Blocks of a [Predicate]: a test of two inputs that are one and the same.
record PredicateSimd(Loop.Pairwise f32, Loop.Pairwise f64) implements Workers.Body {
  @Override
  public void run(Call c, long phase, int block, int worker) {
    long at = (long) block * Elementwise.BLOCK;
    int n = (int) Math.min(Elementwise.BLOCK, c.outShape(0).elems() - at);
    Loop.Pairwise loop = c.dtype() == DType.F32 ? f32 : f64;
    loop.run(c.in(0), at, 0, c.in(0), at, 0, c.out(0), at, 1, n);
  }
}
