package dev.gatun.op.math;

import static jdk.incubator.vector.VectorOperators.EQ;
import static jdk.incubator.vector.VectorOperators.GT;

import dev.gatun.cpu.simd.Lanes;
import dev.gatun.cpu.simd.Loop;
import dev.gatun.device.Workers;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;

/// Vector form of [Greater].
final class GreaterSimd {
  static final Workers.Body BODY =
      TypedSimd.numbers(
          new BinarySimd(
              Loop.testF32((FloatVector x, FloatVector y) -> x.compare(GT, y)),
              Loop.testF64((DoubleVector x, DoubleVector y) -> x.compare(GT, y))),
          new BinarySimd(
              Loop.testI32((IntVector x, IntVector y) -> x.compare(GT, y)),
              Loop.testI64((LongVector x, LongVector y) -> x.compare(GT, y))));

  static final Workers.Body SHARE =
      new BinarySimd(
          Loop.f32((FloatVector x, FloatVector y) ->
              FloatVector.zero(Lanes.F32).blend(1, x.compare(GT, y)).blend(0.5f, x.compare(EQ, y))),
          Loop.f64((DoubleVector x, DoubleVector y) ->
              DoubleVector.zero(Lanes.F64)
                  .blend(1, x.compare(GT, y))
                  .blend(0.5, x.compare(EQ, y))));

  private GreaterSimd() {}
}
