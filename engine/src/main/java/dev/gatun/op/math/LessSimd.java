package dev.gatun.op.math;

import static jdk.incubator.vector.VectorOperators.LT;

import dev.gatun.cpu.simd.Loop;
import dev.gatun.device.Workers;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;

/// Vector form of [Less].
final class LessSimd {
  static final Workers.Body BODY =
      TypedSimd.numbers(
          new BinarySimd(
              Loop.testF32((FloatVector x, FloatVector y) -> x.compare(LT, y)),
              Loop.testF64((DoubleVector x, DoubleVector y) -> x.compare(LT, y))),
          new BinarySimd(
              Loop.testI32((IntVector x, IntVector y) -> x.compare(LT, y)),
              Loop.testI64((LongVector x, LongVector y) -> x.compare(LT, y))));

  private LessSimd() {}
}
