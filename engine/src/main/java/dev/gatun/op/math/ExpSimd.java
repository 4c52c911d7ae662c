package dev.gatun.op.math;

import dev.gatun.cpu.simd.ExpLanes;
import dev.gatun.cpu.simd.Loop;
import dev.gatun.device.Workers;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/// Vector forms of [Exp], [Expm1] and [Exp2].
final class ExpSimd {
  static final Workers.Body BODY =
      new UnarySimd(Loop.f32(87f, ExpLanes::moderateF32, ExpLanes::f32), Loop.f64(ExpLanes::f64));

  static final Workers.Body EXPM1 =
      new UnarySimd(
          Loop.f32(87f, ExpLanes::moderateExpm1F32, ExpLanes::expm1F32),
          Loop.f64(ExpLanes::expm1F64));

  static final Workers.Body EXPM1_SLOPE =
      new SlopeSimd(
          Loop.f32((FloatVector dy, FloatVector y) -> dy.mul(y.add(1f))),
          Loop.f64((DoubleVector dy, DoubleVector y) -> dy.mul(y.add(1.0))));

  static final Workers.Body EXP2 =
      new UnarySimd(
          Loop.f32(126f, ExpLanes::moderateExp2F32, ExpLanes::exp2F32),
          Loop.f64(ExpLanes::exp2F64));

  static final Workers.Body EXP2_SLOPE =
      new SlopeSimd(
          Loop.f32((FloatVector dy, FloatVector y) -> dy.mul(y.mul(0x1.62e43p-1f))),
          Loop.f64((DoubleVector dy, DoubleVector y) -> dy.mul(y.mul(0x1.62e42fefa39efp-1))));

  private ExpSimd() {}
}
