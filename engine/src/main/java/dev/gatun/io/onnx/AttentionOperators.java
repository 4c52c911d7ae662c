package dev.gatun.io.onnx;

/// Attention, rotary embedding, and what decoding needs.
final class AttentionOperators {
  private AttentionOperators() {}

  static void addTo(Operators all) {}
}
