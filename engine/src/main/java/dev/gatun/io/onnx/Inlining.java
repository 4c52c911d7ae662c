package dev.gatun.io.onnx;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Replaces calls of a model's own functions by the functions' nodes, and gives every node the
/// version of its operator set.
final class Inlining {
  private static final int DEEPEST = 32;
  private static final int MOST_NODES = 1 << 20;

  private final GraphReader.Model model;
  private int calls;
  private int nodes;

  private Inlining(GraphReader.Model model) {
    this.model = model;
  }

  /// The model's graph without calls of functions.
  ///
  /// @throws IllegalArgumentException if functions call each other without end or do not fit their
  ///   calls
  static Graph inline(GraphReader.Model model) {
    return new Inlining(model)
        .graph(model.graph(), new Renaming(model.opsets(), Map.of(), null, 0));
  }

  /// How a function's names turn into those of the graph around: those of its inputs and outputs by
  /// the call, all others by a prefix.
  private record Renaming(
      Map<String, Integer> opsets,
      Map<String, String> names,
      @org.jspecify.annotations.Nullable Call call,
      int depth) {
    String name(String name) {
      return call == null || name.isEmpty()
          ? name
          : names.computeIfAbsent(name, n -> call.prefix() + n);
    }

    List<String> names(List<String> all) {
      return all.stream().map(this::name).toList();
    }
  }

  private record Call(String prefix, Graph.Function function, Attributes attributes) {}

  private Graph graph(Graph g, Renaming r) {
    List<Graph.Node> out = new ArrayList<>();
    Map<String, Stored> stored = new LinkedHashMap<>();
    g.stored().forEach((name, s) -> stored.put(r.name(name), s));
    g.nodes().forEach(n -> node(n, r, out));
    return new Graph(g.name(), out, stored, ports(g.inputs(), r), ports(g.outputs(), r));
  }

  private static List<Graph.Port> ports(List<Graph.Port> ports, Renaming r) {
    return ports.stream().map(p -> new Graph.Port(r.name(p.name()), p.type(), p.dims())).toList();
  }

  private void node(Graph.Node n, Renaming r, List<Graph.Node> out) {
    Attributes attributes = attributes(n, r);
    int version = r.opsets().getOrDefault(n.domain(), 1);
    Optional<Graph.Function> function =
        model.functions().stream()
            .filter(f -> f.name().equals(n.operator()) && f.domain().equals(n.domain()))
            .filter(f -> Operators.find(n.domain(), n.operator(), version).isEmpty())
            .findFirst();
    if (function.isEmpty()) {
      if (++nodes > MOST_NODES) {
        throw new IllegalArgumentException(
            "a graph must have at most %d nodes; it has more".formatted(MOST_NODES));
      }
      out.add(n.with(n.name(), version, r.names(n.inputs()), r.names(n.outputs()), attributes));
      return;
    }
    call(n, function.get(), attributes, r, out);
  }

  private void call(
      Graph.Node n, Graph.Function f, Attributes attributes, Renaming r, List<Graph.Node> out) {
    if (r.depth() >= DEEPEST
        || n.inputs().size() > f.inputs().size()
        || n.outputs().size() > f.outputs().size()) {
      throw new IllegalArgumentException(
          "a function must fit its call and must not call itself; got " + n);
    }
    String prefix = "call " + ++calls + "/";
    Map<String, String> names = new HashMap<>();
    bind(names, f.inputs(), r.names(n.inputs()), "");
    bind(names, f.outputs(), r.names(n.outputs()), prefix + "unused ");
    Call call = new Call(prefix, f, attributes);
    Renaming inner = new Renaming(f.opsets(), names, call, r.depth() + 1);
    f.nodes().forEach(m -> node(m, inner, out));
  }

  private static void bind(
      Map<String, String> names, List<String> formal, List<String> actual, String left) {
    for (int i = 0; i < formal.size(); i++) {
      String given = i < actual.size() ? actual.get(i) : "";
      String otherwise = left.isEmpty() ? "" : left + formal.get(i);
      names.put(formal.get(i), given.isEmpty() ? otherwise : given);
    }
  }

  /// The attributes with references filled in by the call, and graphs inlined.
  private Attributes attributes(Graph.Node n, Renaming r) {
    Map<String, Object> values = new LinkedHashMap<>();
    n.attributes()
        .values()
        .forEach((name, v) -> {
          Object value = v;
          if (v instanceof GraphReader.Reference ref) {
            Call call = r.call();
            value = call == null ? null : call.attributes().values().get(ref.name());
            if (value == null && call != null) {
              value = call.function().defaults().get(ref.name());
            }
          }
          if (value instanceof Graph g) {
            value = graph(g, r);
          }
          if (value != null) {
            values.put(name, value);
          }
        });
    return new Attributes(values);
  }
}
