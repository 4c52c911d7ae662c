package dev.gatun.op.math;

import static jdk.incubator.vector.VectorOperators.EQ;

import dev.gatun.cpu.simd.Lanes;
import dev.gatun.cpu.simd.Loop;
import dev.gatun.device.Workers;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;

/// Vector form of [Equal].
final class EqualSimd {
  private static final Loop.Binary BYTES =
      Loop.i8((ByteVector x, ByteVector y) ->
          ByteVector.zero(Lanes.I8).blend((byte) 1, x.compare(EQ, y)));

  static final Workers.Body BODY =
      new TypedSimd(
          new BinarySimd(
              Loop.testF32((FloatVector x, FloatVector y) -> x.compare(EQ, y)),
              Loop.testF64((DoubleVector x, DoubleVector y) -> x.compare(EQ, y))),
          new BinarySimd(
              Loop.testI32((IntVector x, IntVector y) -> x.compare(EQ, y)),
              Loop.testI64((LongVector x, LongVector y) -> x.compare(EQ, y))),
          new BinarySimd(BYTES, BYTES));

  private EqualSimd() {}
}
