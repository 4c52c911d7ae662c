package dev.gatun.io.onnx;

/// Quantised tensors and their products.
final class QuantizedOperators {
  private QuantizedOperators() {}

  static void addTo(Operators all) {}
}
