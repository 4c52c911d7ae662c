package dev.gatun.contract;

import dev.gatun.op.Op;
import dev.gatun.op.linear.Activation;
import dev.gatun.op.sequence.rnn.GateOrder;
import dev.gatun.op.sequence.rnn.Gru;
import dev.gatun.op.sequence.rnn.GruCell;
import dev.gatun.op.sequence.rnn.Lstm;
import dev.gatun.op.sequence.rnn.LstmCell;
import dev.gatun.op.sequence.rnn.Rnn;
import dev.gatun.op.sequence.rnn.RnnCell;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/// Cases of recurrent layers. The size under test is the number of hidden units, of rows or of
/// steps: each has loops of its own.
final class RecurrentCases {
  private static final int STEPS = 4;
  private static final int ROWS = 2;
  private static final int UNITS = 5;
  private static final double NONE = Double.POSITIVE_INFINITY;

  private static final LstmCell LSTM = LstmCell.of(GateOrder.TORCH);
  private static final LstmCell CLIPPED =
      new LstmCell(
          GateOrder.ONNX, Activation.SIGMOID, Activation.RELU, Activation.TANH, 0.6, false);
  private static final LstmCell COUPLED =
      new LstmCell(
          GateOrder.ONNX, Activation.SIGMOID, Activation.TANH, Activation.TANH, NONE, true);
  private static final GruCell GRU = GruCell.of(GateOrder.TORCH, true);
  private static final GruCell RESET = GruCell.of(GateOrder.ONNX, false);
  private static final GruCell CLIPPED_GRU =
      new GruCell(GateOrder.ONNX, Activation.SIGMOID, Activation.TANH, 0.55, true);
  private static final RnnCell TANH = RnnCell.of(Activation.TANH);

  static final List<OpCase> ALL = Stream.of(lstm(), gru(), rnn()).flatMap(List::stream).toList();

  private RecurrentCases() {}

  /// Inputs of a layer: the input's part of the gates, weights small enough that steps do not
  /// amplify errors, the first state and then what `more` says.
  private static List<Input> inputs(Draw d, int gates, int t, int b, int h, int p) {
    double scale = 1 / Math.sqrt(Math.max(1, p));
    return new ArrayList<>(
        List.of(
            d.normal(t, b, (long) gates * h),
            d.uniform(-scale, scale, (long) gates * h, p),
            d.normal(b, p)));
  }

  /// Lengths from 0 to `t`, all of them where there are rows enough, the last row full.
  private static Input lengths(DType type, int b, int t) {
    double[] values = new double[b];
    Arrays.setAll(values, i -> i == b - 1 ? t : (i * 3 + 1) % (t + 1));
    return new Input(new Spec(type, Shape.of(b)), values, false);
  }

  private static List<Input> lstm(Draw d, Lstm op, int t, int b, int h) {
    int p = op.projection() ? 3 : h;
    List<Input> in = inputs(d, 4, t, b, h, p);
    in.add(d.normal(b, h));
    if (op.peepholes()) {
      in.add(d.uniform(-0.5, 0.5, 3L * h));
    }
    if (op.projection()) {
      in.add(d.uniform(-0.5, 0.5, p, h));
    }
    if (op.lengths()) {
      in.add(lengths(DType.I32, b, t));
    }
    return in;
  }

  private static List<Input> gru(Draw d, Gru op, int t, int b, int h) {
    List<Input> in = inputs(d, 3, t, b, h, h);
    if (op.bias()) {
      in.add(d.normal(3L * h));
    }
    if (op.lengths()) {
      in.add(lengths(DType.I64, b, t));
    }
    return in;
  }

  private static List<Input> rnn(Draw d, Rnn op, int t, int b, int h) {
    List<Input> in = inputs(d, 1, t, b, h, h);
    if (op.lengths()) {
      in.add(lengths(DType.I32, b, t));
    }
    return in;
  }

  /// The inputs of an op at so many steps, rows and units.
  private interface Sizes {
    List<Input> at(Draw d, int t, int b, int h);
  }

  /// A case along the hidden units.
  private static OpCase units(String name, Op op, Sizes in) {
    return bounded(OpCase.of(name, op, d -> in.at(d, STEPS, ROWS, d.n())).big(207));
  }

  /// A case along the rows.
  private static OpCase rows(String name, Op op, Sizes in) {
    return bounded(OpCase.of(name, op, d -> in.at(d, STEPS, d.n(), UNITS)).big(1037));
  }

  /// A case along the steps.
  private static OpCase steps(String name, Op op, Sizes in) {
    return bounded(OpCase.of(name, op, d -> in.at(d, d.n(), ROWS, UNITS)).big(1037));
  }

  /// A few steps of sums and activations, each within some ulp.
  private static OpCase bounded(OpCase c) {
    return c.ulpsOfScale(n -> 16 + n / 16.0);
  }

  private static List<OpCase> lstm() {
    Lstm plain = new Lstm(LSTM, false, false, false, false);
    Lstm back = new Lstm(LSTM, false, false, true, true);
    Lstm ragged = new Lstm(COUPLED, true, false, true, false);
    Lstm projected = new Lstm(LSTM, false, true, true, false);
    Lstm clipped = new Lstm(CLIPPED, true, false, false, true);
    return List.of(
        units("lstm", plain, (d, t, b, h) -> lstm(d, plain, t, b, h))
            .wrong("x must be [T, B, 4 H]", "F32[2,3,5]", "F32[5,1]", "F32[3,1]", "F32[3,1]")
            .wrong("r must be [4 H, H]", "F32[2,3,8]", "F32[8,3]", "F32[3,2]", "F32[3,2]")
            .wrong("h0 must be", "F32[2,3,8]", "F32[8,2]", "F32[2,2]", "F32[3,2]")
            .wrong("c0 must be", "F32[2,3,8]", "F32[8,2]", "F32[3,2]", "F32[3,1]")
            .wrong("dtypes must agree", "F32[2,3,8]", "F64[8,2]", "F32[3,2]", "F32[3,2]"),
        steps("lstm.steps", plain, (d, t, b, h) -> lstm(d, plain, t, b, h)),
        rows("lstm.rows", plain, (d, t, b, h) -> lstm(d, plain, t, b, h)),
        rows("lstm.back", back, (d, t, b, h) -> lstm(d, back, t, b, h)),
        units("lstm.peepholes", ragged, (d, t, b, h) -> lstm(d, ragged, t, b, h))
            .wrong(
                "peepholes must be",
                "F32[2,3,8]",
                "F32[8,2]",
                "F32[3,2]",
                "F32[3,2]",
                "F32[2]",
                "I32[3]")
            .wrong(
                "lengths must be",
                "F32[2,3,8]",
                "F32[8,2]",
                "F32[3,2]",
                "F32[3,2]",
                "F32[6]",
                "F32[3]"),
        units("lstm.projection", projected, (d, t, b, h) -> lstm(d, projected, t, b, h))
            .wrong(
                "projection must be",
                "F32[2,3,8]",
                "F32[8,3]",
                "F32[3,3]",
                "F32[3,2]",
                "F32[2,3]",
                "I32[3]"),
        units("lstm.clip", clipped, (d, t, b, h) -> lstm(d, clipped, t, b, h)));
  }

  private static List<OpCase> gru() {
    Gru plain = new Gru(GRU, true, false, false);
    Gru reset = new Gru(RESET, false, true, false);
    Gru back = new Gru(GRU, false, true, true);
    Gru clipped = new Gru(CLIPPED_GRU, true, true, true);
    return List.of(
        units("gru", plain, (d, t, b, h) -> gru(d, plain, t, b, h))
            .wrong("x must be [T, B, 3 H]", "F32[2,3,5]", "F32[5,1]", "F32[3,1]", "F32[3]")
            .wrong("bias must be", "F32[2,3,6]", "F32[6,2]", "F32[3,2]", "F32[3]"),
        steps("gru.steps", plain, (d, t, b, h) -> gru(d, plain, t, b, h)),
        rows("gru.back", back, (d, t, b, h) -> gru(d, back, t, b, h)),
        units("gru.reset", reset, (d, t, b, h) -> gru(d, reset, t, b, h)),
        rows("gru.reset.rows", reset, (d, t, b, h) -> gru(d, reset, t, b, h)),
        units("gru.clip", clipped, (d, t, b, h) -> gru(d, clipped, t, b, h)));
  }

  private static List<OpCase> rnn() {
    Rnn plain = new Rnn(TANH, false, false);
    Rnn back = new Rnn(RnnCell.of(Activation.RELU), true, true);
    Rnn linear = new Rnn(new RnnCell(Activation.NONE, 2), true, false);
    Rnn memory = new Rnn(new RnnCell(Activation.TANH, 1, 2), true, false);
    return List.of(
        units("rnn.memory", memory, (d, t, b, h) -> rnn(d, memory, t, b, h))
            .from(2)
            .wrong("linear units must be", "F32[2,3,1]", "F32[1,1]", "F32[3,1]", "I32[3]"),
        units("rnn", plain, (d, t, b, h) -> rnn(d, plain, t, b, h))
            .wrong("x must be [T, B, 1 H]", "F32[2,3]", "F32[3,3]", "F32[2,3]")
            .wrong("r must be [1 H, H]", "F32[2,3,5]", "F32[5,4]", "F32[3,5]"),
        steps("rnn.steps", plain, (d, t, b, h) -> rnn(d, plain, t, b, h)),
        rows("rnn.back", back, (d, t, b, h) -> rnn(d, back, t, b, h)),
        units("rnn.linear", linear, (d, t, b, h) -> rnn(d, linear, t, b, h)));
  }
}
