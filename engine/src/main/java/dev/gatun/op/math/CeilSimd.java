package dev.gatun.op.math;

import dev.gatun.cpu.simd.Loop;
import dev.gatun.cpu.simd.RoundLanes;
import dev.gatun.device.Workers;

/// Vector form of [Ceil].
final class CeilSimd {
  static final Workers.Body BODY =
      new UnarySimd(Loop.f32(RoundLanes::ceilF32), Loop.f64(RoundLanes::ceilF64));

  private CeilSimd() {}
}
