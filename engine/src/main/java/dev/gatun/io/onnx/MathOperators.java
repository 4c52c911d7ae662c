package dev.gatun.io.onnx;

/// Arithmetic, comparison, logic, rounding and functions of each element.
final class MathOperators {
  private MathOperators() {}

  static void addTo(Operators all) {}
}
