package dev.gatun.op.math;

import dev.gatun.cpu.simd.Loop;
import dev.gatun.cpu.simd.TrigLanes;
import dev.gatun.device.Workers;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/// Vector forms of [Sin], [Cos] and [Tan].
final class TrigSimd {
  static final Workers.Body SIN =
      new UnarySimd(
          Loop.patchedF32(
              TrigLanes.LIMIT_F32, (FloatVector x) -> TrigLanes.sin(x), StrictMath::sin),
          Loop.patchedF64(
              TrigLanes.LIMIT_F64, (DoubleVector x) -> TrigLanes.sin(x), StrictMath::sin));

  static final Workers.Body COS =
      new UnarySimd(
          Loop.patchedF32(
              TrigLanes.LIMIT_F32, (FloatVector x) -> TrigLanes.cos(x), StrictMath::cos),
          Loop.patchedF64(
              TrigLanes.LIMIT_F64, (DoubleVector x) -> TrigLanes.cos(x), StrictMath::cos));

  static final Workers.Body TAN =
      new UnarySimd(
          Loop.patchedF32(
              TrigLanes.LIMIT_F32, (FloatVector x) -> TrigLanes.tan(x), StrictMath::tan),
          Loop.patchedF64(
              TrigLanes.LIMIT_F64, (DoubleVector x) -> TrigLanes.tan(x), StrictMath::tan));

  static final Workers.Body TAN_SLOPE =
      new SlopeSimd(
          Loop.f32((FloatVector dy, FloatVector y) -> y.fma(y.mul(dy), dy)),
          Loop.f64((DoubleVector dy, DoubleVector y) -> y.fma(y.mul(dy), dy)));

  private TrigSimd() {}
}
