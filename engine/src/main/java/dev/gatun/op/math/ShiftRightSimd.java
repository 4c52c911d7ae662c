package dev.gatun.op.math;

import static jdk.incubator.vector.VectorOperators.ASHR;

import dev.gatun.cpu.simd.Loop;
import dev.gatun.device.Workers;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;

/// Vector form of [ShiftRight].
final class ShiftRightSimd {
  static final Workers.Body BODY =
      new BinarySimd(
          Loop.i32((IntVector x, IntVector y) -> x.lanewise(ASHR, y)),
          Loop.i64((LongVector x, LongVector y) -> x.lanewise(ASHR, y)));

  private ShiftRightSimd() {}
}
