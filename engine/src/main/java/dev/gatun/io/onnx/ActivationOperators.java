package dev.gatun.io.onnx;

import dev.gatun.tensor.Tensor;
import java.util.function.UnaryOperator;

/// Activations, and the softmax family.
final class ActivationOperators {
  private ActivationOperators() {}

  static void addTo(Operators all) {
    unary(all, "Relu", Tensor::relu);
    unary(all, "Sigmoid", Tensor::sigmoid);
    unary(all, "Tanh", Tensor::tanh);
    all.one("Softmax", 1, n -> n.like(0, n.tensor(0).softmax((int) n.attributes().integer("axis", -1))));
  }

  private static void unary(Operators all, String name, UnaryOperator<Tensor> f) {
    all.one(name, 1, n -> n.like(0, f.apply(n.tensor(0))));
  }
}
