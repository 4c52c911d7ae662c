package dev.gatun.op.math;

import dev.gatun.cpu.simd.Loop;
import dev.gatun.cpu.simd.SigmoidLanes;
import dev.gatun.device.Workers;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/// Vector form of [Silu].
final class SiluSimd {
  static final Workers.Body BODY =
      new UnarySimd(
          Loop.f32(
              87f,
              (FloatVector x) -> x.mul(SigmoidLanes.moderateF32(x)),
              (FloatVector x) -> x.mul(SigmoidLanes.anyF32(x))),
          Loop.f64((DoubleVector x) -> x.mul(SigmoidLanes.f64(x))));

  static final Workers.Body GRAD =
      new BinarySimd(Loop.f32(SiluSimd::grad), Loop.f64(SiluSimd::grad));

  private SiluSimd() {}

  private static FloatVector grad(FloatVector dy, FloatVector x) {
    FloatVector s = SigmoidLanes.f32(x);
    return dy.mul(s).mul(x.mul(s.neg().add(1)).add(1));
  }

  private static DoubleVector grad(DoubleVector dy, DoubleVector x) {
    DoubleVector s = SigmoidLanes.f64(x);
    return dy.mul(s).mul(x.mul(s.neg().add(1)).add(1));
  }
}
