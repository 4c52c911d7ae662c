package dev.gatun.op.math;

import static jdk.incubator.vector.VectorOperators.EQ;

import dev.gatun.cpu.simd.Loop;
import dev.gatun.device.Workers;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/// Vector form of [IsInfinite].
final class IsInfiniteSimd {
  static final Workers.Body BODY =
      new PredicateSimd(
          Loop.testF32(
              (FloatVector x, FloatVector y) -> x.abs().compare(EQ, Float.POSITIVE_INFINITY)),
          Loop.testF64(
              (DoubleVector x, DoubleVector y) -> x.abs().compare(EQ, Double.POSITIVE_INFINITY)));

  private IsInfiniteSimd() {}
}
