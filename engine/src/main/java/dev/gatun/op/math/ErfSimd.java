package dev.gatun.op.math;

import dev.gatun.cpu.simd.ErfLanes;
import dev.gatun.cpu.simd.ExpLanes;
import dev.gatun.cpu.simd.Loop;
import dev.gatun.device.Workers;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/// Vector form of [Erf].
final class ErfSimd {
  static final Workers.Body ERF = new UnarySimd(Loop.f32(ErfLanes::f32), Loop.f64(ErfLanes::f64));

  static final Workers.Body ERF_SLOPE =
      new SlopeSimd(
          Loop.f32((FloatVector dy, FloatVector x) ->
              ExpLanes.nonPositiveF32(x.mul(x).neg()).mul(dy).mul(0x1.20dd76p0f)),
          Loop.f64((DoubleVector dy, DoubleVector x) ->
              ExpLanes.nonPositiveF64(x.mul(x).neg()).mul(dy).mul(1.1283791670955126)));

  private ErfSimd() {}
}
