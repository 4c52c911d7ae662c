package dev.gatun.op.math;

import dev.gatun.device.Workers;

/// `z` is true where `x` and `y` differ.
///
/// Shapes: `x`, `y` broadcast to `z`, which is BOOL; types agree and are F32, F64, I32, I64, I8, U8
/// or BOOL. NaN differs from everything. `-0 = +0`. No gradient.
public record NotEqual() implements Comparison {
  @Override
  public boolean holds(double x, double y) {
    return x != y;
  }

  @Override
  public boolean holds(long x, long y) {
    return x != y;
  }

  @Override
  public boolean takesBytes() {
    return true;
  }

  @Override
  public String cl() {
    return "return x != y;";
  }

  @Override
  public Workers.Body body() {
    return NotEqualSimd.BODY;
  }
}
