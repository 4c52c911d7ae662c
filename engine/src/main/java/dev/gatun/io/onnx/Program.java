package dev.gatun.io.onnx;

import dev.gatun.device.Device;
import dev.gatun.tensor.Scope;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// A graph with numbers for names: each value has a slot, and each step knows its operator and the
/// slots it reads and writes.
///
/// @param slots how many values there are
/// @param inputs slots of the graph's inputs
/// @param captured names of what is made outside of the graph
/// @param capturedSlots where that goes
/// @param outputs slots of the results
/// @param constants what is known without inputs, by slot
record Program(
    Graph graph,
    int slots,
    int[] inputs,
    List<String> captured,
    int[] capturedSlots,
    int[] outputs,
    @Nullable Value[] constants,
    List<Step> steps,
    Plan plan) {
  /// Makes a program of a graph and of those inside.
  static final class Builder {
    private final List<Scope> weights = new ArrayList<>();
    private final Device device;
    private final Set<String> missing = new LinkedHashSet<>();

    /// @param device where constants live, each in a scope of its own
    Builder(Device device) {
      this.device = device;
    }

    /// The scopes of constants.
    List<Scope> weights() {
      return weights;
    }

    /// Operators that were asked for and are not there.
    Set<String> missing() {
      return missing;
    }

    /// @throws IllegalArgumentException if a node reads what no node before it makes
    Program build(Graph graph, Set<String> outside) {
      return new Numbering(graph, outside).program();
    }

    private final class Numbering {
      private final Graph graph;
      private final Set<String> outside;
      private final Map<String, Integer> slots = new HashMap<>();
      private final List<String> captured = new ArrayList<>();
      private final List<Step> steps = new ArrayList<>();
      private final Map<Integer, Value> constants = new LinkedHashMap<>();
      private int count;

      Numbering(Graph graph, Set<String> outside) {
        this.graph = graph;
        this.outside = outside;
      }

      Program program() {
        List<Graph.Port> fed =
            graph.inputs().stream().filter(p -> !graph.stored().containsKey(p.name())).toList();
        int[] inputs = fed.stream().mapToInt(p -> define(p.name())).toArray();
        graph.stored().forEach((name, s) -> constants.put(define(name), load(s)));
        graph.nodes().forEach(this::add);
        int[] outputs =
            graph.outputs().stream().mapToInt(p -> read(p.name(), "the graph")).toArray();
        Value[] known = new Value[count];
        constants.forEach((slot, v) -> known[slot] = v);
        return new Program(
            graph,
            count,
            inputs,
            captured,
            captured.stream().mapToInt(slots::get).toArray(),
            outputs,
            known,
            steps,
            Plan.of(steps, outputs, known));
      }

      private void add(Graph.Node n) {
        // Also in bodies, which run when the file is closed.
        if (n.operator().equals("Constant") && n.domain().isEmpty() && n.outputs().size() == 1) {
          constants.put(define(n.outputs().get(0)), constant(n));
        } else {
          steps.add(step(n.with(n.name(), n.version(), n.inputs(), n.outputs(), kept(n))));
        }
      }

      private Value constant(Graph.Node n) {
        try {
          return ConstantOperators.constant(n.attributes(), weights());
        } catch (IllegalArgumentException e) {
          throw new IllegalArgumentException(n + ": " + e.getMessage(), e);
        }
      }

      /// Attributes without tensors in the file.
      private static Attributes kept(Graph.Node n) {
        Map<String, Object> values = new LinkedHashMap<>(n.attributes().values());
        values.replaceAll((name, v) -> v instanceof Stored s ? s.kept() : v);
        return new Attributes(values);
      }

      private Value load(Stored s) {
        return s.load(weights());
      }

      private Scope weights() {
        Scope scope = device.scope("weights");
        weights.add(scope);
        return scope;
      }

      private int define(String name) {
        if (slots.putIfAbsent(name, count) != null) {
          throw new IllegalArgumentException(
              "a value must be made once; got a second '" + name + "'");
        }
        return count++;
      }

      private int read(String name, String reader) {
        Integer slot = slots.get(name);
        if (slot != null) {
          return slot;
        }
        if (!outside.contains(name)) {
          throw new IllegalArgumentException(
              "what %s reads must be made before it; got '%s'".formatted(reader, name));
        }
        captured.add(name);
        return define(name);
      }

      private Step step(Graph.Node node) {
        Optional<Operators.Entry> entry =
            Operators.find(node.domain(), node.operator(), node.version());
        if (entry.isEmpty()) {
          missing.add(
              "%s of domain %s, operator set %d"
                  .formatted(
                      node.operator(),
                      node.domain().isEmpty() ? "ai.onnx" : node.domain(),
                      node.version()));
        }
        List<Integer> in = new ArrayList<>();
        for (String name : node.inputs()) {
          in.add(name.isEmpty() ? -1 : read(name, node.toString()));
        }
        Map<String, Program> bodies = new LinkedHashMap<>();
        Map<String, int[]> captures = new LinkedHashMap<>();
        node.attributes()
            .values()
            .forEach((name, v) -> {
              if (v instanceof Graph body) {
                Set<String> visible = new LinkedHashSet<>(outside);
                visible.addAll(slots.keySet());
                Program p = build(body, visible);
                bodies.put(name, p);
                int first = in.size();
                p.captured().forEach(c -> in.add(read(c, node.toString())));
                captures.put(name, IntStream.range(first, in.size()).toArray());
              }
            });
        int[] out = node.outputs().stream().mapToInt(o -> o.isEmpty() ? -1 : define(o)).toArray();
        return new Step(
            node,
            entry.orElse(NOTHING),
            in.stream().mapToInt(Integer::intValue).toArray(),
            out,
            bodies,
            captures);
      }
    }

    private static final Operators.Entry NOTHING = new Operators.Entry(0, n -> List.of(), Set.of());
  }
}
