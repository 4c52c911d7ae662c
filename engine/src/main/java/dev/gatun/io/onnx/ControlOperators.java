package dev.gatun.io.onnx;

import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/// If, Loop and Scan.
final class ControlOperators {
  private ControlOperators() {}

  static void addTo(Operators all) {
    all.add("If", 1, n -> n.run(n.number(0) != 0 ? "then_branch" : "else_branch", List.of()));
    all.add("Loop", 1, ControlOperators::loop);
    all.add("Scan", 8, ControlOperators::scanOfBatch);
    all.add("Scan", 9, ControlOperators::scan);
  }

  /// Inputs: most trips, condition, state; the body maps trip, condition, state to condition,
  /// state, rows. Outputs: state, stacked rows.
  private static List<Value> loop(Invocation n) {
    long trips = n.has(0) ? n.integers(0)[0] : Long.MAX_VALUE;
    boolean going = !n.has(1) || n.number(1) != 0;
    List<Value> state = new ArrayList<>();
    for (int i = 2; i < n.count(); i++) {
      state.add(new Value(n.type(i), n.tensor(i)));
    }
    int states = state.size();
    List<List<Value>> rows = new ArrayList<>();
    for (int i = states; i < n.outputs(); i++) {
      rows.add(new ArrayList<>());
    }
    for (long trip = 0; going && trip < trips; trip++) {
      List<Value> in = new ArrayList<>();
      in.add(n.integers(Shape.of(), trip));
      in.add(n.truth(n.scope().full(DType.BOOL, Shape.of(), 1)));
      in.addAll(state);
      List<Value> out = n.run("body", in);
      going = out.get(0).tensor().item() != 0;
      state = new ArrayList<>(out.subList(1, 1 + states));
      for (int i = 0; i < rows.size(); i++) {
        rows.get(i).add(out.get(1 + states + i));
      }
    }
    for (int i = 0; i < rows.size(); i++) {
      state.add(stacked(n, rows.get(i), 0, 1 + states + i));
    }
    return state;
  }

  /// The form of operator set 8: a first input of lengths, and a batch before all other axes.
  private static List<Value> scanOfBatch(Invocation n) {
    if (n.has(0) || n.attributes().has("directions")) {
      throw new IllegalArgumentException(
          "Scan of operator set 8 must have no lengths and no directions; it has");
    }
    int sequences = Math.toIntExact(n.attributes().integer("num_scan_inputs"));
    int states = n.count() - 1 - sequences;
    List<List<Value>> batch = new ArrayList<>();
    for (int i = 0; i < n.outputs(); i++) {
      batch.add(new ArrayList<>());
    }
    for (long b = 0; b < n.shape(1).dim(0); b++) {
      List<Value> state = new ArrayList<>();
      for (int i = 1; i <= states; i++) {
        state.add(new Value(n.type(i), n.tensor(i).select(0, b)));
      }
      List<List<Value>> rows = new ArrayList<>();
      for (int i = states; i < n.outputs(); i++) {
        rows.add(new ArrayList<>());
      }
      for (long t = 0; t < n.shape(1 + states).dim(1); t++) {
        List<Value> in = new ArrayList<>(state);
        for (int i = 1 + states; i < n.count(); i++) {
          in.add(new Value(n.type(i), n.tensor(i).select(0, b).select(0, t)));
        }
        List<Value> out = n.run("body", in);
        state = new ArrayList<>(out.subList(0, states));
        for (int i = 0; i < rows.size(); i++) {
          rows.get(i).add(out.get(states + i));
        }
      }
      for (int i = 0; i < rows.size(); i++) {
        state.add(stacked(n, rows.get(i), 0, states + i));
      }
      for (int i = 0; i < batch.size(); i++) {
        batch.get(i).add(state.get(i));
      }
    }
    return IntStream.range(0, batch.size()).mapToObj(i -> stacked(n, batch.get(i), 0, i)).toList();
  }

  /// Inputs: state, then sequences, by the attributes along which axes and in which direction.
  private static List<Value> scan(Invocation n) {
    int sequences = Math.toIntExact(n.attributes().integer("num_scan_inputs"));
    int states = n.count() - sequences;
    int results = n.outputs() - states;
    long[] axes = n.attributes().integers("scan_input_axes").orElse(new long[sequences]);
    long[] back = n.attributes().integers("scan_input_directions").orElse(new long[sequences]);
    long[] outAxes = n.attributes().integers("scan_output_axes").orElse(new long[results]);
    long[] outBack = n.attributes().integers("scan_output_directions").orElse(new long[results]);
    List<Value> state = new ArrayList<>();
    for (int i = 0; i < states; i++) {
      state.add(new Value(n.type(i), n.tensor(i)));
    }
    List<List<Value>> rows = new ArrayList<>();
    for (int i = 0; i < results; i++) {
      rows.add(new ArrayList<>());
    }
    long steps = n.shape(states).dim(n.shape(states).axis(Math.toIntExact(axes[0])));
    for (long t = 0; t < steps; t++) {
      List<Value> in = new ArrayList<>(state);
      for (int i = 0; i < sequences; i++) {
        Tensor x = n.tensor(states + i);
        in.add(
            new Value(
                n.type(states + i),
                x.select(
                    x.shape().axis(Math.toIntExact(axes[i])), back[i] == 0 ? t : steps - 1 - t)));
      }
      List<Value> out = n.run("body", in);
      state = new ArrayList<>(out.subList(0, states));
      for (int i = 0; i < results; i++) {
        rows.get(i).add(outBack[i] == 0 ? rows.get(i).size() : 0, out.get(states + i));
      }
    }
    for (int i = 0; i < results; i++) {
      state.add(stacked(n, rows.get(i), Math.toIntExact(outAxes[i]), states + i));
    }
    return state;
  }

  /// Rows along a new axis; where there are none, as none of what the body says of its `output`.
  private static Value stacked(Invocation n, List<Value> rows, int axis, int output) {
    if (rows.isEmpty()) {
      return none(n, n.body("body").outputs().get(output), axis);
    }
    Tensor first = rows.get(0).tensor();
    Tensor[] others = rows.stream().skip(1).map(Value::tensor).toArray(Tensor[]::new);
    int at = axis < 0 ? axis + first.shape().rank() + 1 : axis;
    return new Value(rows.get(0).type(), first.stack(at, others));
  }

  private static Value none(Invocation n, Graph.Port port, int axis) {
    ElementType type = port.type().orElse(ElementType.FLOAT);
    Shape row =
        Shape.of(
            port.dims().orElse(List.of()).stream()
                .mapToLong(d -> d.matches("[0-9]{1,18}") ? Long.parseLong(d) : 0)
                .toArray());
    Shape shape = row.insert(axis < 0 ? axis + row.rank() + 1 : axis, 0);
    return new Value(type, n.scope().zeros(type.carrier(), shape));
  }
}
