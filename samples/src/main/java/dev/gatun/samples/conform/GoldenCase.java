package dev.gatun.samples.conform;

import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// One case of a golden file.
///
/// @param name `case0`, ...
/// @param inputs as stored, by name
/// @param upstream gradients of outputs, by name of the output
/// @param expected every stored F64 result
record GoldenCase(
    String name,
    Flags flags,
    Map<String, Tensor> inputs,
    Map<String, Tensor> upstream,
    List<Expected> expected) {
  /// The same case, results with these names left out.
  GoldenCase without(Set<String> outputs) {
    List<Expected> rest =
        expected.stream().filter(e -> e.gradient() || !outputs.contains(e.name())).toList();
    return new GoldenCase(name, flags, inputs, upstream, rest);
  }
}
