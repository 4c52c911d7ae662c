package dev.gatun.op.sequence.s4;

import dev.gatun.tensor.Tensor;
import java.util.function.UnaryOperator;

/// A complex tensor as two real ones. Shapes broadcast as those of the real operators do, of which
/// these are made, so gradients come from them: with respect to the parts.
///
/// @param re real parts
/// @param im imaginary parts, of the same type and shape
public record Complex(Tensor re, Tensor im) {
  /// A complex tensor of two real ones.
  ///
  /// @throws IllegalArgumentException if types or shapes differ
  public Complex {
    if (!re.spec().equals(im.spec())) {
      throw new IllegalArgumentException(
          "Complex: both parts must have one type and shape; got %s and %s"
              .formatted(re.spec(), im.spec()));
    }
  }

  /// Numbers whose parts are the last axis of `t`, `[..., 2]`.
  public static Complex ofPairs(Tensor t) {
    return new Complex(t.select(-1, 0), t.select(-1, 1));
  }

  /// `re + 0 i`.
  public static Complex real(Tensor re) {
    return new Complex(re, re.scope().zeros(re.dtype(), re.shape()));
  }

  /// The sum.
  public Complex plus(Complex other) {
    return new Complex(re.add(other.re), im.add(other.im));
  }

  /// `this + value`, a real number.
  public Complex plus(double value) {
    return new Complex(re.add(value), im);
  }

  /// The difference.
  public Complex minus(Complex other) {
    return new Complex(re.sub(other.re), im.sub(other.im));
  }

  /// The product.
  public Complex times(Complex o) {
    return new Complex(re.mul(o.re).sub(im.mul(o.im)), re.mul(o.im).add(im.mul(o.re)));
  }

  /// The product with real numbers.
  public Complex times(Tensor real) {
    return new Complex(re.mul(real), im.mul(real));
  }

  /// The product with a real number.
  public Complex times(double real) {
    return new Complex(re.mul(real), im.mul(real));
  }

  /// The quotient.
  public Complex over(Complex o) {
    Tensor square = o.re.square().add(o.im.square());
    Complex product = times(o.conj());
    return new Complex(product.re.div(square), product.im.div(square));
  }

  /// The conjugate.
  public Complex conj() {
    return new Complex(re, im.neg());
  }

  /// `-this`.
  public Complex negated() {
    return new Complex(re.neg(), im.neg());
  }

  /// `e^this`.
  public Complex exp() {
    Tensor size = re.exp();
    return new Complex(size.mul(im.cos()), size.mul(im.sin()));
  }

  /// Both parts by a view, `t -> t.select(0, 1)` for one.
  public Complex view(UnaryOperator<Tensor> view) {
    return new Complex(view.apply(re), view.apply(im));
  }

  /// `e^this - 1`, to full precision near 0.
  public Complex expm1() {
    Tensor half = im.mul(0.5).sin();
    return new Complex(re.expm1().mul(im.cos()).sub(half.square().mul(2)), re.exp().mul(im.sin()));
  }

  /// The principal logarithm.
  public Complex log() {
    return new Complex(re.square().add(im.square()).log().mul(0.5), im.atan2(re));
  }

  /// `1 / this`.
  public Complex reciprocal() {
    Tensor square = re.square().add(im.square());
    return new Complex(re.div(square), im.neg().div(square));
  }

  /// `2 Re` of the sum over the last axis.
  public Tensor twiceRealSum() {
    return twiceRealSum(-1);
  }

  /// `2 Re` of the sum over `axis`.
  Tensor twiceRealSum(int axis) {
    return re.sum(axis).mul(2);
  }

  /// Parts side by side in a new last axis.
  public Tensor pairs() {
    return re.stack(re.shape().rank(), im);
  }

  /// This and `other` along `axis`.
  public Complex concat(int axis, Complex other) {
    return new Complex(re.concat(axis, other.re), im.concat(axis, other.im));
  }

  /// This and `other` along the first axis.
  Complex concat(Complex other) {
    return concat(0, other);
  }
}
