package dev.gatun.io.onnx;

import java.util.Map;

/// A node with its operator.
///
/// @param in slots by input, -1 for one left out; those of what its bodies capture follow
/// @param out slots by output, -1 for one nobody wants
/// @param bodies programs of the graphs among the attributes
/// @param captures for each body, where in `in` its captured values are
record Step(
    Graph.Node node,
    Operators.Entry entry,
    int[] in,
    int[] out,
    Map<String, Program> bodies,
    Map<String, int[]> captures) {
  /// `'name' Gelu (operator set 20)`.
  @Override
  public String toString() {
    return node + " (operator set " + node.version() + ")";
  }
}
