package dev.gatun.op.math;

import static jdk.incubator.vector.VectorOperators.LE;

import dev.gatun.cpu.simd.Loop;
import dev.gatun.device.Workers;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/// Vector form of [IsFinite].
final class IsFiniteSimd {
  static final Workers.Body BODY =
      new PredicateSimd(
          Loop.testF32((FloatVector x, FloatVector y) -> x.abs().compare(LE, Float.MAX_VALUE)),
          Loop.testF64((DoubleVector x, DoubleVector y) -> x.abs().compare(LE, Double.MAX_VALUE)));

  private IsFiniteSimd() {}
}
