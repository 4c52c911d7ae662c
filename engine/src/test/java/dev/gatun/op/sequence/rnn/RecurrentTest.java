package dev.gatun.op.sequence.rnn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.cpu.CpuDevice;
import dev.gatun.op.linear.Activation;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Layers against cells written out on single numbers, in ONNX's layout and both directions.
class RecurrentTest {
  private static final int T = 4;
  private static final int B = 3;
  private static final int I = 2;
  private static final int H = 5;

  private final CpuDevice device = CpuDevice.open();
  private final Scope scope = device.scope("recurrent");
  private final Random random = new Random(7);

  @AfterEach
  void close() {
    scope.close();
    device.close();
  }

  private Tensor normal(long... dims) {
    Shape shape = Shape.of(dims);
    double[] v = new double[Math.toIntExact(shape.elems())];
    Arrays.setAll(v, i -> 0.5 * random.nextGaussian());
    return scope.tensor(DType.F64, shape, v);
  }

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  /// One layer by the formulas of ONNX's operators, gate by gate.
  private abstract static class Formula {
    final double[] w;
    final double[] r;
    final double[] b;
    final int gates;

    Formula(Tensor w, Tensor r, Tensor b) {
      this.w = w.toDoubleArray();
      this.r = r.toDoubleArray();
      this.b = b.toDoubleArray();
      this.gates = Math.toIntExact(w.dim(1)) / H;
    }

    double input(int d, int gate, int j, double[] x) {
      int row = gate * H + j;
      double s = b[d * 2 * gates * H + row];
      for (int i = 0; i < I; i++) {
        s += w[(d * gates * H + row) * I + i] * x[i];
      }
      return s;
    }

    double state(int d, int gate, int j, double[] h) {
      int row = gate * H + j;
      double s = b[d * 2 * gates * H + gates * H + row];
      for (int i = 0; i < H; i++) {
        s += r[(d * gates * H + row) * H + i] * h[i];
      }
      return s;
    }

    abstract double[] step(int d, double[] x, double[] h, double[] c);
  }

  /// `Y [T, D, B, H]` of `formula` over rows of these lengths, from zero states.
  private double[] expected(Formula formula, Tensor x, int[] lengths) {
    double[] values = x.toDoubleArray();
    double[] y = new double[T * 2 * B * H];
    for (int d = 0; d < 2; d++) {
      for (int row = 0; row < B; row++) {
        double[] h = new double[H];
        double[] c = new double[H];
        for (int s = 0; s < lengths[row]; s++) {
          int t = d == 0 ? s : lengths[row] - 1 - s;
          int at = (t * B + row) * I;
          h = formula.step(d, Arrays.copyOfRange(values, at, at + I), h, c);
          System.arraycopy(h, 0, y, ((t * 2 + d) * B + row) * H, H);
        }
      }
    }
    return y;
  }

  private void compare(Cell cell, Formula formula, Tensor w, Tensor r, Tensor b, Tensor p) {
    Tensor x = normal(T, B, I);
    int[] lengths = {4, 2, 3};
    Optional<Tensor> peepholes = cell instanceof LstmCell ? Optional.of(p) : Optional.empty();
    Recurrent.Result got =
        Recurrent.layer(
            List.of(cell, cell),
            Recurrent.Direction.BIDIRECTIONAL,
            x,
            List.of(
                Recurrent.Weights.of(w, r, Optional.of(b), peepholes, 0),
                Recurrent.Weights.of(w, r, Optional.of(b), peepholes, 1)),
            Optional.empty(),
            Optional.empty(),
            Optional.of(scope.tensor(Shape.of(B), lengths)));
    double[] want = expected(formula, x, lengths);
    assertEquals(Shape.of(T, 2, B, H), got.byDirection().shape());
    assertArrayEquals(want, got.byDirection().toDoubleArray(), 1e-14);
    double[] last = got.h().toDoubleArray();
    for (int row = 0; row < B; row++) {
      int end = ((lengths[row] - 1) * 2 * B + row) * H;
      assertArrayEquals(
          Arrays.copyOfRange(want, end, end + H),
          Arrays.copyOfRange(last, row * H, (row + 1) * H),
          1e-14);
      int start = (B + row) * H;
      assertArrayEquals(
          Arrays.copyOfRange(want, start, start + H),
          Arrays.copyOfRange(last, start, start + H),
          1e-14);
    }
  }

  @Test
  void lstmIsThatOfOnnx() {
    Tensor w = normal(2, 4 * H, I);
    Tensor r = normal(2, 4 * H, H);
    Tensor b = normal(2, 8 * H);
    Tensor p = normal(2, 3 * H);
    double[] peepholes = p.toDoubleArray();
    Formula formula =
        new Formula(w, r, b) {
          @Override
          double[] step(int d, double[] x, double[] h, double[] c) {
            double[] y = new double[H];
            for (int j = 0; j < H; j++) {
              int at = d * 3 * H + j;
              double pi = peepholes[at];
              double po = peepholes[at + H];
              double pf = peepholes[at + 2 * H];
              double i = sigmoid(input(d, 0, j, x) + state(d, 0, j, h) + pi * c[j]);
              double f = sigmoid(input(d, 2, j, x) + state(d, 2, j, h) + pf * c[j]);
              c[j] = f * c[j] + i * Math.tanh(input(d, 3, j, x) + state(d, 3, j, h));
              y[j] = sigmoid(input(d, 1, j, x) + state(d, 1, j, h) + po * c[j]) * Math.tanh(c[j]);
            }
            return y;
          }
        };
    compare(LstmCell.of(GateOrder.ONNX), formula, w, r, b, p);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void gruIsThatOfOnnx(boolean linear) {
    Tensor w = normal(2, 3 * H, I);
    Tensor r = normal(2, 3 * H, H);
    Tensor b = normal(2, 6 * H);
    Formula formula =
        new Formula(w, r, b) {
          @Override
          double[] step(int d, double[] x, double[] h, double[] c) {
            double[] z = new double[H];
            double[] reset = new double[H];
            double[] held = new double[H];
            for (int j = 0; j < H; j++) {
              z[j] = sigmoid(input(d, 0, j, x) + state(d, 0, j, h));
              reset[j] = sigmoid(input(d, 1, j, x) + state(d, 1, j, h));
              held[j] = reset[j] * h[j];
            }
            double[] y = new double[H];
            for (int j = 0; j < H; j++) {
              double u = linear ? reset[j] * state(d, 2, j, h) : state(d, 2, j, held);
              y[j] = (1 - z[j]) * Math.tanh(input(d, 2, j, x) + u) + z[j] * h[j];
            }
            return y;
          }
        };
    compare(GruCell.of(GateOrder.ONNX, linear), formula, w, r, b, b);
  }

  @Test
  void rnnIsThatOfOnnx() {
    Tensor w = normal(2, H, I);
    Tensor r = normal(2, H, H);
    Tensor b = normal(2, 2 * H);
    Formula formula =
        new Formula(w, r, b) {
          @Override
          double[] step(int d, double[] x, double[] h, double[] c) {
            double[] y = new double[H];
            Arrays.setAll(y, j -> Math.max(0, input(d, 0, j, x) + state(d, 0, j, h)));
            return y;
          }
        };
    compare(RnnCell.of(Activation.RELU), formula, w, r, b, b);
  }

  @Test
  void aSequenceInPiecesIsTheWhole() {
    Recurrent.Weights weights =
        new Recurrent.Weights(
            normal(4 * H, I), normal(4 * H, H), Optional.of(normal(4 * H)), Optional.empty());
    List<LstmCell> cell = List.of(LstmCell.of(GateOrder.TORCH));
    Tensor x = normal(40, B, I);
    Recurrent.Result whole = run(cell, x, weights, Optional.empty(), Optional.empty());
    Recurrent.Result first =
        run(cell, x.slice(0, 0, 25), weights, Optional.empty(), Optional.empty());
    Recurrent.Result second =
        run(cell, x.slice(0, 25, 40), weights, Optional.of(first.h()), first.c());
    assertArrayEquals(
        whole.y().toDoubleArray(), first.y().concat(0, second.y()).toDoubleArray(), 1e-14);
    assertArrayEquals(
        whole.c().orElseThrow().toDoubleArray(), second.c().orElseThrow().toDoubleArray(), 1e-14);
  }

  private static Recurrent.Result run(
      List<LstmCell> cell,
      Tensor x,
      Recurrent.Weights w,
      Optional<Tensor> h0,
      Optional<Tensor> c0) {
    return Recurrent.layer(
        cell, Recurrent.Direction.FORWARD, x, List.of(w), h0, c0, Optional.empty());
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, T + 1})
  void lengthsMustFit(int wrong) {
    Tensor lengths = scope.tensor(Shape.of(2), new int[] {T, wrong});
    Rnn op = new Rnn(RnnCell.of(Activation.TANH), true, false);
    String text =
        String.valueOf(
            assertThrows(
                    IllegalArgumentException.class,
                    () -> op.apply(normal(T, 2, H), normal(H, H), normal(2, H), lengths))
                .getMessage());
    assertTrue(text.contains("lengths must lie in [0, 4]; got " + wrong), text);
  }

  @Test
  void wrongCellsAreRefused() {
    assertRefused("activations must be", () -> RnnCell.of(Activation.GELU));
    assertRefused("clip must be positive", () -> new RnnCell(Activation.TANH, 0));
    assertRefused("clip must be positive", () -> new RnnCell(Activation.TANH, Double.NaN));
    assertRefused("linear units must not", () -> new RnnCell(Activation.TANH, 1, -1));
    Recurrent.Weights w =
        new Recurrent.Weights(normal(H, I), normal(H, H), Optional.empty(), Optional.empty());
    RnnCell cell = RnnCell.of(Activation.TANH);
    assertRefused(
        "no peepholes, projection and initial cell",
        () ->
            cell.run(
                normal(T, B, I),
                w,
                Optional.empty(),
                Optional.of(normal(B, H)),
                Optional.empty(),
                false));
    assertRefused(
        "for each direction",
        () ->
            Recurrent.layer(
                List.of(cell),
                Recurrent.Direction.BIDIRECTIONAL,
                normal(T, B, I),
                List.of(w),
                Optional.empty(),
                Optional.empty(),
                Optional.empty()));
  }

  private static void assertRefused(String rule, org.junit.jupiter.api.function.Executable call) {
    String text = String.valueOf(assertThrows(IllegalArgumentException.class, call).getMessage());
    assertTrue(text.contains(rule) && text.contains("; got "), text);
  }
}
