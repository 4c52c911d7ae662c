package dev.gatun.io.onnx;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/// A graph of a file: nodes in the order they run in, each after those that make its inputs.
///
/// @param stored the tensors that the file holds, by name
record Graph(
    String name,
    List<Node> nodes,
    Map<String, Stored> stored,
    List<Port> inputs,
    List<Port> outputs) {
  /// A call of an operator.
  ///
  /// @param inputs names of values; "" is an input left out
  /// @param outputs names of values; "" is an output nobody wants
  /// @param version of the domain's operator set; 0 until [Inlining] fills it in
  record Node(
      String name,
      String operator,
      String domain,
      int version,
      List<String> inputs,
      List<String> outputs,
      Attributes attributes) {
    /// The same call with other names and attributes.
    Node with(
        String name,
        int version,
        List<String> inputs,
        List<String> outputs,
        Attributes attributes) {
      return new Node(name, operator, domain, version, inputs, outputs, attributes);
    }

    @Override
    public String toString() {
      String domain = this.domain.isEmpty() ? "" : this.domain + ":";
      return (name.isEmpty() ? "" : "'" + name + "' ") + domain + operator;
    }
  }

  /// An input or output of a graph.
  ///
  /// @param type empty where the file does not say it or it is no tensor
  /// @param dims sizes where they are fixed, names where not, "?" where there is neither; empty if
  ///   the rank is open
  record Port(String name, Optional<ElementType> type, Optional<List<String>> dims) {}

  /// The function of a file that other nodes call as an operator.
  ///
  /// @param opsets version by domain
  record Function(
      String name,
      String domain,
      List<String> inputs,
      List<String> outputs,
      List<String> attributeNames,
      Map<String, Object> defaults,
      List<Node> nodes,
      Map<String, Integer> opsets) {}
}
