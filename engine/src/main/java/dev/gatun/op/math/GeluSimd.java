package dev.gatun.op.math;

import dev.gatun.cpu.simd.GeluLanes;
import dev.gatun.cpu.simd.Loop;
import dev.gatun.device.Workers;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/// Vector form of [Gelu] and its gradient.
final class GeluSimd {
  static final Workers.Body BODY =
      new UnarySimd(Loop.f32(GeluLanes::f32), Loop.f64(GeluLanes::f64));

  /// `dy (Phi(x) + x phi(x))`
  static final Workers.Body GRAD =
      new BinarySimd(
          Loop.f32((FloatVector dy, FloatVector x) -> dy.mul(GeluLanes.derivative(x))),
          Loop.f64((DoubleVector dy, DoubleVector x) -> dy.mul(GeluLanes.derivative(x))));

  private GeluSimd() {}
}
