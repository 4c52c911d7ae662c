package dev.gatun.op.math;

import dev.gatun.cpu.simd.Loop;
import dev.gatun.cpu.simd.RemainderLanes;
import dev.gatun.device.Workers;

/// Vector form of [Fmod].
final class FmodSimd {
  static final Workers.Body BODY =
      new RepairedSimd(
          new BinarySimd(
              Loop.f32(RemainderLanes::truncatedF32), Loop.f64(RemainderLanes::truncatedF64)),
          new Fmod());

  private FmodSimd() {}
}
