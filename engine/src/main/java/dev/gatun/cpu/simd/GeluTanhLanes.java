package dev.gatun.cpu.simd;

import static jdk.incubator.vector.VectorOperators.FMA;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LT;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/// Gaussian error linear unit by `tanh`, of the lanes of a vector: `x (1 + tanh(sqrt(2 / pi) (x +
/// 0.044715 x^3))) / 2`, which is `x sigmoid(v)` with `v = x (A + B x^2)`.
///
/// In the left tail the result falls as `exp(v)`, so that a rounding error of `v` counts `|v|`
/// times: `v` is computed with what all its roundings lost, and that enters to first order.
///
/// Error: 4 ulp in F32 and F64 (in steps of at least 2^-142 or 2^-1065, where the exponential is
/// subnormal). `-inf` gives 0, NaN stays NaN.
public final class GeluTanhLanes {

  private static final float A_F = 0x1.988454p0f;
  private static final float A_LOW_F = -0x1.857936p-25f;
  private static final float B_F = 0x1.2444f2p-4f;
  private static final float B_LOW_F = 0x1.49b16ap-29f;
  private static final double A = 0x1.9884533d43651p0;
  private static final double A_LOW = -0x1.cbc0d30ebfd15p-54;
  private static final double B = 0x1.2444f2a4d8b4bp-4;
  private static final double B_LOW = -0x1.6c843a29d1c70p-61;

  /// The function for lanes of at most 9.9 in magnitude.
  public static FloatVector moderateF32(FloatVector x) {
    FloatVector square = x.mul(x);
    FloatVector cube = square.mul(B_F);
    FloatVector factor = cube.add(A_F);
    FloatVector v = factor.mul(x);
    FloatVector s = SigmoidLanes.moderateF32(v);
    FloatVector low = square.lanewise(FMA, B_F, cube.neg());
    low = x.fma(x, square.neg()).lanewise(FMA, B_F, low);
    low = square.lanewise(FMA, B_LOW_F, low).add(A_LOW_F);
    FloatVector part = factor.sub(cube);
    low = low.add(cube.sub(factor.sub(part))).add(part.neg().add(A_F));
    low = low.fma(x, x.fma(factor, v.neg()));
    return s.neg().fma(s, s).fma(low, s).mul(x);
  }

  /// The function.
  public static FloatVector f32(FloatVector x) {
    FloatVector finite = x.blend(-12f, x.compare(LT, -12f));
    FloatVector c = finite.blend(12f, x.compare(GT, 12f));
    FloatVector square = c.mul(c);
    FloatVector cube = square.mul(B_F);
    FloatVector factor = cube.add(A_F);
    FloatVector v = factor.mul(c);
    FloatVector s = SigmoidLanes.anyF32(v);
    FloatVector low = square.lanewise(FMA, B_F, cube.neg());
    low = c.fma(c, square.neg()).lanewise(FMA, B_F, low);
    low = square.lanewise(FMA, B_LOW_F, low).add(A_LOW_F);
    FloatVector part = factor.sub(cube);
    low = low.add(cube.sub(factor.sub(part))).add(part.neg().add(A_F));
    low = low.fma(c, c.fma(factor, v.neg()));
    return s.neg().fma(s, s).fma(low, s).mul(finite);
  }

  /// The derivative: `s + x s (1 - s) (A + 3 B x^2)` with `s` the logistic function of `v`.
  public static FloatVector slope(FloatVector x) {
    FloatVector c = x.blend(12f, x.compare(GT, 12f));
    c = c.blend(-12f, c.compare(LT, -12f));
    FloatVector square = c.mul(c);
    FloatVector s = SigmoidLanes.f32(square.lanewise(FMA, B_F, A_F).mul(c));
    FloatVector steep = square.lanewise(FMA, 3 * B_F, A_F).mul(c);
    return s.neg().fma(s, s).fma(steep, s);
  }

  /// The function.
  public static DoubleVector f64(DoubleVector x) {
    DoubleVector finite = x.blend(-25.0, x.compare(LT, -25.0));
    DoubleVector c = finite.blend(25.0, x.compare(GT, 25.0));
    DoubleVector square = c.mul(c);
    DoubleVector cube = square.mul(B);
    DoubleVector factor = cube.add(A);
    DoubleVector v = factor.mul(c);
    DoubleVector s = SigmoidLanes.f64(v);
    DoubleVector low = square.lanewise(FMA, B, cube.neg());
    low = c.fma(c, square.neg()).lanewise(FMA, B, low);
    low = square.lanewise(FMA, B_LOW, low).add(A_LOW);
    DoubleVector part = factor.sub(cube);
    low = low.add(cube.sub(factor.sub(part))).add(part.neg().add(A));
    low = low.fma(c, c.fma(factor, v.neg()));
    return s.neg().fma(s, s).fma(low, s).mul(finite);
  }

  /// The derivative: `s + x s (1 - s) (A + 3 B x^2)` with `s` the logistic function of `v`.
  public static DoubleVector slope(DoubleVector x) {
    DoubleVector c = x.blend(25.0, x.compare(GT, 25.0));
    c = c.blend(-25.0, c.compare(LT, -25.0));
    DoubleVector square = c.mul(c);
    DoubleVector s = SigmoidLanes.f64(square.lanewise(FMA, B, A).mul(c));
    DoubleVector steep = square.lanewise(FMA, 3 * B, A).mul(c);
    return s.neg().fma(s, s).fma(steep, s);
  }

  private GeluTanhLanes() {}
}
