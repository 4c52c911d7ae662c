package dev.gatun.op.math;

import dev.gatun.cpu.simd.ArcLanes;
import dev.gatun.cpu.simd.Lanes;
import dev.gatun.cpu.simd.Loop;
import dev.gatun.device.Workers;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/// Vector forms of [Asin], [Acos], [Atan] and [Atan2].
final class ArcSimd {
  static final Workers.Body ASIN =
      new UnarySimd(
          Loop.f32((FloatVector x) -> ArcLanes.asin(x)),
          Loop.f64((DoubleVector x) -> ArcLanes.asin(x)));

  static final Workers.Body ASIN_SLOPE =
      new SlopeSimd(
          Loop.f32(
              (FloatVector dy, FloatVector x) -> dy.div(x.neg().add(1f).mul(x.add(1f)).sqrt())),
          Loop.f64(
              (DoubleVector dy, DoubleVector x) -> dy.div(x.neg().add(1).mul(x.add(1)).sqrt())));

  static final Workers.Body ACOS =
      new UnarySimd(
          Loop.f32((FloatVector x) -> ArcLanes.acos(x)),
          Loop.f64((DoubleVector x) -> ArcLanes.acos(x)));

  static final Workers.Body ACOS_SLOPE =
      new SlopeSimd(
          Loop.f32((FloatVector dy, FloatVector x) ->
              dy.neg().div(x.neg().add(1f).mul(x.add(1f)).sqrt())),
          Loop.f64((DoubleVector dy, DoubleVector x) ->
              dy.neg().div(x.neg().add(1).mul(x.add(1)).sqrt())));

  static final Workers.Body ATAN =
      new UnarySimd(
          Loop.f32((FloatVector x) -> ArcLanes.atan(x)),
          Loop.f64((DoubleVector x) -> ArcLanes.atan(x)));

  static final Workers.Body ATAN_SLOPE =
      new SlopeSimd(
          Loop.f32((FloatVector dy, FloatVector x) ->
              dy.div(x.fma(x, FloatVector.broadcast(Lanes.F32, 1)))),
          Loop.f64((DoubleVector dy, DoubleVector x) ->
              dy.div(x.fma(x, DoubleVector.broadcast(Lanes.F64, 1)))));

  static final Workers.Body ATAN2 =
      new BinarySimd(
          Loop.f32((FloatVector y, FloatVector x) -> ArcLanes.atan2(y, x)),
          Loop.f64((DoubleVector y, DoubleVector x) -> ArcLanes.atan2(y, x)));

  private ArcSimd() {}
}
