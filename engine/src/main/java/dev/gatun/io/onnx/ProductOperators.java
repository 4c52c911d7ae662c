package dev.gatun.io.onnx;

/// Matrix products.
final class ProductOperators {
  private ProductOperators() {}

  static void addTo(Operators all) {}
}
