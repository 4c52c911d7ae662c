package dev.gatun.op.math;

import dev.gatun.cpu.simd.LogLanes;
import dev.gatun.cpu.simd.Loop;
import dev.gatun.device.Workers;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/// Vector forms of [Log], [Log1p] and [Log2].
final class LogSimd {
  static final Workers.Body BODY =
      new UnarySimd(
          Loop.f32(Float.MIN_NORMAL, Float.MAX_VALUE, LogLanes::normalF32, LogLanes::f32),
          Loop.f64(LogLanes::f64));

  static final Workers.Body LOG1P =
      new UnarySimd(Loop.f32(LogLanes::log1pF32), Loop.f64(LogLanes::log1pF64));

  static final Workers.Body LOG1P_SLOPE =
      new SlopeSimd(
          Loop.f32((FloatVector dy, FloatVector x) -> dy.div(x.add(1f))),
          Loop.f64((DoubleVector dy, DoubleVector x) -> dy.div(x.add(1.0))));

  static final Workers.Body LOG2 =
      new UnarySimd(
          Loop.f32(Float.MIN_NORMAL, Float.MAX_VALUE, LogLanes::normalLog2F32, LogLanes::log2F32),
          Loop.f64(LogLanes::log2F64));

  static final Workers.Body LOG2_SLOPE =
      new SlopeSimd(
          Loop.f32((FloatVector dy, FloatVector x) -> dy.mul(0x1.715476p0f).div(x)),
          Loop.f64((DoubleVector dy, DoubleVector x) -> dy.mul(0x1.71547652b82fep0).div(x)));

  private LogSimd() {}
}
