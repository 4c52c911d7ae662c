package dev.gatun.io.onnx;

/// Reductions, arg-max and arg-min, top-k, cumulative sums.
final class ReductionOperators {
  private ReductionOperators() {}

  static void addTo(Operators all) {}
}
