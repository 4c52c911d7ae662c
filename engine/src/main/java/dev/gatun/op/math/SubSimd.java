package dev.gatun.op.math;

import dev.gatun.cpu.simd.Loop;
import dev.gatun.device.Workers;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;

/// Vector form of [Sub].
final class SubSimd {
  static final Workers.Body BODY =
      TypedSimd.numbers(
          new BinarySimd(
              Loop.f32((FloatVector x, FloatVector y) -> x.sub(y)),
              Loop.f64((DoubleVector x, DoubleVector y) -> x.sub(y))),
          new BinarySimd(
              Loop.i32((IntVector x, IntVector y) -> x.sub(y)),
              Loop.i64((LongVector x, LongVector y) -> x.sub(y))));

  private SubSimd() {}
}
