package dev.gatun.jmh;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Why kernels on OpenCL take more than three times as long as those of the processor's device.
final class SlowOnOpenCl {
  private static final Map<String, List<String>> OPERATORS =
      Map.of(
          "the driver's function, in scalars or with branches on rare arguments",
          List.of(
              "math.Gelu",
              "math.Remainder",
              "math.Fmod",
              "math.Expm1",
              "math.Log2",
              "math.Sin",
              "math.Cos",
              "math.Tan",
              "math.Sinh",
              "math.Erf",
              "math.Elu",
              "math.Selu",
              "attention.SigSoftmax"),
          "quotients in doubles, one by one: the driver's vectors of doubles are wrong",
          List.of("math.FloorDivide"),
          "Philox, whose 64-bit products the driver leaves in scalars, and functions of doubles",
          List.of(
              "random.Normal",
              "random.TruncatedNormal",
              "random.RandomInt",
              "random.Categorical",
              "attention.RotaryTable"),
          "one work-item goes through a row or all",
          List.of("random.Permutation", "loss.Ctc", "attention.Routing", "attention.AttentionScan"),
          "a call with waiting costs more than the work",
          List.of("loss.Nll"),
          "indices of each element by divisions",
          List.of("shape.Unslice", "reduce.All", "reduce.GroupNorm"),
          "windows of each result with checks of bounds, in scalars",
          List.of("linear.MaxPool", "linear.AvgPool", "linear.Conv", "linear.ConvTranspose"),
          "conversions to bytes in scalars",
          List.of("shape.DynamicQuantize", "shape.QuantizeLinear"));

  /// By the operator's name in the table.
  static final Map<String, String> REASONS = reasons();

  private SlowOnOpenCl() {}

  private static Map<String, String> reasons() {
    Map<String, String> reasons = new HashMap<>();
    OPERATORS.forEach((why, names) -> names.forEach(n -> reasons.put(n, why)));
    return Map.copyOf(reasons);
  }
}
