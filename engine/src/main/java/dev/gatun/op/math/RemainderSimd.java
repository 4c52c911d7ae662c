package dev.gatun.op.math;

import dev.gatun.cpu.simd.Loop;
import dev.gatun.cpu.simd.RemainderLanes;
import dev.gatun.device.Workers;

/// Vector form of [Remainder].
final class RemainderSimd {
  static final Workers.Body BODY =
      new RepairedSimd(
          new BinarySimd(
              Loop.f32(RemainderLanes::flooredF32), Loop.f64(RemainderLanes::flooredF64)),
          new Remainder());

  private RemainderSimd() {}
}
