package dev.gatun.cpu.simd;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/// One step of Horner's rule with a constant coefficient: `p * x + c`, rounded once.
final class Horner {

  private Horner() {}

  static FloatVector f32(FloatVector p, FloatVector x, float c) {
    return p.fma(x, FloatVector.broadcast(Lanes.F32, c));
  }

  static DoubleVector f64(DoubleVector p, DoubleVector x, double c) {
    return p.fma(x, DoubleVector.broadcast(Lanes.F64, c));
  }
}
