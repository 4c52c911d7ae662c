package dev.gatun.io.onnx;

import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.function.BinaryOperator;
import java.util.function.UnaryOperator;

/// Arithmetic, comparison, logic, rounding and functions of each element.
final class MathOperators {
  /// Beyond this `sqrt(x^2 + 1)` is `x`.
  private static final double FAR = 1e9;

  private MathOperators() {}

  static void addTo(Operators all) {
    binary(all, "Add", Tensor::add);
    binary(all, "Sub", Tensor::sub);
    binary(all, "Mul", Tensor::mul);
    all.one("Div", 7, MathOperators::div);
    all.one("Mod", 10, MathOperators::mod);
    all.one("Pow", 7, MathOperators::pow);
    all.one("Sum", 6, n -> fold(n, Tensor::add));
    all.one("Mean", 6, n -> n.like(0, real(fold(n, Tensor::add).tensor()).div(n.count())));
    all.one("Max", 6, n -> extreme(n, Tensor::maximum));
    all.one("Min", 6, n -> extreme(n, Tensor::minimum));
    all.one("Clip", 6, MathOperators::clip);
    all.one("Sqrt", 6, n -> n.like(0, n.tensor(0).sqrt()));
    all.one("Neg", 6, n -> n.like(0, wide(n.tensor(0)).neg()));
    all.one("Abs", 6, n -> n.like(0, abs(n)));
    all.one("Sign", 6, n -> n.like(0, real(n, 0).sign()));
    unary(all, "Reciprocal", Tensor::reciprocal);
    unary(all, "Floor", Tensor::floor);
    unary(all, "Ceil", Tensor::ceil);
    unary(all, "Round", Tensor::round);
    unary(all, "Exp", Tensor::exp);
    unary(all, "Log", Tensor::log);
    unary(all, "Erf", Tensor::erf);
    trigonometric(all);
    comparisons(all);
    logic(all);
  }

  private static void trigonometric(Operators all) {
    unary(all, "Sin", Tensor::sin);
    unary(all, "Cos", Tensor::cos);
    unary(all, "Tan", Tensor::tan);
    unary(all, "Asin", Tensor::asin);
    unary(all, "Acos", Tensor::acos);
    unary(all, "Atan", Tensor::atan);
    unary(all, "Sinh", Tensor::sinh);
    unary(all, "Cosh", Tensor::cosh);
    unary(all, "Asinh", MathOperators::asinh);
    unary(all, "Acosh", MathOperators::acosh);
    unary(all, "Atanh", MathOperators::atanh);
  }

  /// `sign(x) log1p(|x| + x^2 / (1 + sqrt(1 + x^2)))`: no digit is lost near 0.
  private static Tensor asinh(Tensor x) {
    return inDoubles(
        x,
        t -> {
          Tensor a = t.abs();
          Tensor square = a.square();
          Tensor near = a.add(square.div(square.add(1).sqrt().add(1))).log1p();
          return signed(a.greater(FAR).where(farLog(a), near), t);
        });
  }

  private static Tensor acosh(Tensor x) {
    return inDoubles(
        x, t -> t.greater(FAR).where(farLog(t), t.square().sub(one(t)).sqrt().add(t).log()));
  }

  /// `log1p(2 |x| / (1 - |x|)) / 2` with the sign of `x`, -0 included.
  private static Tensor atanh(Tensor x) {
    return inDoubles(
        x,
        t -> {
          Tensor a = t.abs();
          Tensor y = a.mul(2).div(a.neg().add(1)).log1p().mul(0.5);
          return signed(y, t);
        });
  }

  /// `y`, which is not negative, with the sign of `x`.
  private static Tensor signed(Tensor y, Tensor x) {
    return x.less(0).or(x.reciprocal().less(0)).where(y.neg(), y);
  }

  /// `log 2x`, where the square of `x` would overflow.
  private static Tensor farLog(Tensor x) {
    return x.log().add(Math.log(2));
  }

  private static Tensor inDoubles(Tensor x, UnaryOperator<Tensor> f) {
    return f.apply(x.to(DType.F64)).to(x.dtype());
  }

  private static Tensor one(Tensor like) {
    return like.scope().full(like.dtype(), Shape.of(), 1);
  }

  private static void comparisons(Operators all) {
    compare(all, "Equal", Tensor::equal);
    compare(all, "Greater", Tensor::greater);
    compare(all, "Less", Tensor::less);
    compare(all, "GreaterOrEqual", Tensor::greaterEqual);
    compare(all, "LessOrEqual", Tensor::lessEqual);
    all.one("IsNaN", 9, n -> n.truth(n.tensor(0).isNan()));
    all.one("IsInf", 10, MathOperators::isInf);
  }

  private static void logic(Operators all) {
    all.one("Not", 1, n -> n.truth(n.tensor(0).not()));
    all.one("And", 7, n -> n.truth(n.tensor(0).and(n.tensor(1))));
    all.one("Or", 7, n -> n.truth(n.tensor(0).or(n.tensor(1))));
    all.one("Xor", 7, n -> n.truth(n.tensor(0).xor(n.tensor(1))));
    binary(all, "BitwiseAnd", Tensor::and);
    binary(all, "BitwiseOr", Tensor::or);
    binary(all, "BitwiseXor", Tensor::xor);
    all.one("BitwiseNot", 18, n -> n.like(0, wide(n.tensor(0)).not()));
    all.one("BitShift", 11, MathOperators::shift);
  }

  private static Value shift(Invocation n) {
    Tensor x = wide(n.tensor(0));
    Tensor by = wide(n.tensor(1));
    String direction = n.attributes().text("direction");
    boolean whole = n.type(0) == ElementType.UINT64;
    return switch (direction) {
      case "LEFT" -> n.like(0, x.shiftLeft(by));
      case "RIGHT" -> n.like(0, whole ? Unsigned.shiftRight(x, by) : x.shiftRight(by));
      default ->
          throw new IllegalArgumentException(
              "attribute direction must be LEFT or RIGHT; got " + direction);
    };
  }

  private static void unary(Operators all, String name, UnaryOperator<Tensor> f) {
    all.one(name, 1, n -> n.like(0, f.apply(n.tensor(0))));
  }

  private static void binary(Operators all, String name, BinaryOperator<Tensor> f) {
    all.one(name, 7, n -> n.like(0, f.apply(wide(n.tensor(0)), wide(n.tensor(1)))));
  }

  private static void compare(Operators all, String name, BinaryOperator<Tensor> f) {
    all.one(name, 7, n -> n.truth(f.apply(ordered(n, 0), ordered(n, 1))));
  }

  /// Bytes as I32: arithmetic is defined from there on. What does not fit wraps on the way back.
  static Tensor wide(Tensor x) {
    return x.dtype() == DType.I8 || x.dtype() == DType.U8 || x.dtype() == DType.BOOL
        ? x.to(DType.I32)
        : x;
  }

  /// Input `i`, with arithmetic and in an order that is that of its values.
  static Tensor ordered(Invocation n, int i) {
    return Unsigned.ordered(n.type(i), wide(n.tensor(i)));
  }

  /// Input `i` as a float: integers as F64, exact up to 2^53.
  static Tensor real(Invocation n, int i) {
    boolean unsigned = n.type(i) == ElementType.UINT64;
    return unsigned ? Unsigned.toReal(n.tensor(i), DType.F64) : real(n.tensor(i));
  }

  /// Integers as F64, exact up to 2^53.
  static Tensor real(Tensor x) {
    return x.dtype().computes() ? x : x.to(DType.F64);
  }

  private static Value pow(Invocation n) {
    Tensor x = real(n, 0);
    return n.like(0, x.pow(real(n, 1).to(x.dtype())));
  }

  private static Value fold(Invocation n, BinaryOperator<Tensor> f) {
    Tensor y = wide(n.tensor(0));
    for (int i = 1; i < n.count(); i++) {
      y = f.apply(y, wide(n.tensor(i)));
    }
    return n.like(0, y);
  }

  private static Value extreme(Invocation n, BinaryOperator<Tensor> f) {
    Tensor y = ordered(n, 0);
    for (int i = 1; i < n.count(); i++) {
      y = f.apply(y, ordered(n, i));
    }
    return n.like(0, Unsigned.ordered(n.type(0), y));
  }

  private static Tensor abs(Invocation n) {
    Tensor x = n.tensor(0);
    if (x.dtype().computes()) {
      return x.abs();
    }
    return n.type(0).isUnsigned() ? x : wide(x).maximum(wide(x).neg());
  }

  /// Integers are cut towards zero.
  private static Value div(Invocation n) {
    if (n.type(0).isFloating()) {
      return n.like(0, n.tensor(0).div(n.tensor(1)));
    }
    if (isLong(n)) {
      return n.like(0, Unsigned.divide(n.type(0), n.tensor(0), n.tensor(1)));
    }
    return n.like(0, real(n.tensor(0)).div(real(n.tensor(1))).truncate());
  }

  /// Whether a double is not enough for one of two inputs.
  private static boolean isLong(Invocation n) {
    return Unsigned.isBeyondDoubles(n.type(0), n.tensor(0))
        || Unsigned.isBeyondDoubles(n.type(1), n.tensor(1));
  }

  /// With the sign of the divisor, or with `fmod` that of the dividend.
  private static Value mod(Invocation n) {
    boolean cut = n.attributes().flag("fmod", false);
    if (isLong(n)) {
      return n.like(0, Unsigned.remainder(n.type(0), n.tensor(0), n.tensor(1), cut));
    }
    Tensor x = real(n.tensor(0));
    Tensor y = real(n.tensor(1));
    return n.like(0, cut ? x.fmod(y) : x.remainder(y));
  }

  private static Value clip(Invocation n) {
    Tensor y = ordered(n, 0);
    if (n.version() < 11) {
      double lo = n.attributes().number("min", Double.NEGATIVE_INFINITY);
      double hi = n.attributes().number("max", Double.POSITIVE_INFINITY);
      return n.like(0, y.maximum(lo).minimum(hi));
    }
    y = n.has(1) ? y.maximum(ordered(n, 1)) : y;
    y = n.has(2) ? y.minimum(ordered(n, 2)) : y;
    return n.like(0, Unsigned.ordered(n.type(0), y));
  }

  private static Value isInf(Invocation n) {
    Tensor x = n.tensor(0);
    Tensor y = x.isInfinite();
    if (!n.attributes().flag("detect_negative", true)) {
      y = y.and(x.greater(0));
    }
    if (!n.attributes().flag("detect_positive", true)) {
      y = y.and(x.less(0));
    }
    return n.truth(y);
  }
}
