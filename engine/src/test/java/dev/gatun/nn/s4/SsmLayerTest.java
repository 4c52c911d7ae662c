package dev.gatun.nn.s4;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.cpu.CpuDevice;
import dev.gatun.device.Device;
import dev.gatun.op.sequence.s4.Diagonal;
import dev.gatun.op.sequence.s4.Hippo;
import dev.gatun.op.sequence.s4.Recurrence;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import dev.gatun.train.AdamW;
import dev.gatun.train.Optimizer;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Layers of state space models: their three ways to compute against each other.
class SsmLayerTest {
  private static final int H = 3;
  private static final SsmOptions SMALL =
      SsmOptions.of(H).withModes(8).withSteps(0.01, 0.2).withType(DType.F64);

  interface Maker {
    SsmLayer in(Scope scope);
  }

  record Named(String name, Maker maker) {
    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Named> layers() {
    Stream<Named> dplr =
        Stream.of(Hippo.LEGS, Hippo.LEGT, Hippo.FOURIER)
            .map(m -> new Named("S4 " + m, s -> S4.of(s, SMALL, m, 16, 1)));
    Stream<Named> diagonal =
        Arrays.stream(Diagonal.Spectrum.values())
            .flatMap(p ->
                Stream.of(Diagonal.Rule.HOLD, Diagonal.Rule.BILINEAR)
                    .map(r -> new Named(p + " " + r, s -> S4d.of(s, SMALL, p, r, 1))));
    Stream<Named> others =
        Stream.of(
            new Named("channels", s -> S4.of(s, SMALL.withChannels(2), Hippo.LEGS, 16, 1)),
            new Named("copies", s -> S4.of(s, SMALL.withCopies(3).linear(), Hippo.LEGS, 16, 1)),
            new Named(
                "untied",
                s -> S4d.of(s, SMALL, Diagonal.Spectrum.LIN, Diagonal.Rule.HOLD, false, 1)));
    return Stream.of(dplr, diagonal, others).flatMap(x -> x);
  }

  private static void near(Tensor want, Tensor got, double bound) {
    assertEquals(want.shape(), got.shape());
    double most = Arrays.stream(want.toDoubleArray()).map(Math::abs).max().orElse(0);
    assertArrayEquals(want.toDoubleArray(), got.toDoubleArray(), bound * Math.max(1, most));
  }

  @ParameterizedTest
  @MethodSource("layers")
  void aStreamIsTheWholeSequence(Named layer) {
    try (Device cpu = CpuDevice.open();
        Scope s = cpu.scope()) {
      SsmLayer l = layer.maker.in(s);
      Tensor x = s.normal(DType.F64, Shape.of(2, 40, H), 3);
      Tensor whole = l.forward(x);
      // 40 is more than the 16 that S4's kernels are made for.
      assertEquals(Shape.of(2, 40, (long) l.options().channels() * H), whole.shape());
      try (SsmStream stream = l.stream(cpu, 2)) {
        for (int round = 0; round < 2; round++) {
          long at = 0;
          for (long cut : new long[] {1, 1, 0, 17, 21}) {
            near(whole.slice(1, at, at + cut), stream.next(x.slice(1, at, at + cut)), 1e-9);
            at += cut;
          }
          stream.reset();
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("layers")
  void aSequenceSplitIsOneCall(Named layer) {
    try (Device cpu = CpuDevice.open();
        Scope s = cpu.scope()) {
      SsmLayer l = layer.maker.in(s);
      Tensor x = s.normal(DType.F64, Shape.of(2, 24, H), 3);
      Tensor whole = l.forward(x);
      Tensor state = l.zeros(s, 2);
      long at = 0;
      for (long cut : new long[] {5, 0, 1, 18}) {
        Recurrence.Result r = l.forward(x.slice(1, at, at + cut), state);
        near(whole.slice(1, at, at + cut), r.y(), 1e-9);
        state = r.state();
        at += cut;
      }
    }
  }

  @ParameterizedTest
  @MethodSource("layers")
  void trainingFollowsASignal(Named layer) {
    try (Device cpu = CpuDevice.open();
        Scope s = cpu.scope()) {
      SsmLayer l = layer.maker.in(s);
      Optimizer adam = AdamW.of(l.parameters().values(), AdamW.Options.standard());
      Tensor x = s.normal(DType.F64, Shape.of(4, 16, H), 3);
      // The signal of two steps ago.
      Tensor want = x.pad(1, 2, 0).slice(1, 0, 16);
      double first = 0;
      double last = 0;
      for (int i = 0; i < 30; i++) {
        try (Scope step = cpu.scope("step")) {
          Tensor y = l.forward(step.borrow(x)).slice(2, 0, H);
          Tensor loss = y.sub(want).square().mean();
          last = loss.item();
          first = i == 0 ? last : first;
          adam.step(loss.backward(), 0.02);
        }
      }
      assertTrue(last < 0.9 * first, first + " to " + last);
    }
  }

  @Test
  void bothWaysSeeWhatIsToCome() {
    try (Device cpu = CpuDevice.open();
        Scope s = cpu.scope()) {
      SsmLayer l = S4.of(s, SMALL.bothWays().linear(), Hippo.LEGS, 16, 1);
      Tensor x = s.zeros(DType.F64, Shape.of(1, 16, H));
      Tensor impulse = s.eye(DType.F64, 16, 16).slice(1, 9, 10).unsqueeze(0);
      double[] y = l.forward(x.add(impulse)).abs().sum(2).toDoubleArray();
      assertTrue(Arrays.stream(y).allMatch(v -> v > 1e-6), Arrays.toString(y));
      assertThrows(IllegalStateException.class, () -> l.stream(cpu, 1));
      assertThrows(IllegalStateException.class, () -> l.forward(x, l.zeros(s, 1)));
    }
  }

  @Test
  void emptyAndWrongInputs() {
    try (Device cpu = CpuDevice.open();
        Scope s = cpu.scope()) {
      SsmLayer l = S4d.of(s, SMALL, Diagonal.Spectrum.LIN, Diagonal.Rule.HOLD, 1);
      assertEquals(Shape.of(2, 0, H), l.forward(s.zeros(DType.F64, Shape.of(2, 0, H))).shape());
      assertEquals(Shape.of(0, 5, H), l.forward(s.zeros(DType.F64, Shape.of(0, 5, H))).shape());
      Exception e =
          assertThrows(
              IllegalArgumentException.class,
              () -> l.forward(s.zeros(DType.F64, Shape.of(2, 5, 4))));
      assertEquals("S4d: x must be [B, L, 3]; got F64 [2,5,4]", e.getMessage());
      assertThrows(IllegalArgumentException.class, () -> SsmOptions.of(3).withCopies(2));
      assertThrows(IllegalArgumentException.class, () -> S4.of(s, SMALL, Hippo.LEGS, 0, 1));
      SsmLayer dss = S4d.of(s, SMALL, Diagonal.Spectrum.LIN, Diagonal.Rule.SOFTMAX, 1);
      assertEquals(Shape.of(1, 5, H), dss.forward(s.zeros(DType.F64, Shape.of(1, 5, H))).shape());
      assertThrows(IllegalStateException.class, () -> dss.stream(cpu, 1));
    }
  }

  @Test
  void parametersHaveTheAuthorsNames() {
    try (Device cpu = CpuDevice.open();
        Scope s = cpu.scope()) {
      assertEquals(
          Set.of("D", "inv_dt", "A_real", "A_imag", "B", "P", "C"),
          S4.of(s, SMALL, Hippo.LEGS, 16, 1).parameters().keySet());
      assertEquals(
          Set.of("D", "inv_dt", "A_real", "B", "C"),
          S4d.of(s, SMALL, Diagonal.Spectrum.REAL, Diagonal.Rule.HOLD, 1).parameters().keySet());
    }
  }

  /// Ten thousand steps in the memory of ten.
  @Test
  void aStreamKeepsItsMemory() {
    try (CpuDevice cpu = CpuDevice.open();
        Scope s = cpu.scope()) {
      SsmLayer l = S4.of(s, SMALL, Hippo.LEGS, 16, 1);
      Tensor x = s.normal(DType.F64, Shape.of(1, 4, H), 3);
      try (SsmStream stream = l.stream(cpu, 1)) {
        long after = 0;
        for (int i = 0; i < 2_500; i++) {
          try (Scope step = cpu.scope("step")) {
            assertTrue(Double.isFinite(stream.next(step.borrow(x)).sum().item()));
          }
          after = i == 9 ? cpu.memory().reservedBytes() : after;
        }
        assertEquals(after, cpu.memory().reservedBytes());
      }
    }
  }

  @Test
  void spectraAreThePublishedOnes() {
    assertArrayEquals(
        new double[] {0, -Math.PI, -2 * Math.PI}, Diagonal.Spectrum.LIN.imaginary(3), 1e-15);
    assertArrayEquals(
        new double[] {-6 / Math.PI * 5, -6 / Math.PI, -6 / Math.PI * 0.2},
        Diagonal.Spectrum.INV.imaginary(3),
        1e-15);
    assertArrayEquals(new double[] {-1, -2, -3}, Diagonal.Spectrum.REAL.real(3));
    for (Diagonal.Spectrum p :
        List.of(Diagonal.Spectrum.LEGS, Diagonal.Spectrum.INV, Diagonal.Spectrum.LIN)) {
      assertArrayEquals(new double[] {-0.5, -0.5}, p.real(2));
    }
  }
}
