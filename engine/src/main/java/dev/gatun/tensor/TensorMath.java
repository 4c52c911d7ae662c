package dev.gatun.tensor;

import dev.gatun.op.math.Abs;
import dev.gatun.op.math.Add;
import dev.gatun.op.math.And;
import dev.gatun.op.math.Ceil;
import dev.gatun.op.math.Clamp;
import dev.gatun.op.math.Div;
import dev.gatun.op.math.Equal;
import dev.gatun.op.math.Floor;
import dev.gatun.op.math.FloorDivide;
import dev.gatun.op.math.Fmod;
import dev.gatun.op.math.Greater;
import dev.gatun.op.math.GreaterEqual;
import dev.gatun.op.math.IsFinite;
import dev.gatun.op.math.IsInfinite;
import dev.gatun.op.math.IsNan;
import dev.gatun.op.math.Less;
import dev.gatun.op.math.LessEqual;
import dev.gatun.op.math.Maximum;
import dev.gatun.op.math.Minimum;
import dev.gatun.op.math.Mul;
import dev.gatun.op.math.Neg;
import dev.gatun.op.math.Not;
import dev.gatun.op.math.NotEqual;
import dev.gatun.op.math.Or;
import dev.gatun.op.math.Reciprocal;
import dev.gatun.op.math.Remainder;
import dev.gatun.op.math.Round;
import dev.gatun.op.math.ShiftLeft;
import dev.gatun.op.math.ShiftRight;
import dev.gatun.op.math.Sign;
import dev.gatun.op.math.Square;
import dev.gatun.op.math.Sub;
import dev.gatun.op.math.Truncate;
import dev.gatun.op.math.Where;
import dev.gatun.op.math.Xor;

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

  /// `|this|`.
  default Tensor abs() {
    return new Abs().of(self());
  }

  /// -1, 0 or 1.
  default Tensor sign() {
    return new Sign().of(self());
  }

  /// `this^2`.
  default Tensor square() {
    return new Square().of(self());
  }

  /// `1 / this`.
  default Tensor reciprocal() {
    return new Reciprocal().of(self());
  }

  /// `this - other floor(this / other)`, with the sign of `other`.
  default Tensor remainder(Tensor other) {
    return new Remainder().of(self(), other);
  }

  /// [#remainder(Tensor)] of a number.
  default Tensor remainder(double c) {
    return remainder(constant(c));
  }

  /// `this - other trunc(this / other)`, with the sign of `this`.
  default Tensor fmod(Tensor other) {
    return new Fmod().of(self(), other);
  }

  /// [#fmod(Tensor)] of a number.
  default Tensor fmod(double c) {
    return fmod(constant(c));
  }

  /// `floor(this / other)`.
  default Tensor floorDivide(Tensor other) {
    return new FloorDivide().of(self(), other);
  }

  /// [#floorDivide(Tensor)] of a number.
  default Tensor floorDivide(double c) {
    return floorDivide(constant(c));
  }

  /// The larger of each two elements; NaN wins.
  default Tensor maximum(Tensor other) {
    return new Maximum().of(self(), other);
  }

  /// [#maximum(Tensor)] of a number.
  default Tensor maximum(double c) {
    return maximum(constant(c));
  }

  /// The smaller of each two elements; NaN wins.
  default Tensor minimum(Tensor other) {
    return new Minimum().of(self(), other);
  }

  /// [#minimum(Tensor)] of a number.
  default Tensor minimum(double c) {
    return minimum(constant(c));
  }

  /// The nearest number between `lo` and `hi`.
  ///
  /// @throws IllegalArgumentException unless `lo <= hi`
  default Tensor clamp(double lo, double hi) {
    return new Clamp(lo, hi).of(self());
  }

  // Rounding.

  /// The greatest integer that is not above.
  default Tensor floor() {
    return new Floor().of(self());
  }

  /// The least integer that is not below.
  default Tensor ceil() {
    return new Ceil().of(self());
  }

  /// The nearest integer, of two the even one.
  default Tensor round() {
    return new Round().of(self());
  }

  /// Without the fraction.
  default Tensor truncate() {
    return new Truncate().of(self());
  }

  // Comparison; the results are BOOL.

  /// Where `this = other`.
  default Tensor equal(Tensor other) {
    return new Equal().of(self(), other);
  }

  /// Where `this = c`.
  default Tensor equal(double c) {
    return equal(constant(c));
  }

  /// Where `this != other`.
  default Tensor notEqual(Tensor other) {
    return new NotEqual().of(self(), other);
  }

  /// Where `this != c`.
  default Tensor notEqual(double c) {
    return notEqual(constant(c));
  }

  /// Where `this < other`.
  default Tensor less(Tensor other) {
    return new Less().of(self(), other);
  }

  /// Where `this < c`.
  default Tensor less(double c) {
    return less(constant(c));
  }

  /// Where `this <= other`.
  default Tensor lessEqual(Tensor other) {
    return new LessEqual().of(self(), other);
  }

  /// Where `this <= c`.
  default Tensor lessEqual(double c) {
    return lessEqual(constant(c));
  }

  /// Where `this > other`.
  default Tensor greater(Tensor other) {
    return new Greater().of(self(), other);
  }

  /// Where `this > c`.
  default Tensor greater(double c) {
    return greater(constant(c));
  }

  /// Where `this >= other`.
  default Tensor greaterEqual(Tensor other) {
    return new GreaterEqual().of(self(), other);
  }

  /// Where `this >= c`.
  default Tensor greaterEqual(double c) {
    return greaterEqual(constant(c));
  }

  /// Where this is NaN.
  default Tensor isNan() {
    return new IsNan().of(self());
  }

  /// Where this is an infinity.
  default Tensor isInfinite() {
    return new IsInfinite().of(self());
  }

  /// Where this is neither NaN nor an infinity.
  default Tensor isFinite() {
    return new IsFinite().of(self());
  }

  // Logic on BOOL, bits of I32 and I64, and choice.

  /// Both; bit by bit on integers.
  default Tensor and(Tensor other) {
    return new And().of(self(), other);
  }

  /// One or both; bit by bit on integers.
  default Tensor or(Tensor other) {
    return new Or().of(self(), other);
  }

  /// Just one; bit by bit on integers.
  default Tensor xor(Tensor other) {
    return new Xor().of(self(), other);
  }

  /// The opposite; of every bit on integers.
  default Tensor not() {
    return new Not().of(self());
  }

  /// `this * 2^other`; I32 or I64.
  default Tensor shiftLeft(Tensor other) {
    return new ShiftLeft().of(self(), other);
  }

  /// `floor(this / 2^other)`; I32 or I64.
  default Tensor shiftRight(Tensor other) {
    return new ShiftRight().of(self(), other);
  }

  /// `x` where this, which is BOOL, is true, and `y` elsewhere.
  default Tensor where(Tensor x, Tensor y) {
    return new Where().of(self(), x, y);
  }
}
