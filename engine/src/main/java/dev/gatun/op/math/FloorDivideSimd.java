package dev.gatun.op.math;

import dev.gatun.cpu.simd.Loop;
import dev.gatun.cpu.simd.RemainderLanes;
import dev.gatun.device.Workers;

/// Vector form of [FloorDivide].
final class FloorDivideSimd {
  static final Workers.Body BODY =
      new RepairedSimd(
          new BinarySimd(
              Loop.f32(RemainderLanes::quotientF32), Loop.f64(RemainderLanes::quotientF64)),
          new FloorDivide());

  private FloorDivideSimd() {}
}
