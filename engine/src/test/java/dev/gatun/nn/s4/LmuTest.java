package dev.gatun.nn.s4;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.autograd.Gradients;
import dev.gatun.cpu.CpuDevice;
import dev.gatun.device.Device;
import dev.gatun.op.sequence.s4.DiscreteSystem;
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
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class LmuTest {
  private static final int X = 3;
  private static final int H = 4;
  private static final int D = 5;

  private final Device cpu = CpuDevice.open();
  private final Scope model = cpu.scope("model");
  private final Scope s = cpu.scope("step");

  @AfterEach
  void close() {
    s.close();
    model.close();
    cpu.close();
  }

  /// F64; the memory's encoder, which starts with zeros, has others.
  private Lmu layer(Lmu.Recurrence recurrence, int signals) {
    Lmu.Sizes sizes = new Lmu.Sizes(X, H, signals, D, 7.5);
    Lmu layer = Lmu.of(model, DType.F64, sizes, recurrence, 1);
    layer
        .parameters()
        .forEach((name, v) -> {
          if (name.equals("memoryEncoder")) {
            v.set(s.normal(DType.F64, v.value().shape(), 2).mul(0.3));
          }
        });
    return layer;
  }

  private Tensor signal(long batch, long length) {
    return s.normal(DType.F64, Shape.of(batch, length, X), 5);
  }

  private Lmu.State state(long batch, long signals) {
    return new Lmu.State(
        s.normal(DType.F64, Shape.of(batch, H), 6),
        s.normal(DType.F64, Shape.of(batch, signals, D), 7));
  }

  private static void near(Tensor want, Tensor got, double bound) {
    assertEquals(want.shape(), got.shape());
    assertArrayEquals(want.toDoubleArray(), got.toDoubleArray(), bound);
  }

  private static Lmu.Result stepped(Lmu layer, Tensor x, Lmu.State state) {
    List<Tensor> y = new ArrayList<>();
    Lmu.State at = state;
    for (long t = 0; t < x.dim(1); t++) {
      Lmu.Result r = layer.step(x.select(1, t), at);
      y.add(r.y().unsqueeze(1));
      at = r.state();
    }
    return new Lmu.Result(y.get(0).concat(1, y.subList(1, y.size()).toArray(Tensor[]::new)), at);
  }

  @ParameterizedTest
  @CsvSource({
    "FULL, 1, 1",
    "FULL, 1, 17",
    "FULL, 2, 9",
    "HIDDEN, 1, 1",
    "HIDDEN, 1, 17",
    "HIDDEN, 2, 9",
    "NONE, 1, 1",
    "NONE, 1, 2",
    "NONE, 1, 33",
    "NONE, 3, 9"
  })
  void aSequenceIsItsSteps(Lmu.Recurrence recurrence, int signals, long length) {
    Lmu layer = layer(recurrence, signals);
    Tensor x = signal(2, length);
    for (Lmu.State start : List.of(layer.start(s, 2), state(2, signals))) {
      Lmu.Result want = stepped(layer, x, start);
      Lmu.Result got = layer.forward(x, start);
      near(want.y(), got.y(), 1e-12);
      near(want.state().h(), got.state().h(), 1e-12);
      near(want.state().m(), got.state().m(), 1e-12);
    }
    near(stepped(layer, x, layer.start(s, 2)).y(), layer.forward(x), 1e-12);
  }

  /// 600 steps of a memory that keeps 100: some `d = 24` roundings of F32 a step in the sums, whose
  /// errors the memory forgets at the rate it forgets everything.
  @ParameterizedTest
  @EnumSource(Lmu.Recurrence.class)
  void floatsAreNearDoubles(Lmu.Recurrence recurrence) {
    Lmu.Sizes sizes = new Lmu.Sizes(X, H, 1, 24, 100);
    Lmu floats = Lmu.of(model, DType.F32, sizes, recurrence, 3);
    Lmu doubles = Lmu.of(model, DType.F64, sizes, recurrence, 3);
    doubles
        .parameters()
        .forEach((name, v) ->
            floats
                .parameters()
                .forEach((other, w) -> {
                  if (name.equals(other)) {
                    v.set(w.value().to(DType.F64));
                  }
                }));
    Tensor x = s.normal(DType.F32, Shape.of(2, 600, X), 5);
    near(doubles.forward(x.to(DType.F64)), floats.forward(x).to(DType.F64), 24 * 0x1p-20);
  }

  @ParameterizedTest
  @EnumSource(Lmu.Recurrence.class)
  void aSequenceSplitIsOneCall(Lmu.Recurrence recurrence) {
    Lmu layer = layer(recurrence, 2);
    Tensor x = signal(2, 20);
    Tensor whole = layer.forward(x);
    for (long cut : new long[] {0, 1, 9, 19, 20}) {
      Lmu.Result first = layer.forward(x.slice(1, 0, cut), layer.start(s, 2));
      Lmu.Result rest = layer.forward(x.slice(1, cut, 20), first.state());
      near(whole, first.y().concat(1, rest.y()), 1e-12);
    }
  }

  private static double[] times(double[] w, double[] x) {
    double[] y = new double[w.length / x.length];
    for (int i = 0; i < w.length; i++) {
      y[i / x.length] += w[i] * x[i % x.length];
    }
    return y;
  }

  private static double[] sum(double[]... terms) {
    double[] y = new double[terms[0].length];
    for (double[] t : terms) {
      for (int i = 0; i < y.length; i++) {
        y[i] += t[i];
      }
    }
    return y;
  }

  /// The equations of the paper, one signal, in loops.
  @Test
  void theCellIsThatOfThePaper() {
    Lmu layer = layer(Lmu.Recurrence.FULL, 1);
    Map<String, Variable> all = layer.parameters();
    DiscreteSystem memory =
        DiscreteSystem.held(s, DType.F64, Hippo.LMU.matrix(D), Hippo.LMU.input(D), 1 / 7.5);
    double[] a = memory.matrix().toDoubleArray();
    double[] b = memory.input().toDoubleArray();
    Tensor x = signal(1, 6);
    double[] h = new double[H];
    double[] m = new double[D];
    for (long t = 0; t < 6; t++) {
      double[] in = x.select(1, t).toDoubleArray();
      double u =
          times(values(all, "inputEncoder"), in)[0]
              + times(values(all, "hiddenEncoder"), h)[0]
              + times(values(all, "memoryEncoder"), m)[0];
      m = sum(times(a, m), Arrays.stream(b).map(v -> v * u).toArray());
      h =
          sum(
              times(values(all, "inputKernel"), in),
              times(values(all, "hiddenKernel"), h),
              times(values(all, "memoryKernel"), m));
      h = Arrays.stream(h).map(Math::tanh).toArray();
      assertArrayEquals(h, layer.forward(x).select(1, t).toDoubleArray(), 1e-13);
    }
  }

  private static double[] values(Map<String, Variable> all, String name) {
    return all.entrySet().stream()
        .filter(e -> e.getKey().equals(name))
        .findFirst()
        .orElseThrow()
        .getValue()
        .value()
        .toDoubleArray();
  }

  /// Waves of at most 1.5 periods in a window, as they were some time ago. That inputs are held is
  /// what is left with 16 coefficients: memories are half a step ahead, and a wave of `w` radians a
  /// step is off by `w^2 / 24`, by more at the ends of the window, where polynomials are steep.
  @ParameterizedTest
  @CsvSource({
    "0, 2, 200", "0.1, 0.0417, 200", "0.5, 0.0417, 200", "0.77, 0.0417, 200", "1, 0.25, 200",
    "0, 2, 400", "0.1, 0.0417, 400", "0.5, 0.0417, 400", "0.77, 0.0417, 400", "1, 0.25, 400"
  })
  void memoriesReadTheDelayedSignal(double delay, double squares, int theta) {
    int order = 16;
    int length = 9 * theta / 2;
    Lmu.Sizes sizes = new Lmu.Sizes(1, 1, 1, order, theta);
    Lmu layer = Lmu.of(model, DType.F64, sizes, Lmu.Recurrence.NONE, 1);
    layer.parameters().values().iterator().next().set(s.full(DType.F64, Shape.of(1, 1), 1));
    double[] u = new double[length];
    for (int t = 0; t < length; t++) {
      u[t] = wave(t, theta);
    }
    Tensor x = s.tensor(DType.F64, Shape.of(1, length, 1), u);
    Tensor decoder = s.tensor(DType.F64, Shape.of(order), Lmu.decoder(order, delay));
    double[] got = layer.memories(x, layer.start(s, 1)).matmul(decoder).toDoubleArray();
    double worst = 0;
    for (int t = 2 * theta; t < length; t++) {
      worst = Math.max(worst, Math.abs(wave(t + 0.5 - delay * theta, theta) - got[t]));
    }
    double w = 2 * Math.PI * 1.5 / theta;
    assertTrue(worst <= squares * w * w, worst / (w * w) + " of the squared frequency");
  }

  private static double wave(double t, double theta) {
    return 0.6 * Math.sin(2 * Math.PI * 1.5 * t / theta + 0.3)
        + 0.4 * Math.cos(2 * Math.PI * 0.7 * t / theta);
  }

  @Test
  void decodersAreShiftedLegendrePolynomials() {
    double r = 0.3;
    assertArrayEquals(
        new double[] {1, 2 * r - 1, 6 * r * r - 6 * r + 1, ((20 * r - 30) * r + 12) * r - 1},
        Lmu.decoder(4, r),
        1e-15);
    assertThrows(IllegalArgumentException.class, () -> Lmu.decoder(4, 1.1));
    assertThrows(IllegalArgumentException.class, () -> Lmu.decoder(0, 0));
  }

  @ParameterizedTest
  @EnumSource(Lmu.Recurrence.class)
  void gradientsAreThoseOfDifferences(Lmu.Recurrence recurrence) {
    Lmu layer = layer(recurrence, 2);
    Tensor x = signal(2, 6).requiresGrad();
    Lmu.State start = state(2, 2);
    Tensor h = start.h().requiresGrad();
    Tensor m = start.m().requiresGrad();
    Tensor dy = s.normal(DType.F64, Shape.of(2, 6, H), 9);
    Gradients g = layer.forward(x, new Lmu.State(h, m)).y().backward(dy);
    Tensor plain = x.detach();
    for (Map.Entry<String, Variable> p : layer.parameters().entrySet()) {
      Variable v = p.getValue();
      Tensor direction = s.normal(DType.F64, v.value().shape(), 11);
      double got = g.of(v).mul(direction).sum().item();
      v.add(direction.mul(1e-5));
      double above = layer.forward(plain, start).y().mul(dy).sum().item();
      v.add(direction.mul(-2e-5));
      double below = layer.forward(plain, start).y().mul(dy).sum().item();
      v.add(direction.mul(1e-5));
      assertEquals((above - below) / 2e-5, got, 1e-7 * Math.max(1, Math.abs(got)), p.getKey());
    }
    for (Tensor leaf : List.of(x, h, m)) {
      Tensor direction = s.normal(DType.F64, leaf.shape(), 12);
      double[] at = new double[2];
      for (int side = 0; side < 2; side++) {
        Tensor by = direction.mul(side == 0 ? -1e-5 : 1e-5);
        Tensor other = leaf == x ? plain.add(by) : plain;
        Lmu.State from =
            new Lmu.State(
                leaf == h ? start.h().add(by) : start.h(),
                leaf == m ? start.m().add(by) : start.m());
        at[side] = layer.forward(other, from).y().mul(dy).sum().item();
      }
      double got = g.find(leaf).map(d -> d.mul(direction).sum().item()).orElse(0.0);
      assertEquals((at[1] - at[0]) / 2e-5, got, 1e-7 * Math.max(1, Math.abs(got)));
    }
  }

  @ParameterizedTest
  @EnumSource(Lmu.Recurrence.class)
  void whatIsNotFiniteStaysBehind(Lmu.Recurrence recurrence) {
    Lmu layer = layer(recurrence, 1);
    double[] values = signal(1, 10).toDoubleArray();
    Tensor clean = layer.forward(s.tensor(Shape.of(1, 10, X), values));
    values[6 * X + 1] = Double.NaN;
    Tensor y = layer.forward(s.tensor(Shape.of(1, 10, X), values));
    near(clean.slice(1, 0, 6), y.slice(1, 0, 6), 1e-13);
    assertTrue(Arrays.stream(y.slice(1, 6, 10).toDoubleArray()).allMatch(Double::isNaN));
  }

  @ParameterizedTest
  @EnumSource(Lmu.Recurrence.class)
  void emptySequencesAndBatchesPass(Lmu.Recurrence recurrence) {
    Lmu layer = layer(recurrence, 2);
    Lmu.State start = state(2, 2);
    Lmu.Result none = layer.forward(signal(2, 0), start);
    assertEquals(Shape.of(2, 0, H), none.y().shape());
    near(start.m(), none.state().m(), 0);
    assertEquals(Shape.of(0, 4, H), layer.forward(signal(0, 4)).shape());
    Tensor x = s.zeros(DType.F64, Shape.of(0, X));
    assertEquals(Shape.of(0, H), layer.step(x, layer.start(s, 0)).y().shape());
  }

  @Test
  void evaluationRecordsNothing() {
    for (Lmu.Recurrence r : Lmu.Recurrence.values()) {
      Lmu layer = layer(r, 1);
      assertTrue(layer.forward(signal(1, 3)).wantsGrad());
      layer.eval();
      assertFalse(layer.forward(signal(1, 3)).wantsGrad());
    }
  }

  private static void refused(String message, Runnable call) {
    String got = assertThrows(IllegalArgumentException.class, call::run).toString();
    assertTrue(got.contains(message), got);
  }

  @Test
  void wrongInputsAreNamed() {
    Lmu layer = layer(Lmu.Recurrence.FULL, 1);
    refused(
        "Lmu: x must be [B, L, X] with X 3, of type F64, and the state h [B, 4], m [B, 1, 5];"
            + " got x F64 [2,4,2], h F64 [2,4], m F64 [2,1,5]",
        () -> layer.forward(s.zeros(DType.F64, Shape.of(2, 4, 2))));
    refused("of type F64", () -> layer.forward(s.zeros(DType.F32, Shape.of(2, 4, X))));
    refused("x must be [B, L, X]", () -> layer.forward(s.zeros(DType.F64, Shape.of())));
    refused("the state h", () -> layer.forward(signal(2, 4), layer.start(s, 3)));
    refused("x must be [B, X]", () -> layer.step(signal(2, 4), layer.start(s, 2)));
    refused("sizes must be positive", () -> new Lmu.Sizes(1, 1, 1, 1, 0));
    assertThrows(
        IllegalStateException.class, () -> layer.memories(signal(2, 4), layer.start(s, 2)));
  }

  @Test
  void resultsDoNotDependOnThreads() {
    double[][] results = new double[2][];
    for (int threads = 1; threads <= 2; threads++) {
      try (Device device = CpuDevice.open(CpuDevice.Options.standard().withThreads(threads));
          Scope t = device.scope()) {
        Lmu layer = Lmu.of(t, DType.F32, new Lmu.Sizes(8, 16, 2, 24, 100), Lmu.Recurrence.NONE, 1);
        Tensor x = t.normal(DType.F32, Shape.of(4, 300, 8), 2);
        results[threads - 1] = layer.forward(x).toDoubleArray();
      }
    }
    assertArrayEquals(results[0], results[1]);
  }
}
