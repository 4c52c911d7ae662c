package dev.gatun.io.onnx;

import dev.gatun.op.linear.Activation;
import dev.gatun.op.sequence.rnn.Cell;
import dev.gatun.op.sequence.rnn.GateOrder;
import dev.gatun.op.sequence.rnn.GruCell;
import dev.gatun.op.sequence.rnn.LstmCell;
import dev.gatun.op.sequence.rnn.Recurrent;
import dev.gatun.op.sequence.rnn.RnnCell;
import dev.gatun.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// RNN, GRU and LSTM, by the engine's cells where these have the activations: Sigmoid, Tanh and
/// Relu; else by [RecurrentSteps].
final class RecurrentOperators {
  private static final int BIAS = 3;
  static final int LENGTHS = 4;
  private static final int STATE = 5;
  private static final int CELL = 6;
  private static final int PEEPHOLES = 7;

  private RecurrentOperators() {}

  static void addTo(Operators all) {
    all.add("RNN", 1, n -> run(n, List.of(Activation.TANH), RecurrentOperators::rnn));
    all.add(
        "GRU",
        1,
        n -> run(n, List.of(Activation.SIGMOID, Activation.TANH), RecurrentOperators::gru));
    all.add(
        "LSTM",
        1,
        n ->
            run(
                n,
                List.of(Activation.SIGMOID, Activation.TANH, Activation.TANH),
                RecurrentOperators::lstm));
  }

  private interface Maker {
    Cell cell(Invocation n, List<Activation> activations, double clip);
  }

  private static Cell rnn(Invocation n, List<Activation> f, double clip) {
    return new RnnCell(f.get(0), clip);
  }

  private static Cell gru(Invocation n, List<Activation> f, double clip) {
    boolean linear = n.attributes().flag("linear_before_reset", false);
    return new GruCell(GateOrder.ONNX, f.get(0), f.get(1), clip, linear);
  }

  private static Cell lstm(Invocation n, List<Activation> f, double clip) {
    boolean coupled = n.attributes().flag("input_forget", false);
    return new LstmCell(GateOrder.ONNX, f.get(0), f.get(1), f.get(2), clip, coupled);
  }

  /// `usual` are the activations where the node names none.
  private static List<Value> run(Invocation n, List<Activation> usual, Maker maker) {
    Recurrent.Direction direction = direction(n);
    int count = direction == Recurrent.Direction.BIDIRECTIONAL ? 2 : 1;
    double clip = n.attributes().number("clip", Double.POSITIVE_INFINITY);
    List<String> names = activations(n, usual, count);
    boolean byCells = !RecurrentSteps.areNeeded(names);
    // Layout 1 has the batch before time and directions.
    boolean batchFirst = n.attributes().flag("layout", false);
    boolean lstm = n.operator().equals("LSTM");
    Optional<Tensor> peepholes = lstm ? n.optional(PEEPHOLES) : Optional.empty();
    List<Cell> cells = new ArrayList<>();
    List<Recurrent.Weights> weights = new ArrayList<>();
    int each = usual.size();
    for (int d = 0; d < count; d++) {
      if (byCells) {
        List<String> own = names.subList(d * each, (d + 1) * each);
        cells.add(maker.cell(n, own.stream().map(RecurrentOperators::activation).toList(), clip));
      }
      weights.add(Recurrent.Weights.of(n.tensor(1), n.tensor(2), n.optional(BIAS), peepholes, d));
    }
    Tensor x = swapped(n.tensor(0), batchFirst);
    Optional<Tensor> h0 = n.optional(STATE).map(h -> swapped(h, batchFirst));
    Optional<Tensor> c0 =
        lstm ? n.optional(CELL).map(c -> swapped(c, batchFirst)) : Optional.empty();
    Recurrent.Result r =
        byCells
            ? Recurrent.layer(cells, direction, x, weights, h0, c0, n.optional(LENGTHS))
            : RecurrentSteps.layer(n, direction, x, weights, h0, c0, names, clip);
    Tensor y = r.byDirection();
    List<Value> out = new ArrayList<>();
    out.add(n.like(0, batchFirst ? y.permute(2, 0, 1, 3) : y));
    out.add(n.like(0, swapped(r.h(), batchFirst)));
    r.c().ifPresent(c -> out.add(n.like(0, swapped(c, batchFirst))));
    return out;
  }

  private static Tensor swapped(Tensor t, boolean swap) {
    return swap ? t.transpose(0, 1) : t;
  }

  private static Recurrent.Direction direction(Invocation n) {
    String name = n.attributes().text("direction", "forward").toUpperCase(Locale.ROOT);
    for (Recurrent.Direction d : Recurrent.Direction.values()) {
      if (d.name().equals(name)) {
        return d;
      }
    }
    throw new IllegalArgumentException(
        "direction must be forward, reverse or bidirectional; got " + name);
  }

  /// Names of the activations of all directions; `usual` where the node names none.
  private static List<String> activations(Invocation n, List<Activation> usual, int directions) {
    List<String> names = n.attributes().texts("activations");
    if (names.isEmpty()) {
      return Collections.nCopies(directions, usual).stream()
          .flatMap(List::stream)
          .map(Activation::name)
          .toList();
    }
    if (names.size() != directions * usual.size()) {
      throw new IllegalArgumentException(
          "there must be %d activations; got %s".formatted(directions * usual.size(), names));
    }
    return names;
  }

  private static Activation activation(String name) {
    return Activation.valueOf(name.toUpperCase(Locale.ROOT));
  }
}
