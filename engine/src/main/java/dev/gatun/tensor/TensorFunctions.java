package dev.gatun.tensor;

import dev.gatun.op.math.Acos;
import dev.gatun.op.math.Asin;
import dev.gatun.op.math.Atan;
import dev.gatun.op.math.Atan2;
import dev.gatun.op.math.Cos;
import dev.gatun.op.math.Cosh;
import dev.gatun.op.math.Elu;
import dev.gatun.op.math.Erf;
import dev.gatun.op.math.Exp;
import dev.gatun.op.math.Exp2;
import dev.gatun.op.math.Expm1;
import dev.gatun.op.math.Gelu;
import dev.gatun.op.math.GeluTanh;
import dev.gatun.op.math.HardSigmoid;
import dev.gatun.op.math.HardSwish;
import dev.gatun.op.math.LeakyRelu;
import dev.gatun.op.math.Log;
import dev.gatun.op.math.Log1p;
import dev.gatun.op.math.Log2;
import dev.gatun.op.math.Mish;
import dev.gatun.op.math.Pow;
import dev.gatun.op.math.Relu;
import dev.gatun.op.math.Rsqrt;
import dev.gatun.op.math.Selu;
import dev.gatun.op.math.Sigmoid;
import dev.gatun.op.math.Silu;
import dev.gatun.op.math.Sin;
import dev.gatun.op.math.Sinh;
import dev.gatun.op.math.Softplus;
import dev.gatun.op.math.Softsign;
import dev.gatun.op.math.Sqrt;
import dev.gatun.op.math.Tan;
import dev.gatun.op.math.Tanh;

/// Functions of each element, as methods of a [Tensor]: roots, exponentials, trigonometry,
/// activations.
public sealed interface TensorFunctions permits Tensor {
  private Tensor self() {
    return (Tensor) this;
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

  /// Square root.
  default Tensor sqrt() {
    return new Sqrt().of(self());
  }

  /// `1 / sqrt(this)`.
  default Tensor rsqrt() {
    return new Rsqrt().of(self());
  }

  /// `e^this - 1`, right near 0 too.
  default Tensor expm1() {
    return new Expm1().of(self());
  }

  /// `2^this`.
  default Tensor exp2() {
    return new Exp2().of(self());
  }

  /// `log(1 + this)`, right near 0 too.
  default Tensor log1p() {
    return new Log1p().of(self());
  }

  /// Logarithm to the base 2.
  default Tensor log2() {
    return new Log2().of(self());
  }

  /// `this^exponent`, element by element.
  default Tensor pow(Tensor exponent) {
    return new Pow().of(self(), exponent);
  }

  /// `this^exponent`.
  default Tensor pow(double exponent) {
    return exponent == 2 ? self().mul(self()) : new Pow.Constant(exponent).of(self());
  }

  /// Sine.
  default Tensor sin() {
    return new Sin().of(self());
  }

  /// Cosine.
  default Tensor cos() {
    return new Cos().of(self());
  }

  /// Tangent.
  default Tensor tan() {
    return new Tan().of(self());
  }

  /// Inverse sine, between -pi / 2 and pi / 2.
  default Tensor asin() {
    return new Asin().of(self());
  }

  /// Inverse cosine, between 0 and pi.
  default Tensor acos() {
    return new Acos().of(self());
  }

  /// Inverse tangent, between -pi / 2 and pi / 2.
  default Tensor atan() {
    return new Atan().of(self());
  }

  /// The angle, between -pi and pi, of the points `(x, this)`.
  default Tensor atan2(Tensor x) {
    return new Atan2().of(self(), x);
  }

  /// Hyperbolic sine.
  default Tensor sinh() {
    return new Sinh().of(self());
  }

  /// Hyperbolic cosine.
  default Tensor cosh() {
    return new Cosh().of(self());
  }

  /// Error function.
  default Tensor erf() {
    return new Erf().of(self());
  }

  /// `max(0, this)`.
  default Tensor relu() {
    return new Relu().of(self());
  }

  /// `this / (1 + e^-this)`.
  default Tensor silu() {
    return new Silu().of(self());
  }

  /// [#gelu] approximated by `tanh`.
  default Tensor geluTanh() {
    return new GeluTanh().of(self());
  }

  /// `log(1 + e^this)`.
  default Tensor softplus() {
    return new Softplus().of(self());
  }

  /// `this * tanh(softplus(this))`.
  default Tensor mish() {
    return new Mish().of(self());
  }

  /// `this` above 0, else `a (e^this - 1)`.
  ///
  /// @throws IllegalArgumentException unless `a` is positive and finite
  default Tensor elu(double a) {
    return new Elu(a).of(self());
  }

  /// `this` above 0, else `a * this`.
  default Tensor leakyRelu(double a) {
    return new LeakyRelu(a).of(self());
  }

  /// Scaled exponential linear unit, [Selu].
  default Tensor selu() {
    return new Selu().of(self());
  }

  /// `this * hardSigmoid(this)`.
  default Tensor hardSwish() {
    return new HardSwish().of(self());
  }

  /// `min(max(this + 3, 0), 6) / 6`.
  default Tensor hardSigmoid() {
    return new HardSigmoid().of(self());
  }

  /// `this / (1 + |this|)`.
  default Tensor softsign() {
    return new Softsign().of(self());
  }
}
