package dev.gatun.op.math;

import dev.gatun.cpu.simd.Loop;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;

/// Blocks of a unary op over its two loops: that for elements of 4 bytes and that for 8, floats or
/// integers.
record UnarySimd(Loop.Unary f32, Loop.Unary f64) implements Workers.Body {
  @Override
  public void run(Call c, long phase, int block, int worker) {
    long at = (long) block * Elementwise.BLOCK;
    int n = (int) Math.min(Elementwise.BLOCK, c.outShape(0).elems() - at);
    (c.dtype().bytes() == 4 ? f32 : f64).run(c.in(0), at, c.out(0), at, n);
  }
}
