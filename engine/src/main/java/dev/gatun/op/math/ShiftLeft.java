package dev.gatun.op.math;

import dev.gatun.device.Workers;
import dev.gatun.tensor.DType;

/// `z = x * 2^y`, what leaves the type being lost; of `y` the low 5 bits count on I32, the low 6 on
/// I64, as in Java.
///
/// Shapes: `x`, `y` broadcast to `z`; types agree and are I32 or I64. No gradient.
public record ShiftLeft() implements Bitwise {
  @Override
  public long f(DType t, long x, long y) {
    return t == DType.I32 ? (int) x << (int) y : x << y;
  }

  @Override
  public boolean takesBool() {
    return false;
  }

  @Override
  public String cl() {
    return "return x << y;";
  }

  @Override
  public Workers.Body body() {
    return ShiftLeftSimd.BODY;
  }
}
