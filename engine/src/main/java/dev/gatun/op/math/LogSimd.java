package dev.gatun.op.math;

import dev.gatun.cpu.simd.LogLanes;
import dev.gatun.cpu.simd.Loop;
import dev.gatun.device.Workers;

/// Vector form of [Log].
final class LogSimd {
  static final Workers.Body BODY =
      new UnarySimd(
          Loop.f32(Float.MIN_NORMAL, Float.MAX_VALUE, LogLanes::normalF32, LogLanes::f32),
          Loop.f64(LogLanes::f64));

  private LogSimd() {}
}
