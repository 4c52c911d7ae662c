package dev.gatun.io.onnx;

/// Losses.
final class LossOperators {
  private LossOperators() {}

  static void addTo(Operators all) {}
}
