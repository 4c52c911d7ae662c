package dev.gatun.op.math;

import dev.gatun.cpu.simd.Loop;
import dev.gatun.cpu.simd.SigmoidLanes;
import dev.gatun.device.Workers;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/// Vector form of [Sigmoid] and its gradient.
final class SigmoidSimd {
  static final Workers.Body BODY =
      new UnarySimd(
          Loop.f32(87f, SigmoidLanes::moderateF32, SigmoidLanes::anyF32),
          Loop.f64(SigmoidLanes::f64));

  /// `dy y (1 - y)`
  static final Workers.Body GRAD =
      new BinarySimd(
          Loop.f32((FloatVector dy, FloatVector y) -> dy.mul(y.mul(y.neg().add(1f)))),
          Loop.f64((DoubleVector dy, DoubleVector y) -> dy.mul(y.mul(y.neg().add(1)))));

  private SigmoidSimd() {}
}
