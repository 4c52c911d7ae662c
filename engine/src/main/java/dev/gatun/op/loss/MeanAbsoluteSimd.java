package dev.gatun.op.loss;

import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LT;

import dev.gatun.cpu.simd.Loop;
import dev.gatun.device.Workers;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/// Vector form of [MeanAbsolute].
final class MeanAbsoluteSimd {
  static final Workers.Body BODY =
      ElementLossSimd.of(
          Loop.f32((FloatVector x, FloatVector t, FloatVector p) -> x.sub(t).abs()),
          Loop.f64((DoubleVector x, DoubleVector t, DoubleVector p) -> x.sub(t).abs()));

  static final Workers.Body DX =
      ElementLossSimd.of(Loop.f32(MeanAbsoluteSimd::sign), Loop.f64(MeanAbsoluteSimd::sign));

  private MeanAbsoluteSimd() {}

  /// Neither comparison holds for zero and NaN, which stay.
  private static FloatVector sign(FloatVector x, FloatVector t, FloatVector p) {
    FloatVector d = x.sub(t);
    return d.blend(1f, d.compare(GT, 0f)).blend(-1f, d.compare(LT, 0f));
  }

  private static DoubleVector sign(DoubleVector x, DoubleVector t, DoubleVector p) {
    DoubleVector d = x.sub(t);
    return d.blend(1.0, d.compare(GT, 0.0)).blend(-1.0, d.compare(LT, 0.0));
  }
}
