package dev.gatun.op.math;

import dev.gatun.device.Workers;

/// `z` is true where `x < y`.
///
/// Shapes: `x`, `y` broadcast to `z`, which is BOOL; types agree and are F32, F64, I32 or I64.
/// False where one is NaN. `-0 = +0`. No gradient.
public record Less() implements Comparison {
  @Override
  public boolean holds(double x, double y) {
    return x < y;
  }

  @Override
  public boolean holds(long x, long y) {
    return x < y;
  }

  @Override
  public String cl() {
    return "return x < y;";
  }

  @Override
  public Workers.Body body() {
    return LessSimd.BODY;
  }
}
