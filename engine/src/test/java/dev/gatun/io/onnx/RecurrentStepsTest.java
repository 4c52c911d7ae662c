package dev.gatun.io.onnx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.cpu.CpuDevice;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Recurrent layers with activations that the cells lack, against plain loops.
class RecurrentStepsTest {
  private static final int T = 4;
  private static final int B = 3;
  private static final int I = 2;
  private static final int H = 3;
  private static final double CLIP = 0.9;
  private static final long[] LENGTHS = {4, 2, 3};

  private static final List<String> NAMES = List.of("HardSigmoid", "ScaledTanh", "LeakyRelu");
  private static final double[] ALPHA = {0.3, 1.2, 0.1};
  private static final double[] BETA = {0.4, 0.7};
  private static final List<DoubleUnaryOperator> FUNCTIONS =
      List.of(
          a -> Math.clamp(0.3 * a + 0.4, 0, 1),
          a -> 1.2 * Math.tanh(0.7 * a),
          a -> a > 0 ? a : 0.1 * a);

  private final CpuDevice device = CpuDevice.open();
  private final Scope scope = device.scope();
  private long seed = 1;

  @AfterEach
  void close() {
    scope.close();
    device.close();
  }

  private Tensor normal(long... dims) {
    return scope.normal(DType.F64, Shape.of(dims), seed++);
  }

  private List<Value> run(
      String operator, int outputs, Map<String, Object> attributes, Tensor... in) {
    Graph.Node node =
        new Graph.Node(
            "",
            operator,
            "",
            22,
            Collections.nCopies(in.length, "x"),
            Collections.nCopies(outputs, "y"),
            new Attributes(attributes));
    Operators.Entry entry = Operators.find("", operator, 22).orElseThrow();
    Step step = new Step(node, entry, new int[0], new int[0], Map.of(), Map.of());
    Value[] values = new Value[in.length];
    for (int i = 0; i < in.length; i++) {
      values[i] = Value.of(in[i]);
    }
    return entry.operator().run(new Invocation(step, values, scope));
  }

  private static double f(int i, double a) {
    return FUNCTIONS.get(i).applyAsDouble(Math.clamp(a, -CLIP, CLIP));
  }

  /// Numbers of a layer of one direction, row by row.
  private record Layer(double[] x, double[] w, double[] r, double[] b, double[] p) {
    private double in(int t, int row, int gate, int j) {
      double sum = b[gate * H + j];
      for (int i = 0; i < I; i++) {
        sum += w[(gate * H + j) * I + i] * x[(t * B + row) * I + i];
      }
      return sum;
    }

    /// The state's part of a gate, its bias included.
    private double of(double[] h, int gates, int gate, int j) {
      double sum = b[(gates + gate) * H + j];
      for (int k = 0; k < H; k++) {
        sum += r[(gate * H + j) * H + k] * h[k];
      }
      return sum;
    }

    void rnn(int t, int row, double[] h) {
      double[] before = h.clone();
      for (int j = 0; j < H; j++) {
        h[j] = f(0, in(t, row, 0, j) + of(before, 1, 0, j));
      }
    }

    void gru(int t, int row, double[] h, boolean linear) {
      double[] before = h.clone();
      double[] reset = new double[H];
      double[] seen = new double[H];
      for (int j = 0; j < H; j++) {
        reset[j] = f(0, in(t, row, 1, j) + of(before, 3, 1, j));
        seen[j] = reset[j] * before[j];
      }
      for (int j = 0; j < H; j++) {
        double z = f(0, in(t, row, 0, j) + of(before, 3, 0, j));
        double u = linear ? reset[j] * of(before, 3, 2, j) : of(seen, 3, 2, j);
        h[j] = (1 - z) * f(1, in(t, row, 2, j) + u) + z * before[j];
      }
    }

    void lstm(int t, int row, double[] h, double[] c, boolean coupled) {
      double[] before = h.clone();
      for (int j = 0; j < H; j++) {
        double i = f(0, in(t, row, 0, j) + of(before, 4, 0, j) + p[j] * c[j]);
        double forget = f(0, in(t, row, 2, j) + of(before, 4, 2, j) + p[2 * H + j] * c[j]);
        double g = f(1, in(t, row, 3, j) + of(before, 4, 3, j));
        c[j] = (coupled ? 1 - i : forget) * c[j] + i * g;
        h[j] = f(0, in(t, row, 1, j) + of(before, 4, 1, j) + p[H + j] * c[j]) * f(2, c[j]);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "RNN, forward, false, false",
    "RNN, reverse, false, true",
    "GRU, forward, false, false",
    "GRU, reverse, true, false",
    "LSTM, forward, false, false",
    "LSTM, reverse, true, true"
  })
  void areAsPlainLoops(String operator, String direction, boolean variant, boolean batchFirst) {
    int gates = operator.equals("RNN") ? 1 : operator.equals("GRU") ? 3 : 4;
    boolean lstm = operator.equals("LSTM");
    Tensor x = normal(T, B, I);
    Tensor w = normal(1, gates * H, I);
    Tensor r = normal(1, gates * H, H);
    Tensor b = normal(1, 2L * gates * H);
    Tensor h0 = normal(1, B, H);
    Tensor c0 = normal(1, B, H);
    Tensor p = normal(1, 3 * H);
    Map<String, Object> attributes = new HashMap<>();
    attributes.put("direction", direction);
    attributes.put("clip", CLIP);
    attributes.put("activations", NAMES.subList(0, lstm ? 3 : gates == 3 ? 2 : 1));
    attributes.put("activation_alpha", ALPHA);
    attributes.put("activation_beta", BETA);
    attributes.put(lstm ? "input_forget" : "linear_before_reset", variant ? 1L : 0L);
    attributes.put("layout", batchFirst ? 1L : 0L);
    Tensor lengths = scope.tensor(Shape.of(B), LENGTHS);
    Tensor seen = batchFirst ? x.transpose(0, 1) : x;
    Tensor first = batchFirst ? h0.transpose(0, 1) : h0;
    Tensor cell = batchFirst ? c0.transpose(0, 1) : c0;
    List<Value> got =
        lstm
            ? run(operator, 3, attributes, seen, w, r, b, lengths, first, cell, p)
            : run(operator, 2, attributes, seen, w, r, b, lengths, first);
    Layer layer =
        new Layer(
            x.toDoubleArray(),
            w.toDoubleArray(),
            r.toDoubleArray(),
            b.toDoubleArray(),
            p.toDoubleArray());
    double[] y = new double[T * B * H];
    double[] h = h0.toDoubleArray();
    double[] c = c0.toDoubleArray();
    for (int row = 0; row < B; row++) {
      for (int s = 0; s < LENGTHS[row]; s++) {
        int t = direction.equals("reverse") ? (int) LENGTHS[row] - 1 - s : s;
        double[] state = new double[H];
        double[] inside = new double[H];
        System.arraycopy(h, row * H, state, 0, H);
        System.arraycopy(c, row * H, inside, 0, H);
        switch (operator) {
          case "RNN" -> layer.rnn(t, row, state);
          case "GRU" -> layer.gru(t, row, state, variant);
          default -> layer.lstm(t, row, state, inside, variant);
        }
        System.arraycopy(state, 0, h, row * H, H);
        System.arraycopy(inside, 0, c, row * H, H);
        System.arraycopy(state, 0, y, (t * B + row) * H, H);
      }
    }
    Tensor all = got.get(0).tensor();
    assertEquals(batchFirst ? Shape.of(B, T, 1, H) : Shape.of(T, 1, B, H), all.shape());
    Tensor outputs = batchFirst ? all.permute(1, 2, 0, 3) : all;
    assertArrayEquals(y, outputs.toDoubleArray(), 1e-12);
    Tensor end = got.get(1).tensor();
    assertEquals(batchFirst ? Shape.of(B, 1, H) : Shape.of(1, B, H), end.shape());
    assertArrayEquals(h, end.toDoubleArray(), 1e-12);
    if (lstm) {
      assertArrayEquals(c, got.get(2).tensor().toDoubleArray(), 1e-12);
    }
  }

  /// The same numbers as the cells where these have the activations.
  @ParameterizedTest
  @ValueSource(strings = {"RNN", "GRU", "LSTM"})
  void areAsTheCells(String operator) {
    int gates = operator.equals("RNN") ? 1 : operator.equals("GRU") ? 3 : 4;
    Tensor x = normal(T, B, I);
    Tensor w = normal(2, gates * H, I);
    Tensor r = normal(2, gates * H, H);
    // max(x, 0) by another name.
    List<String> cells = Collections.nCopies(gates == 1 ? 2 : gates == 3 ? 4 : 6, "Relu");
    List<String> steps = Collections.nCopies(cells.size(), "LeakyRelu");
    Map<String, Object> plain = Map.of("direction", "bidirectional", "activations", cells);
    Map<String, Object> slow =
        Map.of(
            "direction",
            "bidirectional",
            "activations",
            steps,
            "activation_alpha",
            new double[cells.size()]);
    List<Value> a = run(operator, 2, plain, x, w, r);
    List<Value> b = run(operator, 2, slow, x, w, r);
    for (int i = 0; i < 2; i++) {
      assertEquals(a.get(i).shape(), b.get(i).shape());
      double[] wanted = a.get(i).tensor().toDoubleArray();
      assertArrayEquals(wanted, b.get(i).tensor().toDoubleArray(), 1e-9);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "Softsign, 0.5, 0.3333333333333333",
    "Elu, -1, -0.6321205588285577",
    "ThresholdedRelu, 1, 0",
    "ThresholdedRelu, 1.5, 1.5",
    "LeakyRelu, -2, -0.02",
    "HardSigmoid, 1, 0.7",
    "affine, 2, 2",
    "Softplus, 0, 0.6931471805599453"
  })
  void numbersThatAreLeftOutAreTheUsualOnes(String name, double x, double wanted) {
    Tensor one = scope.full(DType.F64, Shape.of(1, 1, 1), 1);
    Tensor y =
        run(
                "RNN",
                1,
                Map.of("activations", List.of(name)),
                scope.full(DType.F64, Shape.of(1, 1, 1), x),
                one,
                one)
            .get(0)
            .tensor();
    assertEquals(wanted, y.item(), 1e-12);
  }

  @Test
  void unknownActivationsAreNamed() {
    Tensor one = normal(1, 1, 1);
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> run("RNN", 1, Map.of("activations", List.of("Sine")), one, one, one));
    assertTrue(String.valueOf(e.getMessage()).contains("Sine"), e.getMessage());
  }
}
