package dev.gatun.op.math;

import dev.gatun.cpu.simd.Loop;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;

/// Vector forms of [Add] and [AddTo].
final class AddSimd {
  private static final BinarySimd LOOPS =
      new BinarySimd(
          Loop.f32((FloatVector x, FloatVector y) -> x.add(y)),
          Loop.f64((DoubleVector x, DoubleVector y) -> x.add(y)));

  private static final BinarySimd INTEGERS =
      new BinarySimd(
          Loop.i32((IntVector x, IntVector y) -> x.add(y)),
          Loop.i64((LongVector x, LongVector y) -> x.add(y)));

  static final Workers.Body BODY = TypedSimd.numbers(LOOPS, INTEGERS);
  static final Workers.Body IN_PLACE = AddSimd::inPlace;

  private AddSimd() {}

  private static void inPlace(Call c, long phase, int block, int worker) {
    long at = (long) block * Elementwise.BLOCK;
    int n = (int) Math.min(Elementwise.BLOCK, c.inShape(0).elems() - at);
    Loop.Pairwise add = c.dtype() == DType.F32 ? LOOPS.f32() : LOOPS.f64();
    add.run(c.in(0), at, 0, c.in(1), at, 0, c.in(0), at, 1, n);
  }
}
