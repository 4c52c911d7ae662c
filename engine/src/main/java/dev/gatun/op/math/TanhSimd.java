package dev.gatun.op.math;

import dev.gatun.cpu.simd.Lanes;
import dev.gatun.cpu.simd.Loop;
import dev.gatun.cpu.simd.TanhLanes;
import dev.gatun.device.Workers;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/// Vector form of [Tanh] and its gradient.
final class TanhSimd {
  static final Workers.Body BODY =
      new UnarySimd(
          Loop.f32(43f, TanhLanes::moderateF32, TanhLanes::f32), Loop.f64(TanhLanes::f64));

  /// `dy (1 - y^2)`; the fused form loses nothing where `y` is near 1.
  static final Workers.Body GRAD =
      new BinarySimd(
          Loop.f32((FloatVector dy, FloatVector y) ->
              dy.mul(y.neg().fma(y, FloatVector.broadcast(Lanes.F32, 1)))),
          Loop.f64((DoubleVector dy, DoubleVector y) ->
              dy.mul(y.neg().fma(y, DoubleVector.broadcast(Lanes.F64, 1)))));

  private TanhSimd() {}
}
