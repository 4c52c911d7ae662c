package dev.gatun.op.math;

import dev.gatun.cpu.simd.Loop;
import dev.gatun.device.Workers;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/// Vector form of [Square] and its gradient.
final class SquareSimd {
  static final Workers.Body BODY =
      new UnarySimd(Loop.f32((FloatVector x) -> x.mul(x)), Loop.f64((DoubleVector x) -> x.mul(x)));

  static final Workers.Body GRAD =
      new BinarySimd(
          Loop.f32((FloatVector dy, FloatVector x) -> dy.mul(x.add(x))),
          Loop.f64((DoubleVector dy, DoubleVector x) -> dy.mul(x.add(x))));

  private SquareSimd() {}
}
