package dev.gatun.op.math;

import dev.gatun.cpu.simd.Lanes;
import dev.gatun.cpu.simd.Loop;
import dev.gatun.device.Workers;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/// Vector form of [Relu].
final class ReluSimd {
  static final Workers.Body BODY =
      new UnarySimd(Loop.f32((FloatVector x) -> x.max(0)), Loop.f64((DoubleVector x) -> x.max(0)));

  static final Workers.Body GRAD =
      new BinarySimd(
          Loop.f32((FloatVector dy, FloatVector y) ->
              FloatVector.zero(Lanes.F32).blend(dy, y.compare(VectorOperators.GT, 0))),
          Loop.f64((DoubleVector dy, DoubleVector y) ->
              DoubleVector.zero(Lanes.F64).blend(dy, y.compare(VectorOperators.GT, 0))));

  private ReluSimd() {}
}
