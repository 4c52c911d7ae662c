package dev.gatun.op.math;

import dev.gatun.cpu.simd.Lanes;
import dev.gatun.cpu.simd.Loop;
import dev.gatun.device.Workers;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/// Vector forms of [Sqrt] and [Rsqrt].
final class RootSimd {
  static final Workers.Body SQRT =
      new UnarySimd(Loop.f32((FloatVector x) -> x.sqrt()), Loop.f64((DoubleVector x) -> x.sqrt()));

  static final Workers.Body SQRT_SLOPE =
      new SlopeSimd(
          Loop.f32((FloatVector dy, FloatVector y) -> dy.mul(0.5f).div(y)),
          Loop.f64((DoubleVector dy, DoubleVector y) -> dy.mul(0.5).div(y)));

  static final Workers.Body RSQRT =
      new UnarySimd(
          Loop.f32((FloatVector x) -> FloatVector.broadcast(Lanes.F32, 1).div(x.sqrt())),
          Loop.f64((DoubleVector x) -> DoubleVector.broadcast(Lanes.F64, 1).div(x.sqrt())));

  static final Workers.Body RSQRT_SLOPE =
      new SlopeSimd(
          Loop.f32((FloatVector dy, FloatVector y) -> dy.mul(y.mul(y).mul(y)).mul(-0.5f)),
          Loop.f64((DoubleVector dy, DoubleVector y) -> dy.mul(y.mul(y).mul(y)).mul(-0.5)));

  private RootSimd() {}
}
