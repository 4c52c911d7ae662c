package dev.gatun.samples.conform;

import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Map;

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
    List<Expected> expected) {}
