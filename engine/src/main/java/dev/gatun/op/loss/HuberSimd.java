package dev.gatun.op.loss;

import static jdk.incubator.vector.VectorOperators.LE;

import dev.gatun.cpu.simd.Loop;
import dev.gatun.device.Workers;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/// Vector form of [Huber].
final class HuberSimd {
  static final Workers.Body BODY =
      ElementLossSimd.of(Loop.f32(HuberSimd::loss), Loop.f64(HuberSimd::loss));

  static final Workers.Body DX =
      ElementLossSimd.of(
          Loop.f32((FloatVector x, FloatVector t, FloatVector p) -> x.sub(t).min(p).max(p.neg())),
          Loop.f64(
              (DoubleVector x, DoubleVector t, DoubleVector p) -> x.sub(t).min(p).max(p.neg())));

  private HuberSimd() {}

  private static FloatVector loss(FloatVector x, FloatVector t, FloatVector p) {
    FloatVector d = x.sub(t).abs();
    FloatVector line = p.mul(d.sub(p.mul(0.5f)));
    return line.blend(d.mul(d).mul(0.5f), d.compare(LE, p));
  }

  private static DoubleVector loss(DoubleVector x, DoubleVector t, DoubleVector p) {
    DoubleVector d = x.sub(t).abs();
    DoubleVector line = p.mul(d.sub(p.mul(0.5)));
    return line.blend(d.mul(d).mul(0.5), d.compare(LE, p));
  }
}
