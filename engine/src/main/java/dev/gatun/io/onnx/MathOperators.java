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
    all.one("Pow", 7, n -> n.like(0, real(n.tensor(0)).pow(like(n.tensor(1), n.tensor(0)))));
    all.one("Sum", 6, n -> fold(n, Tensor::add));
    all.one("Mean", 6, n -> n.like(0, real(fold(n, Tensor::add).tensor()).div(n.count())));
    all.one("Max", 6, n -> fold(n, Tensor::maximum));
    all.one("Min", 6, n -> fold(n, Tensor::minimum));
    all.one("Clip", 6, MathOperators::clip);
    all.one("Sqrt", 6, n -> n.like(0, n.tensor(0).sqrt()));
    all.one("Neg", 6, n -> n.like(0, wide(n.tensor(0)).neg()));
    all.one("Abs", 6, n -> n.like(0, abs(n.tensor(0))));
    all.one("Sign", 6, n -> n.like(0, real(n.tensor(0)).sign()));
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
    unary(all, "Atanh", x -> inDoubles(x, t -> t.mul(2).div(t.neg().add(1)).log1p().mul(0.5)));
  }

  /// `sign(x) log1p(|x| + x^2 / (1 + sqrt(1 + x^2)))`: no digit is lost near 0.
  private static Tensor asinh(Tensor x) {
    return inDoubles(
        x,
        t -> {
          Tensor a = t.abs();
          Tensor square = a.square();
          Tensor near = a.add(square.div(square.add(1).sqrt().add(1))).log1p();
          return a.greater(FAR).where(farLog(a), near).mul(t.sign());
        });
  }

  private static Tensor acosh(Tensor x) {
    return inDoubles(
        x, t -> t.greater(FAR).where(farLog(t), t.square().sub(one(t)).sqrt().add(t).log()));
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
    return switch (direction) {
      case "LEFT" -> n.like(0, x.shiftLeft(by));
      case "RIGHT" -> n.like(0, x.shiftRight(by));
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
    all.one(name, 7, n -> n.truth(f.apply(wide(n.tensor(0)), wide(n.tensor(1)))));
  }

  /// Bytes as I32: arithmetic is defined from there on. What does not fit wraps on the way back.
  static Tensor wide(Tensor x) {
    return x.dtype() == DType.I8 || x.dtype() == DType.U8 || x.dtype() == DType.BOOL
        ? x.to(DType.I32)
        : x;
  }

  /// Integers as F64, exact up to 2^53.
  static Tensor real(Tensor x) {
    return x.dtype().computes() ? x : x.to(DType.F64);
  }

  private static Tensor like(Tensor x, Tensor y) {
    DType type = real(y).dtype();
    return x.dtype() == type ? x : x.to(type);
  }

  private static Value fold(Invocation n, BinaryOperator<Tensor> f) {
    Tensor y = wide(n.tensor(0));
    for (int i = 1; i < n.count(); i++) {
      y = f.apply(y, wide(n.tensor(i)));
    }
    return n.like(0, y);
  }

  private static Tensor abs(Tensor x) {
    Tensor wide = wide(x);
    return x.dtype().computes() ? x.abs() : wide.maximum(wide.neg());
  }

  /// Integers are cut towards zero.
  private static Value div(Invocation n) {
    if (n.type(0).isFloating()) {
      return n.like(0, n.tensor(0).div(n.tensor(1)));
    }
    return n.like(0, real(n.tensor(0)).div(real(n.tensor(1))).truncate());
  }

  /// With the sign of the divisor, or with `fmod` that of the dividend.
  private static Value mod(Invocation n) {
    Tensor x = real(n.tensor(0));
    Tensor y = real(n.tensor(1));
    return n.like(0, n.attributes().flag("fmod", false) ? x.fmod(y) : x.remainder(y));
  }

  private static Value clip(Invocation n) {
    Tensor y = wide(n.tensor(0));
    if (n.version() < 11) {
      double lo = n.attributes().number("min", Double.NEGATIVE_INFINITY);
      double hi = n.attributes().number("max", Double.POSITIVE_INFINITY);
      return n.like(0, y.maximum(lo).minimum(hi));
    }
    y = n.has(1) ? y.maximum(wide(n.tensor(1))) : y;
    return n.like(0, n.has(2) ? y.minimum(wide(n.tensor(2))) : y);
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
