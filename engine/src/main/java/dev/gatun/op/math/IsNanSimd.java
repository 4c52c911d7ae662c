package dev.gatun.op.math;

import static jdk.incubator.vector.VectorOperators.NE;

import dev.gatun.cpu.simd.Loop;
import dev.gatun.device.Workers;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/// Vector form of [IsNan].
final class IsNanSimd {
  static final Workers.Body BODY =
      new PredicateSimd(
          Loop.testF32((FloatVector x, FloatVector y) -> x.compare(NE, y)),
          Loop.testF64((DoubleVector x, DoubleVector y) -> x.compare(NE, y)));

  private IsNanSimd() {}
}
