package dev.gatun.op.reduce;

import static jdk.incubator.vector.VectorOperators.EQ;

import dev.gatun.cpu.simd.Loop;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/// Vector form of [Quotient].
final class QuotientSimd {
  private static final Loop.Binary F32 =
      Loop.f32((FloatVector x, FloatVector y) -> x.div(y).blend(0, y.compare(EQ, 0)));
  private static final Loop.Binary F64 =
      Loop.f64((DoubleVector x, DoubleVector y) -> x.div(y).blend(0, y.compare(EQ, 0)));

  static final Workers.Body BODY = QuotientSimd::block;

  private QuotientSimd() {}

  private static void block(Call c, long phase, int block, int worker) {
    long at = (long) block * Quotient.BLOCK;
    int n = (int) Math.min(Quotient.BLOCK, c.outShape(0).elems() - at);
    Loop.Binary loop = c.dtype() == DType.F32 ? F32 : F64;
    loop.run(c.in(0), at, 0, c.in(1), at, 0, c.out(0), at, 1, n);
  }
}
