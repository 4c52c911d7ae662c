package dev.gatun.op.math;

import dev.gatun.device.Workers;

/// `y` is true where `x` is NaN.
///
/// Shapes: `x`, `y` any; `x` F32 or F64, `y` BOOL. No gradient.
public record IsNan() implements Predicate {
  @Override
  public boolean holds(double x) {
    return Double.isNaN(x);
  }

  @Override
  public String cl() {
    return "return isnan(x);";
  }

  @Override
  public Workers.Body body() {
    return IsNanSimd.BODY;
  }
}
