package dev.gatun.io.onnx;

/// Activations, and the softmax family.
final class ActivationOperators {
  private ActivationOperators() {}

  static void addTo(Operators all) {}
}
