package dev.gatun.op.math;

import dev.gatun.cpu.simd.Loop;
import dev.gatun.device.Workers;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/// Vector form of [Neg].
final class NegSimd {
  static final Workers.Body BODY =
      new UnarySimd(Loop.f32((FloatVector x) -> x.neg()), Loop.f64((DoubleVector x) -> x.neg()));

  private NegSimd() {}
}
