package dev.gatun.op.math;

import dev.gatun.cpu.simd.Loop;
import dev.gatun.cpu.simd.SigmoidLanes;
import dev.gatun.cpu.simd.SoftplusLanes;
import dev.gatun.device.Workers;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/// Vector forms of [Softplus] and [Mish].
final class SoftplusSimd {
  static final Workers.Body SOFTPLUS =
      new UnarySimd(
          Loop.f32((FloatVector x) -> SoftplusLanes.softplus(x)),
          Loop.f64((DoubleVector x) -> SoftplusLanes.softplus(x)));

  static final Workers.Body SOFTPLUS_SLOPE =
      new SlopeSimd(
          Loop.f32((FloatVector dy, FloatVector x) -> SigmoidLanes.f32(x).mul(dy)),
          Loop.f64((DoubleVector dy, DoubleVector x) -> SigmoidLanes.f64(x).mul(dy)));

  static final Workers.Body MISH =
      new UnarySimd(
          Loop.f32((FloatVector x) -> SoftplusLanes.mish(x)),
          Loop.f64((DoubleVector x) -> SoftplusLanes.mish(x)));

  static final Workers.Body MISH_SLOPE =
      new SlopeSimd(
          Loop.f32((FloatVector dy, FloatVector x) -> SoftplusLanes.mishSlope(x).mul(dy)),
          Loop.f64((DoubleVector dy, DoubleVector x) -> SoftplusLanes.mishSlope(x).mul(dy)));

  private SoftplusSimd() {}
}
