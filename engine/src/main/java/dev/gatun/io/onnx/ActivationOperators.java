package dev.gatun.io.onnx;

import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.Arrays;
import java.util.function.BiFunction;
import java.util.function.UnaryOperator;

/// Activations, and the softmax family.
final class ActivationOperators {
  private ActivationOperators() {}

  static void addTo(Operators all) {
    all.one("Relu", 6, n -> n.like(0, MathOperators.real(n.tensor(0)).relu()));
    unary(all, "Sigmoid", Tensor::sigmoid);
    unary(all, "Tanh", Tensor::tanh);
    unary(all, "Softplus", Tensor::softplus);
    unary(all, "Softsign", Tensor::softsign);
    unary(all, "Mish", Tensor::mish);
    unary(all, "HardSwish", Tensor::hardSwish);
    one(all, "LeakyRelu", 0.01, Tensor::leakyRelu);
    one(all, "Elu", 1, ActivationOperators::elu);
    one(all, "ThresholdedRelu", 1, (x, a) -> x.maskedFill(x.lessEqual(a), 0));
    one(all, "Swish", 1, (x, a) -> x.mul(a).sigmoid().mul(x));
    one(all, "Celu", 1, (x, a) -> x.relu().add(x.div(a).minimum(0).expm1().mul(a)));
    all.one("SwiGLU", 28, ActivationOperators::swiGlu);
    all.one("Selu", 6, ActivationOperators::selu);
    all.one("HardSigmoid", 6, ActivationOperators::hardSigmoid);
    all.one("Shrink", 9, ActivationOperators::shrink);
    all.one("PRelu", 7, ActivationOperators::pRelu);
    all.one("Gelu", 20, ActivationOperators::gelu);
    softmax(all, "Softmax", Tensor::softmax);
    softmax(all, "LogSoftmax", Tensor::logSoftmax);
    softmax(all, "Hardmax", ActivationOperators::hardmax);
  }

  private static void unary(Operators all, String name, UnaryOperator<Tensor> f) {
    all.one(name, 1, n -> n.like(0, f.apply(n.tensor(0))));
  }

  private static void one(
      Operators all, String name, double alpha, BiFunction<Tensor, Double, Tensor> f) {
    all.one(name, 1, n -> n.like(0, f.apply(n.tensor(0), n.attributes().number("alpha", alpha))));
  }

  /// With any `alpha`; the engine's op wants a positive one.
  static Tensor elu(Tensor x, double alpha) {
    return alpha > 0 ? x.elu(alpha) : x.greater(0).where(x, x.expm1().mul(alpha));
  }

  private static Value gelu(Invocation n) {
    boolean tanh = n.attributes().text("approximate", "none").equals("tanh");
    return n.like(0, tanh ? n.tensor(0).geluTanh() : n.tensor(0).gelu());
  }

  /// `swish(a) b`.
  private static Value swiGlu(Invocation n) {
    Tensor a = n.tensor(0);
    double alpha = n.attributes().number("alpha", 1);
    return n.like(0, a.mul(alpha).sigmoid().mul(a).mul(n.tensor(1)));
  }

  private static Value selu(Invocation n) {
    double alpha = n.attributes().number("alpha", 1.6732632423543772);
    double gamma = n.attributes().number("gamma", 1.0507009873554805);
    return n.like(0, elu(n.tensor(0), alpha).mul(gamma));
  }

  private static Value hardSigmoid(Invocation n) {
    double alpha = n.attributes().number("alpha", 0.2);
    double beta = n.attributes().number("beta", 0.5);
    return n.like(0, n.tensor(0).mul(alpha).add(beta).clamp(0, 1));
  }

  /// `x + bias` below `-lambd`, `x - bias` above `lambd`, else 0.
  private static Value shrink(Invocation n) {
    double lambda = n.attributes().number("lambd", 0.5);
    double bias = n.attributes().number("bias", 0);
    Tensor x = MathOperators.real(n.tensor(0));
    Tensor moved = x.sub(x.sign().mul(bias));
    return n.like(0, moved.maskedFill(x.abs().greater(lambda).not(), 0));
  }

  private static Value pRelu(Invocation n) {
    Tensor x = MathOperators.real(n.tensor(0));
    return n.like(0, x.less(0).where(x.mul(n.tensor(1).to(x.dtype())), x));
  }

  /// Before version 13 all axes from `axis` on are one.
  private static void softmax(
      Operators all, String name, BiFunction<Tensor, Integer, Tensor> alongAxis) {
    all.one(
        name,
        1,
        n -> {
          Tensor x = n.tensor(0);
          int axis = x.shape().axis(Math.toIntExact(n.attributes().integer("axis", 1)));
          long rows = x.shape().elems(0, axis);
          Tensor flat = x.reshape(rows, x.shape().elems(axis, x.shape().rank()));
          return n.like(0, alongAxis.apply(flat, 1).reshape(x.shape().dims()));
        });
    all.one(
        name,
        13,
        n -> {
          Tensor x = n.tensor(0);
          int axis = x.shape().axis(Math.toIntExact(n.attributes().integer("axis", -1)));
          return n.like(0, alongAxis.apply(x, axis));
        });
  }

  /// 1 at the first of the largest.
  private static Tensor hardmax(Tensor x, int axis) {
    long size = x.dim(axis);
    Tensor places = x.scope().arange(DType.I64, 0, (double) size, 1);
    long[] dims = new long[x.shape().rank()];
    Arrays.fill(dims, 1);
    dims[axis] = size;
    Shape one = x.shape().with(axis, 1);
    return places.reshape(dims).equal(x.argMax(axis).reshape(one.dims())).to(x.dtype());
  }
}
