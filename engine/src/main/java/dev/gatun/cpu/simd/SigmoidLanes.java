package dev.gatun.cpu.simd;

import static jdk.incubator.vector.VectorOperators.FMA;
import static jdk.incubator.vector.VectorOperators.GE;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LT;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/// Logistic function `1 / (1 + exp(-x))` of the lanes of a vector.
///
/// With `s = exp(-|x|)`: `1 / (1 + s)`, and `s / (1 + s)` where `x < 0`, so that neither side
/// overflows and the left tail keeps its relative accuracy down to the subnormal numbers. Below
/// -0.7 the quotient `y` only corrects `s`: `s / (1 + s) = s - s y`, which saves rounding errors.
///
/// Error: 1.7 ulp in F32 ([#moderateF32] and [#anyF32] 1.5), 2 ulp in F64. `sigmoid(-inf) = 0`,
/// `sigmoid(inf) = 1`, NaN stays NaN.
public final class SigmoidLanes {

  private SigmoidLanes() {}

  /// `sigmoid(x)`
  public static FloatVector f32(FloatVector x) {
    FloatVector s =
        ExpLanes.nonPositiveF32(x.reinterpretAsInts().or(0x80000000).reinterpretAsFloats());
    FloatVector one = FloatVector.broadcast(Lanes.F32, 1f);
    FloatVector y = one.blend(s, x.compare(LT, 0f)).div(s.add(one));
    return y.blend(s.fma(y.neg(), s), x.compare(LT, -0.7f));
  }

  /// `sigmoid(x)` for lanes of at most 87 in magnitude. With `exp(-x) = 2^n (1 + q)` the divisor is
  /// `1 + 2^n` and, added by one FMA, `2^n q`; what both sums lose is put back into the quotient.
  public static FloatVector moderateF32(FloatVector x) {
    FloatVector t = x.lanewise(FMA, -0x1.715476p0f, 0x1.8p23f + 127);
    FloatVector n = t.sub(0x1.8p23f + 127);
    FloatVector r = n.fma(FloatVector.broadcast(Lanes.F32, -0x1.62e43p-1f), x.neg());
    r = n.fma(FloatVector.broadcast(Lanes.F32, 0x1.05c61p-29f), r);
    FloatVector q = ExpLanes.expm1(r);
    FloatVector scale = t.reinterpretAsInts().lanewise(LSHL, 23).reinterpretAsFloats();
    FloatVector sum = scale.add(1f);
    FloatVector d = scale.fma(q, sum);
    FloatVector lost = scale.fma(q, sum.sub(d)).add(sum.sub(scale).neg().add(1f));
    FloatVector y = FloatVector.broadcast(Lanes.F32, 1f).div(d);
    return y.mul(lost).neg().fma(y, y);
  }

  /// As [#moderateF32], for any lanes: for an op of its own; [#f32] is shorter.
  public static FloatVector anyF32(FloatVector x) {
    FloatVector tail = ExpLanes.nonPositiveF32(x);
    FloatVector y = moderateF32(x.blend(87f, x.compare(GT, 87f)));
    return tail.blend(y, x.compare(GE, -87f));
  }

  /// `sigmoid(x)`
  public static DoubleVector f64(DoubleVector x) {
    DoubleVector s =
        ExpLanes.nonPositiveF64(x.reinterpretAsLongs().or(Long.MIN_VALUE).reinterpretAsDoubles());
    DoubleVector one = DoubleVector.broadcast(Lanes.F64, 1);
    DoubleVector y = one.blend(s, x.compare(LT, 0.0)).div(s.add(one));
    return y.blend(s.fma(y.neg(), s), x.compare(LT, -0.7));
  }
}
