package dev.gatun.op.math;

import static jdk.incubator.vector.VectorOperators.XOR;

import dev.gatun.cpu.simd.Loop;
import dev.gatun.device.Workers;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;

/// Vector form of [Not].
final class NotSimd {
  private static final UnarySimd INTEGERS =
      new UnarySimd(Loop.i32((IntVector x) -> x.not()), Loop.i64((LongVector x) -> x.not()));

  private static final Loop.Unary BOOL = Loop.i8((ByteVector x) -> x.lanewise(XOR, (byte) 1));

  static final Workers.Body BODY = new TypedSimd(INTEGERS, INTEGERS, new UnarySimd(BOOL, BOOL));

  private NotSimd() {}
}
