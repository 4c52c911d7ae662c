package dev.gatun.op.math;

import dev.gatun.cpu.simd.HyperbolicLanes;
import dev.gatun.cpu.simd.Loop;
import dev.gatun.device.Workers;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/// Vector forms of [Sinh] and [Cosh].
final class HyperbolicSimd {
  static final Workers.Body SINH =
      new UnarySimd(
          Loop.f32((FloatVector x) -> HyperbolicLanes.sinh(x)),
          Loop.f64((DoubleVector x) -> HyperbolicLanes.sinh(x)));

  static final Workers.Body SINH_SLOPE =
      new SlopeSimd(
          Loop.f32((FloatVector dy, FloatVector x) -> HyperbolicLanes.cosh(x).mul(dy)),
          Loop.f64((DoubleVector dy, DoubleVector x) -> HyperbolicLanes.cosh(x).mul(dy)));

  static final Workers.Body COSH =
      new UnarySimd(
          Loop.f32((FloatVector x) -> HyperbolicLanes.cosh(x)),
          Loop.f64((DoubleVector x) -> HyperbolicLanes.cosh(x)));

  static final Workers.Body COSH_SLOPE =
      new SlopeSimd(
          Loop.f32((FloatVector dy, FloatVector x) -> HyperbolicLanes.sinh(x).mul(dy)),
          Loop.f64((DoubleVector dy, DoubleVector x) -> HyperbolicLanes.sinh(x).mul(dy)));

  private HyperbolicSimd() {}
}
