package dev.gatun.io.onnx;

/// What makes tensors of nothing: constants, ranges, random numbers.
final class ConstantOperators {
  private ConstantOperators() {}

  static void addTo(Operators all) {}
}
