package dev.gatun.op.math;

import dev.gatun.cpu.simd.Loop;
import dev.gatun.cpu.simd.RoundLanes;
import dev.gatun.device.Workers;

/// Vector form of [Floor].
final class FloorSimd {
  static final Workers.Body BODY =
      new UnarySimd(Loop.f32(RoundLanes::floorF32), Loop.f64(RoundLanes::floorF64));

  private FloorSimd() {}
}
