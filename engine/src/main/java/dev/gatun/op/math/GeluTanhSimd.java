package dev.gatun.op.math;

import dev.gatun.cpu.simd.GeluTanhLanes;
import dev.gatun.cpu.simd.Loop;
import dev.gatun.device.Workers;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/// Vector form of [GeluTanh].
final class GeluTanhSimd {
  static final Workers.Body GELU =
      new UnarySimd(
          Loop.f32(9.9f, GeluTanhLanes::moderateF32, GeluTanhLanes::f32),
          Loop.f64(GeluTanhLanes::f64));

  static final Workers.Body GELU_SLOPE =
      new SlopeSimd(
          Loop.f32((FloatVector dy, FloatVector x) -> GeluTanhLanes.slope(x).mul(dy)),
          Loop.f64((DoubleVector dy, DoubleVector x) -> GeluTanhLanes.slope(x).mul(dy)));

  private GeluTanhSimd() {}
}
