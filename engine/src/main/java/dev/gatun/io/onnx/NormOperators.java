package dev.gatun.io.onnx;

/// Normalisations.
final class NormOperators {
  private NormOperators() {}

  static void addTo(Operators all) {}
}
