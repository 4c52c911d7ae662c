package dev.gatun.op.linear;

import dev.gatun.op.math.NormalCdf;
import dev.gatun.op.math.Relu;
import dev.gatun.op.math.Silu;
import dev.gatun.tensor.Tensor;

/// What a matrix product applies to its result while that is still in cache.
public enum Activation {
  /// Nothing.
  NONE,
  /// `max(0, x)`, [Relu].
  RELU,
  /// `x Phi(x)`, [dev.gatun.op.math.Gelu].
  GELU,
  /// `x / (1 + e^-x)`, [Silu].
  SILU,
  /// `1 / (1 + e^-x)`, [dev.gatun.op.math.Sigmoid].
  SIGMOID,
  /// [dev.gatun.op.math.Tanh].
  TANH;

  /// The definition on one element.
  public double f(double x) {
    return switch (this) {
      case NONE -> x;
      case RELU -> Double.isNaN(x) ? x : Math.max(0, x);
      case GELU -> NormalCdf.gelu(x);
      case SILU -> x / (1 + Math.exp(-x));
      case SIGMOID -> 1 / (1 + Math.exp(-x));
      case TANH -> Math.tanh(x);
    };
  }

  /// The same as an op of its own.
  public Tensor of(Tensor x) {
    return switch (this) {
      case NONE -> x;
      case RELU -> new Relu().of(x);
      case GELU -> x.gelu();
      case SILU -> new Silu().of(x);
      case SIGMOID -> x.sigmoid();
      case TANH -> x.tanh();
    };
  }
}
