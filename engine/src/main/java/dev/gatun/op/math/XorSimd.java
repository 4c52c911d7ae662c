package dev.gatun.op.math;

import static jdk.incubator.vector.VectorOperators.XOR;

import dev.gatun.cpu.simd.Loop;
import dev.gatun.device.Workers;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;

/// Vector form of [Xor].
final class XorSimd {
  private static final Loop.Binary BYTES =
      Loop.i8((ByteVector x, ByteVector y) -> x.lanewise(XOR, y));

  private static final BinarySimd INTEGERS =
      new BinarySimd(
          Loop.i32((IntVector x, IntVector y) -> x.lanewise(XOR, y)),
          Loop.i64((LongVector x, LongVector y) -> x.lanewise(XOR, y)));

  static final Workers.Body BODY = new TypedSimd(INTEGERS, INTEGERS, new BinarySimd(BYTES, BYTES));

  private XorSimd() {}
}
