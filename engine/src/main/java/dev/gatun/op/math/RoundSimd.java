package dev.gatun.op.math;

import dev.gatun.cpu.simd.Loop;
import dev.gatun.cpu.simd.RoundLanes;
import dev.gatun.device.Workers;

/// Vector form of [Round].
final class RoundSimd {
  static final Workers.Body BODY =
      new UnarySimd(Loop.f32(RoundLanes::nearestF32), Loop.f64(RoundLanes::nearestF64));

  private RoundSimd() {}
}
