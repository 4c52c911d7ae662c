package dev.gatun.op.loss;

import dev.gatun.cpu.simd.Loop;
import dev.gatun.device.Workers;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/// Vector form of [Mse].
final class MseSimd {
  static final Workers.Body BODY =
      ElementLossSimd.of(Loop.f32(MseSimd::square), Loop.f64(MseSimd::square));

  static final Workers.Body DX =
      ElementLossSimd.of(
          Loop.f32((FloatVector x, FloatVector t, FloatVector p) -> x.sub(t).mul(2)),
          Loop.f64((DoubleVector x, DoubleVector t, DoubleVector p) -> x.sub(t).mul(2)));

  private MseSimd() {}

  private static FloatVector square(FloatVector x, FloatVector t, FloatVector p) {
    FloatVector d = x.sub(t);
    return d.mul(d);
  }

  private static DoubleVector square(DoubleVector x, DoubleVector t, DoubleVector p) {
    DoubleVector d = x.sub(t);
    return d.mul(d);
  }
}
