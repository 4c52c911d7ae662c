package dev.gatun.io.onnx;

/// Fourier transforms and windows.
final class SignalOperators {
  private SignalOperators() {}

  static void addTo(Operators all) {}
}
