package dev.gatun.nn.s4;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.autograd.Gradients;
import dev.gatun.cpu.CpuDevice;
import dev.gatun.device.Device;
import dev.gatun.nn.Linear;
import dev.gatun.nn.Sequential;
import dev.gatun.op.linear.Activation;
import dev.gatun.op.sequence.s4.DenseSystem;
import dev.gatun.op.sequence.s4.Hippo;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import dev.gatun.tensor.Variable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LsslTest {
  private static final int N = 5;
  private static final int H = 3;
  private static final int K = 2;

  private final Device cpu = CpuDevice.open();
  private final Scope model = cpu.scope("model");
  private final Scope s = cpu.scope("step");

  @AfterEach
  void close() {
    s.close();
    model.close();
    cpu.close();
  }

  /// F64 with a matrix of its own for each feature.
  private Lssl layer(boolean learned) {
    Tensor unit = s.eye(DType.F64, N, N);
    DenseSystem system =
        new DenseSystem(
            s.normal(DType.F64, Shape.of(H, N, N), 1).mul(0.5).sub(unit),
            s.normal(DType.F64, Shape.of(H, N), 2),
            s.normal(DType.F64, Shape.of(K, H, N), 3),
            s.tensor(DType.F64, Shape.of(H), 0.01, 0.1, 0.3),
            0.5);
    return Lssl.of(model, system, s.normal(DType.F64, Shape.of(K, H), 4), learned);
  }

  private Tensor signal(DType type, long batch, long length) {
    return s.normal(type, Shape.of(batch, length, H), 5);
  }

  private static void near(Tensor want, Tensor got, double bound) {
    assertEquals(want.shape(), got.shape());
    double largest = Arrays.stream(want.toDoubleArray()).map(Math::abs).max().orElse(0);
    assertArrayEquals(want.toDoubleArray(), got.toDoubleArray(), bound * Math.max(1, largest));
  }

  private Lssl.Result stepped(Lssl layer, Tensor x, Lssl.State state) {
    List<Tensor> y = new ArrayList<>();
    Lssl.State at = state;
    for (long t = 0; t < x.dim(1); t++) {
      Lssl.Result r = layer.step(x.select(1, t), at);
      y.add(r.y().unsqueeze(1));
      at = r.state();
    }
    return new Lssl.Result(y.get(0).concat(1, y.subList(1, y.size()).toArray(Tensor[]::new)), at);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 16, 50})
  void stepsAndIrregularStepsAreTheConvolution(long length) {
    Lssl layer = layer(true);
    Tensor x = signal(DType.F64, 2, length);
    Lssl.State start = layer.start(s, 2);
    Tensor y = layer.forward(x);
    assertEquals(Shape.of(2, length, K * H), y.shape());
    Lssl.Result steps = stepped(layer, x, start);
    near(y, steps.y(), 1e-12);
    Lssl.Result whole = layer.forward(x, start);
    near(y, whole.y(), 1e-12);
    near(whole.state().x(), steps.state().x(), 1e-12);
    Tensor ones = s.full(DType.F64, Shape.of(2, length), 1);
    near(y, layer.irregular(x, ones, start).y(), 1e-12);
  }

  /// In F32 the recurrence rounds its matrix, the convolution's kernel is made in double: 200 steps
  /// of `2^-24` relative to the largest result, and the sums' own.
  @Test
  void floatStepsAreNearTheConvolution() {
    Lssl layer = Lssl.of(model, H, 32, K, Hippo.LEGS, true, 7);
    Tensor x = signal(DType.F32, 2, 200);
    near(layer.forward(x), stepped(layer, x, layer.start(s, 2)).y(), 200 * 0x1p-24);
  }

  @Test
  void aSequenceSplitIsOneCall() {
    Lssl layer = layer(false);
    Tensor x = signal(DType.F64, 2, 30);
    Tensor whole = layer.forward(x);
    for (long cut : new long[] {0, 1, 11, 29, 30}) {
      Lssl.Result first = layer.forward(x.slice(1, 0, cut), layer.start(s, 2));
      Lssl.Result rest = layer.forward(x.slice(1, cut, 30), first.state());
      near(whole, first.y().concat(1, rest.y()), 1e-12);
    }
  }

  @Test
  void statesOutliveTheirStep() {
    Lssl layer = layer(true);
    layer.eval();
    Tensor x = signal(DType.F64, 1, 4);
    Tensor want = layer.forward(x);
    Lssl.State state = layer.start(model, 1);
    for (long t = 0; t < 4; t++) {
      try (Scope step = cpu.scope("decode")) {
        Lssl.Result r = layer.step(step.borrow(x.select(1, t)), state);
        assertFalse(r.y().wantsGrad());
        near(want.select(1, t), r.y(), 1e-12);
        state = r.state().in(model);
      }
    }
  }

  @Test
  void parametersAreThoseThatAreLearned() {
    assertEquals(
        List.of("a", "b", "c", "d", "logStep"), List.copyOf(layer(true).parameters().keySet()));
    assertEquals(List.of("c", "d", "logStep"), List.copyOf(layer(false).parameters().keySet()));
    Lssl fresh = Lssl.of(model, 100, 4, 1, Hippo.LEGT, true, 1);
    double[] log =
        fresh.parameters().entrySet().stream()
            .filter(e -> e.getKey().equals("logStep"))
            .flatMapToDouble(e -> Arrays.stream(e.getValue().value().toDoubleArray()))
            .toArray();
    assertEquals(100, log.length);
    assertTrue(Arrays.stream(log).allMatch(v -> v >= Math.log(1e-3) && v <= Math.log(0.1)));
  }

  @Test
  void gradientsAreThoseOfDifferences() {
    Lssl layer = layer(true);
    Tensor x = signal(DType.F64, 2, 7);
    Tensor dy = s.normal(DType.F64, Shape.of(2, 7, K * H), 9);
    Gradients g = layer.forward(x).backward(dy);
    for (Map.Entry<String, Variable> p : layer.parameters().entrySet()) {
      Variable v = p.getValue();
      Tensor direction = s.normal(DType.F64, v.value().shape(), 11);
      double got = g.of(v).mul(direction).sum().item();
      v.add(direction.mul(1e-5));
      double above = layer.forward(x).mul(dy).sum().item();
      v.add(direction.mul(-2e-5));
      double below = layer.forward(x).mul(dy).sum().item();
      v.add(direction.mul(1e-5));
      assertEquals((above - below) / 2e-5, got, 1e-7 * Math.max(1, Math.abs(got)), p.getKey());
    }
  }

  @Test
  void itStandsAmongLayers() {
    Sequential net =
        Sequential.of(
            Lssl.of(model, H, 8, K, Hippo.LEGS, false, 1),
            Linear.of(model, K * H, H, Activation.NONE, 2));
    Tensor y = net.forward(signal(DType.F32, 2, 9));
    assertEquals(Shape.of(2, 9, H), y.shape());
    assertEquals(s, y.scope());
    Gradients g = y.sum().backward();
    net.parameters().forEach((name, p) -> assertEquals(p.value().shape(), g.of(p).shape(), name));
  }

  @Test
  void whatIsNotFiniteStaysBehind() {
    Lssl layer = layer(true);
    double[] values = signal(DType.F64, 1, 10).toDoubleArray();
    Tensor clean = layer.forward(s.tensor(Shape.of(1, 10, H), values));
    for (double bad : new double[] {Double.NaN, Double.NEGATIVE_INFINITY}) {
      values[6 * H + 1] = bad;
      Tensor x = s.tensor(Shape.of(1, 10, H), values);
      Tensor y = layer.forward(x);
      near(clean.slice(1, 0, 6), y.slice(1, 0, 6), 1e-13);
      near(clean.select(2, 2), y.select(2, 2), 1e-13);
      assertTrue(Double.isNaN(y.select(1, 6).toDoubleArray()[1]));
      assertTrue(Double.isNaN(y.select(1, 9).toDoubleArray()[H + 1]));
      Tensor steps = stepped(layer, x, layer.start(s, 1)).y();
      near(clean.slice(1, 0, 6), steps.slice(1, 0, 6), 1e-13);
      assertFalse(Double.isFinite(steps.select(1, 9).toDoubleArray()[1]));
    }
  }

  @Test
  void emptySequencesAndBatchesPass() {
    Lssl layer = layer(true);
    assertEquals(Shape.of(2, 0, K * H), layer.forward(signal(DType.F64, 2, 0)).shape());
    assertEquals(Shape.of(0, 4, K * H), layer.forward(signal(DType.F64, 0, 4)).shape());
    Lssl.State none = layer.start(s, 0);
    assertEquals(
        Shape.of(0, K * H), layer.step(s.zeros(DType.F64, Shape.of(0, H)), none).y().shape());
    Lssl.Result r = layer.forward(signal(DType.F64, 0, 4), none);
    assertEquals(Shape.of(0, H, N), r.state().x().shape());
  }

  private static void refused(String message, Runnable call) {
    String got = assertThrows(IllegalArgumentException.class, call::run).toString();
    assertTrue(got.contains(message), got);
  }

  @Test
  void wrongInputsAreNamed() {
    Lssl layer = layer(true);
    refused(
        "Lssl: x must be [B, L, H] with H 3, of the parameters' type F64; got x F32 [2,4,3]",
        () -> layer.forward(signal(DType.F32, 2, 4)));
    refused("x must be [B, L, H]", () -> layer.forward(s.zeros(DType.F64, Shape.of(2, 4, 2))));
    refused("x must be [B, L, H]", () -> layer.forward(s.zeros(DType.F64, Shape.of(4, 3))));
    Lssl.State state = layer.start(s, 2);
    refused("x must be [B, H]", () -> layer.step(signal(DType.F64, 2, 4), state));
    refused(
        "the state must be [2,3,5]",
        () -> layer.step(s.zeros(DType.F64, Shape.of(2, H)), layer.start(s, 3)));
    refused(
        "the state must be [2,3,5]",
        () -> layer.forward(signal(DType.F64, 2, 4), layer.start(s, 1)));
    refused(
        "u must be [B, H, L] and gaps [B, L]",
        () -> layer.irregular(signal(DType.F64, 2, 4), s.zeros(DType.F64, Shape.of(2, 3)), state));
    Tensor one = s.zeros(DType.F64, Shape.of(1));
    DenseSystem scalar =
        new DenseSystem(one.reshape(1, 1, 1), one.reshape(1, 1), one.reshape(1, 1, 1), one, 1);
    refused("d must be [K, H]", () -> Lssl.of(model, scalar, one, true));
    assertEquals(Optional.empty(), one.node());
  }
}
