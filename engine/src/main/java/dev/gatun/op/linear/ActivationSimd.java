package dev.gatun.op.linear;

import dev.gatun.cpu.simd.GeluLanes;
import dev.gatun.cpu.simd.Gemm;
import dev.gatun.cpu.simd.Loop;
import dev.gatun.cpu.simd.SigmoidLanes;
import dev.gatun.cpu.simd.TanhLanes;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/// Vector forms of [Activation], applied to rows that are still in cache.
final class ActivationSimd {
  private static final Loop.Unary RELU_F32 = Loop.f32((FloatVector x) -> x.max(0));
  private static final Loop.Unary RELU_F64 = Loop.f64((DoubleVector x) -> x.max(0));
  private static final Loop.Unary GELU_F32 = Loop.f32(GeluLanes::f32);
  private static final Loop.Unary GELU_F64 = Loop.f64(GeluLanes::f64);
  private static final Loop.Unary SILU_F32 =
      Loop.f32((FloatVector x) -> x.mul(SigmoidLanes.f32(x)));
  private static final Loop.Unary SILU_F64 =
      Loop.f64((DoubleVector x) -> x.mul(SigmoidLanes.f64(x)));
  private static final Loop.Unary SIGMOID_F32 = Loop.f32(SigmoidLanes::f32);
  private static final Loop.Unary SIGMOID_F64 = Loop.f64(SigmoidLanes::f64);
  private static final Loop.Unary TANH_F32 = Loop.f32(TanhLanes::f32);
  private static final Loop.Unary TANH_F64 = Loop.f64(TanhLanes::f64);

  private ActivationSimd() {}

  /// A number for `activation`, which fits into a register where the activation itself does not.
  static int number(Activation activation) {
    return switch (activation) {
      case NONE -> 0;
      case RELU -> 1;
      case GELU -> 2;
      case SILU -> 3;
      case SIGMOID -> 4;
      case TANH -> 5;
    };
  }

  /// The loop for elements of `wide` bytes of the activation with that number.
  static Loop.Unary of(int number, int wide) {
    boolean f32 = wide == 4;
    return switch (number) {
      case 1 -> f32 ? RELU_F32 : RELU_F64;
      case 2 -> f32 ? GELU_F32 : GELU_F64;
      case 3 -> f32 ? SILU_F32 : SILU_F64;
      case 4 -> f32 ? SIGMOID_F32 : SIGMOID_F64;
      case 5 -> f32 ? TANH_F32 : TANH_F64;
      default -> Gemm.IDENTITY;
    };
  }
}
