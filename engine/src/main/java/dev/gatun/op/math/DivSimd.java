package dev.gatun.op.math;

import dev.gatun.cpu.simd.Loop;
import dev.gatun.device.Workers;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/// Vector form of [Div].
final class DivSimd {
  static final Workers.Body BODY =
      new BinarySimd(
          Loop.f32((FloatVector x, FloatVector y) -> x.div(y)),
          Loop.f64((DoubleVector x, DoubleVector y) -> x.div(y)));

  private DivSimd() {}
}
