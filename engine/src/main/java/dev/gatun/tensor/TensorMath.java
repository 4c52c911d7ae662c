package dev.gatun.tensor;

import dev.gatun.op.math.Add;
import dev.gatun.op.math.Div;
import dev.gatun.op.math.Exp;
import dev.gatun.op.math.Gelu;
import dev.gatun.op.math.Log;
import dev.gatun.op.math.Mul;
import dev.gatun.op.math.Neg;
import dev.gatun.op.math.Sigmoid;
import dev.gatun.op.math.Sub;
import dev.gatun.op.math.Tanh;

/// Operators on each element, as methods of a [Tensor].
public sealed interface TensorMath permits Tensor {
  private Tensor self() {
    return (Tensor) this;
  }

  /// `this + other`.
  default Tensor add(Tensor other) {
    return new Add().of(self(), other);
  }

  /// `this + c`.
  default Tensor add(double c) {
    return add(constant(c));
  }

  /// `this - other`.
  default Tensor sub(Tensor other) {
    return new Sub().of(self(), other);
  }

  /// `this * other`, element by element.
  default Tensor mul(Tensor other) {
    return new Mul().of(self(), other);
  }

  /// `this * c`.
  default Tensor mul(double c) {
    return mul(constant(c));
  }

  /// `this / other`.
  default Tensor div(Tensor other) {
    return new Div().of(self(), other);
  }

  /// `this / c`.
  default Tensor div(double c) {
    return div(constant(c));
  }

  private Tensor constant(double c) {
    return self().scope().full(self().dtype(), Shape.of(), c);
  }

  /// `-this`.
  default Tensor neg() {
    return new Neg().of(self());
  }

  /// `e^this`.
  default Tensor exp() {
    return new Exp().of(self());
  }

  /// Natural logarithm.
  default Tensor log() {
    return new Log().of(self());
  }

  /// Hyperbolic tangent.
  default Tensor tanh() {
    return new Tanh().of(self());
  }

  /// `1 / (1 + e^-this)`.
  default Tensor sigmoid() {
    return new Sigmoid().of(self());
  }

  /// `this * Phi(this)` with the normal distribution's exact `Phi`.
  default Tensor gelu() {
    return new Gelu().of(self());
  }
}
