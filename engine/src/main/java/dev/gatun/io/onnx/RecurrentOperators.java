package dev.gatun.io.onnx;

/// RNN, GRU, LSTM.
final class RecurrentOperators {
  private RecurrentOperators() {}

  static void addTo(Operators all) {}
}
