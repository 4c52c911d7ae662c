package dev.gatun.io.onnx;

import dev.gatun.tensor.DType;
import dev.gatun.tensor.Tensor;
import java.util.function.BinaryOperator;
import java.util.function.UnaryOperator;

/// Arithmetic, comparison, logic, rounding and functions of each element.
final class MathOperators {
  private MathOperators() {}

  static void addTo(Operators all) {
    binary(all, "Add", Tensor::add);
    binary(all, "Sub", Tensor::sub);
    binary(all, "Mul", Tensor::mul);
    all.one("Div", 1, MathOperators::div);
    all.one("Pow", 1, MathOperators::pow);
    unary(all, "Sqrt", Tensor::sqrt);
    unary(all, "Erf", Tensor::erf);
    unary(all, "Exp", Tensor::exp);
    unary(all, "Log", Tensor::log);
    unary(all, "Neg", Tensor::neg);
    unary(all, "Abs", Tensor::abs);
    unary(all, "Reciprocal", Tensor::reciprocal);
    compare(all, "Equal", Tensor::equal);
    compare(all, "Greater", Tensor::greater);
    compare(all, "Less", Tensor::less);
    compare(all, "GreaterOrEqual", Tensor::greaterEqual);
    compare(all, "LessOrEqual", Tensor::lessEqual);
    all.one("Not", 1, n -> n.truth(n.tensor(0).not()));
    all.one("And", 1, n -> n.truth(n.tensor(0).and(n.tensor(1))));
    all.one("Or", 1, n -> n.truth(n.tensor(0).or(n.tensor(1))));
  }

  private static void unary(Operators all, String name, UnaryOperator<Tensor> f) {
    all.one(name, 1, n -> n.like(0, f.apply(n.tensor(0))));
  }

  private static void binary(Operators all, String name, BinaryOperator<Tensor> f) {
    all.one(
        name,
        1,
        n -> {
          Tensor a = n.tensor(0);
          Tensor b = n.tensor(1);
          boolean small = a.dtype() == DType.I8 || a.dtype() == DType.U8;
          return n.like(
              0, small ? f.apply(a.to(DType.I32), b.to(DType.I32)).to(a.dtype()) : f.apply(a, b));
        });
  }

  private static void compare(Operators all, String name, BinaryOperator<Tensor> f) {
    all.one(name, 1, n -> n.truth(f.apply(n.tensor(0), n.tensor(1))));
  }

  /// Integers are cut towards zero.
  private static Value div(Invocation n) {
    if (n.type(0).isFloating()) {
      return n.like(0, n.tensor(0).div(n.tensor(1)));
    }
    Tensor q = n.tensor(0).to(DType.F64).div(n.tensor(1).to(DType.F64)).truncate();
    return n.like(0, q.to(n.type(0).carrier()));
  }

  private static Value pow(Invocation n) {
    Tensor x = n.tensor(0);
    return n.like(0, x.pow(n.tensor(1).to(x.dtype())));
  }
}
