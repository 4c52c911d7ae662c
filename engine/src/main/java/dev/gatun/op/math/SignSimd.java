package dev.gatun.op.math;

import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LT;

import dev.gatun.cpu.simd.Loop;
import dev.gatun.device.Workers;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/// Vector form of [Sign].
final class SignSimd {
  static final Workers.Body BODY = new UnarySimd(Loop.f32(SignSimd::f32), Loop.f64(SignSimd::f64));

  static FloatVector f32(FloatVector x) {
    return x.blend(1, x.compare(GT, 0)).blend(-1, x.compare(LT, 0));
  }

  static DoubleVector f64(DoubleVector x) {
    return x.blend(1, x.compare(GT, 0)).blend(-1, x.compare(LT, 0));
  }

  private SignSimd() {}
}
