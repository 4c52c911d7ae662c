package dev.gatun.op.math;

import static jdk.incubator.vector.VectorOperators.LE;

import dev.gatun.cpu.simd.Loop;
import dev.gatun.device.Workers;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;

/// Vector form of [LessEqual].
final class LessEqualSimd {
  static final Workers.Body BODY =
      TypedSimd.numbers(
          new BinarySimd(
              Loop.testF32((FloatVector x, FloatVector y) -> x.compare(LE, y)),
              Loop.testF64((DoubleVector x, DoubleVector y) -> x.compare(LE, y))),
          new BinarySimd(
              Loop.testI32((IntVector x, IntVector y) -> x.compare(LE, y)),
              Loop.testI64((LongVector x, LongVector y) -> x.compare(LE, y))));

  private LessEqualSimd() {}
}
