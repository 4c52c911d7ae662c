package dev.gatun.op.math;

import dev.gatun.cpu.simd.Loop;
import dev.gatun.cpu.simd.RoundLanes;
import dev.gatun.device.Workers;

/// Vector form of [Truncate].
final class TruncateSimd {
  static final Workers.Body BODY =
      new UnarySimd(Loop.f32(RoundLanes::truncateF32), Loop.f64(RoundLanes::truncateF64));

  private TruncateSimd() {}
}
