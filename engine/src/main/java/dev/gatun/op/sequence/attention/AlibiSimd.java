package dev.gatun.op.sequence.attention;

import dev.gatun.cpu.simd.Convert;
import dev.gatun.cpu.simd.ExpLanes;
import dev.gatun.cpu.simd.Loop;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;

/// Vector form of [Alibi]: all exponents, then their powers. A few dozen numbers: no workers.
final class AlibiSimd {
  private static final Loop.Unary EXP2 = Loop.f64((DoubleVector x) -> ExpLanes.exp2F64(x));

  private AlibiSimd() {}

  static void run(Call c, long heads) {
    MemorySegment s = c.scratch();
    int n = Math.toIntExact(heads);
    for (int h = 0; h < n; h++) {
      DType.F64.write(s, h, Alibi.exponent(heads, h));
    }
    if (c.dtype() == DType.F32) {
      EXP2.run(s, 0, s, 0, n);
      Convert.f64ToF32(s, 0, c.out(0), 0, n);
    } else {
      EXP2.run(s, 0, c.out(0), 0, n);
    }
  }
}
