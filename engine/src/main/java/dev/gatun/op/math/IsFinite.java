package dev.gatun.op.math;

import dev.gatun.device.Workers;

/// `y` is true where `x` is neither NaN nor an infinity.
///
/// Shapes: `x`, `y` any; `x` F32 or F64, `y` BOOL. No gradient.
public record IsFinite() implements Predicate {
  @Override
  public boolean holds(double x) {
    return Double.isFinite(x);
  }

  @Override
  public String cl() {
    return "return isfinite(x);";
  }

  @Override
  public Workers.Body body() {
    return IsFiniteSimd.BODY;
  }
}
