package dev.gatun.op.math;

import dev.gatun.cpu.simd.Loop;
import dev.gatun.device.Workers;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/// Vector form of [Abs] and its gradient.
final class AbsSimd {
  static final Workers.Body BODY =
      new UnarySimd(Loop.f32((FloatVector x) -> x.abs()), Loop.f64((DoubleVector x) -> x.abs()));

  static final Workers.Body GRAD =
      new BinarySimd(
          Loop.f32((FloatVector dy, FloatVector x) -> dy.mul(SignSimd.f32(x))),
          Loop.f64((DoubleVector dy, DoubleVector x) -> dy.mul(SignSimd.f64(x))));

  private AbsSimd() {}
}
