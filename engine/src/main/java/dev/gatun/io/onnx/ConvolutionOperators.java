package dev.gatun.io.onnx;

/// Convolutions and pooling.
final class ConvolutionOperators {
  private ConvolutionOperators() {}

  static void addTo(Operators all) {}
}
