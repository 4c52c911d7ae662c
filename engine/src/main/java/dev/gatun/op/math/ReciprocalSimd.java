package dev.gatun.op.math;

import dev.gatun.cpu.simd.Lanes;
import dev.gatun.cpu.simd.Loop;
import dev.gatun.device.Workers;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/// Vector form of [Reciprocal] and its gradient.
final class ReciprocalSimd {
  static final Workers.Body BODY =
      new UnarySimd(
          Loop.f32((FloatVector x) -> FloatVector.broadcast(Lanes.F32, 1).div(x)),
          Loop.f64((DoubleVector x) -> DoubleVector.broadcast(Lanes.F64, 1).div(x)));

  static final Workers.Body GRAD =
      new BinarySimd(
          Loop.f32((FloatVector dy, FloatVector y) -> dy.neg().mul(y).mul(y)),
          Loop.f64((DoubleVector dy, DoubleVector y) -> dy.neg().mul(y).mul(y)));

  private ReciprocalSimd() {}
}
