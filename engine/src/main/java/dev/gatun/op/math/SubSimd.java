package dev.gatun.op.math;

import dev.gatun.cpu.simd.Loop;
import dev.gatun.device.Workers;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/// Vector form of [Sub].
final class SubSimd {
  static final Workers.Body BODY =
      new BinarySimd(
          Loop.f32((FloatVector x, FloatVector y) -> x.sub(y)),
          Loop.f64((DoubleVector x, DoubleVector y) -> x.sub(y)));

  private SubSimd() {}
}
