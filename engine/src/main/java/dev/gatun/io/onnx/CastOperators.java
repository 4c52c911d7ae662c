package dev.gatun.io.onnx;

/// Changes of the element type.
final class CastOperators {
  private CastOperators() {}

  static void addTo(Operators all) {}
}
