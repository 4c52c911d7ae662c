package dev.gatun.op.math;

import dev.gatun.cpu.simd.ExpLanes;
import dev.gatun.cpu.simd.Loop;
import dev.gatun.device.Workers;

/// Vector form of [Exp].
final class ExpSimd {
  static final Workers.Body BODY =
      new UnarySimd(Loop.f32(87f, ExpLanes::moderateF32, ExpLanes::f32), Loop.f64(ExpLanes::f64));

  private ExpSimd() {}
}
