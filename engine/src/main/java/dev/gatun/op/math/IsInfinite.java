package dev.gatun.op.math;

import dev.gatun.device.Workers;

/// `y` is true where `x` is an infinity.
///
/// Shapes: `x`, `y` any; `x` F32 or F64, `y` BOOL. No gradient.
public record IsInfinite() implements Predicate {
  @Override
  public boolean holds(double x) {
    return Double.isInfinite(x);
  }

  @Override
  public String cl() {
    return "return isinf(x);";
  }

  @Override
  public Workers.Body body() {
    return IsInfiniteSimd.BODY;
  }
}
