package dev.gatun.io.onnx;

import java.util.List;

/// What a node does, in the engine's ops.
@FunctionalInterface
interface Operator {
  /// The outputs, in the standard's order; those past the last one that the node names may be left
  /// out.
  ///
  /// @throws IllegalArgumentException if the inputs or attributes break a rule of the operator
  List<Value> run(Invocation n);
}
