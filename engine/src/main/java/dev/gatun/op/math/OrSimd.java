package dev.gatun.op.math;

import dev.gatun.cpu.simd.Loop;
import dev.gatun.device.Workers;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;

/// Vector form of [Or].
final class OrSimd {
  private static final Loop.Binary BYTES = Loop.i8((ByteVector x, ByteVector y) -> x.or(y));

  private static final BinarySimd INTEGERS =
      new BinarySimd(
          Loop.i32((IntVector x, IntVector y) -> x.or(y)),
          Loop.i64((LongVector x, LongVector y) -> x.or(y)));

  static final Workers.Body BODY = new TypedSimd(INTEGERS, INTEGERS, new BinarySimd(BYTES, BYTES));

  private OrSimd() {}
}
