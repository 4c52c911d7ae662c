package dev.gatun.op.math;

import dev.gatun.cpu.simd.Loop;
import dev.gatun.device.Workers;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;

/// Vector form of [Minimum].
final class MinimumSimd {
  static final Loop.Binary F32 = Loop.f32((FloatVector x, FloatVector y) -> x.min(y));
  static final Loop.Binary F64 = Loop.f64((DoubleVector x, DoubleVector y) -> x.min(y));

  private static final BinarySimd INTEGERS =
      new BinarySimd(
          Loop.i32((IntVector x, IntVector y) -> x.min(y)),
          Loop.i64((LongVector x, LongVector y) -> x.min(y)));

  static final Workers.Body BODY = TypedSimd.numbers(new BinarySimd(F32, F64), INTEGERS);

  private MinimumSimd() {}
}
