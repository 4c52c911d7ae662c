package dev.gatun.op.math;

import dev.gatun.cpu.simd.Loop;
import dev.gatun.device.Workers;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;

/// Vector form of [Neg].
final class NegSimd {
  static final Workers.Body BODY =
      TypedSimd.numbers(
          new UnarySimd(
              Loop.f32((FloatVector x) -> x.neg()), Loop.f64((DoubleVector x) -> x.neg())),
          new UnarySimd(Loop.i32((IntVector x) -> x.neg()), Loop.i64((LongVector x) -> x.neg())));

  private NegSimd() {}
}
