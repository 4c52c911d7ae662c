package dev.gatun.io.onnx;

/// Gather, scatter, slices, padding, and what else moves elements.
final class IndexOperators {
  private IndexOperators() {}

  static void addTo(Operators all) {}
}
