package dev.gatun.op.math;

import dev.gatun.device.Workers;
import dev.gatun.tensor.DType;

/// `z = x or y`: logic on BOOL, bit by bit on I32 and I64.
///
/// Shapes: `x`, `y` broadcast to `z`; types agree. No gradient.
public record Or() implements Bitwise {
  @Override
  public long f(DType t, long x, long y) {
    return x | y;
  }

  @Override
  public String cl() {
    return "return x | y;";
  }

  @Override
  public Workers.Body body() {
    return OrSimd.BODY;
  }
}
