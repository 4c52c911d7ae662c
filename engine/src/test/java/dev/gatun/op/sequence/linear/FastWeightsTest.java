package dev.gatun.op.sequence.linear;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.cpu.CpuDevice;
import dev.gatun.device.Device;
import dev.gatun.op.sequence.linear.FastWeights.Decay;
import dev.gatun.op.sequence.linear.FastWeights.Mode;
import dev.gatun.op.sequence.linear.FastWeights.Update;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Both modes, sequences in pieces and step by step, and the forms that are others in disguise.
class FastWeightsTest {
  /// Of the largest number: sums of some hundred terms in another order.
  private static final double ROUNDING = 2e-6;

  private static final double ROUNDING_F64 = 1e-14;

  private record Sizes(long batch, long steps, long groups, long heads, long keys, long values) {}

  static Stream<FastWeights> ops() {
    return Stream.of(
        FastWeights.of(Decay.NONE, Update.ADD, 0.5),
        FastWeights.of(Decay.HEAD, Update.ADD, 0.5),
        FastWeights.of(Decay.KEY, Update.ADD, 0.5),
        FastWeights.of(Decay.KEY, Update.ADD, 0.5).withBonus(),
        FastWeights.of(Decay.NONE, Update.DELTA, 0.5),
        FastWeights.of(Decay.HEAD, Update.DELTA, 0.5),
        FastWeights.of(Decay.KEY, Update.DELTA, 0.5),
        FastWeights.of(Decay.HEAD, Update.DPLR, 0.5),
        FastWeights.of(Decay.KEY, Update.DPLR, 0.5));
  }

  static Stream<Arguments> typed() {
    return ops().flatMap(o -> Stream.of(DType.F32, DType.F64).map(t -> Arguments.of(o, t)));
  }

  private static Tensor draw(Scope s, DType t, long seed, double low, double high, long... dims) {
    Shape shape = Shape.of(dims);
    double[] x = new Random(seed).doubles(shape.elems(), low, high).map(v -> (float) v).toArray();
    return s.tensor(t, shape, x);
  }

  /// Inputs with a state last; the first three with steps are at 0 to 2.
  private static List<Tensor> inputs(Scope s, FastWeights op, DType t, Sizes z) {
    List<Tensor> in = new ArrayList<>();
    in.add(draw(s, t, 1, -1, 1, z.batch, z.steps, z.groups, z.keys));
    in.add(draw(s, t, 2, -0.4, 0.4, z.batch, z.steps, z.groups, z.keys));
    in.add(draw(s, t, 3, -1, 1, z.batch, z.steps, z.heads, z.values));
    if (op.decay() == Decay.HEAD) {
      in.add(draw(s, t, 4, -1, 0, z.batch, z.steps, z.heads));
    } else if (op.decay() == Decay.KEY) {
      // Some fade so fast that their products leave the range of floats within a chunk.
      in.add(draw(s, t, 4, -12, 0, z.batch, z.steps, z.heads, z.keys));
    }
    if (op.update() == Update.DPLR) {
      in.add(draw(s, t, 5, -0.3, 0.3, z.batch, z.steps, z.heads, z.keys));
      in.add(draw(s, t, 6, -0.3, 0.3, z.batch, z.steps, z.heads, z.keys));
    } else if (op.update() == Update.DELTA) {
      in.add(draw(s, t, 7, 0.1, 0.9, z.batch, z.steps, z.heads));
    }
    if (op.bonus()) {
      in.add(draw(s, t, 8, -1, 1, z.heads, z.keys));
    }
    in.add(draw(s, t, 9, -1, 1, z.batch, z.heads, z.keys, z.values));
    return in;
  }

  private static void assertNear(double[] want, double[] got, double bound, String what) {
    assertEquals(want.length, got.length, what);
    double scale = Arrays.stream(want).map(Math::abs).max().orElse(0);
    for (int i = 0; i < want.length; i++) {
      double error = Math.abs(want[i] - got[i]);
      assertTrue(
          error <= bound * scale, what + " element " + i + ": " + want[i] + ", got " + got[i]);
    }
  }

  private static List<double[]> gradients(FastWeights op, List<Tensor> in) {
    Tensor[] leaves = in.stream().map(Tensor::detach).toArray(Tensor[]::new);
    Tensor[] asked = Arrays.stream(leaves).map(x -> x.requiresGrad()).toArray(Tensor[]::new);
    List<Tensor> out = op.apply(asked);
    var g = out.get(0).square().sum().add(out.get(1).square().sum()).backward();
    return Arrays.stream(asked).map(x -> g.of(x).toDoubleArray()).toList();
  }

  @ParameterizedTest
  @MethodSource("typed")
  void chunksGiveWhatStepsGive(FastWeights op, DType t) {
    double bound = t == DType.F32 ? ROUNDING : ROUNDING_F64;
    List<Sizes> all =
        List.of(
            new Sizes(2, 0, 1, 2, 5, 7),
            new Sizes(1, 1, 1, 1, 16, 16),
            new Sizes(2, 15, 1, 2, 17, 15),
            new Sizes(1, 16, 2, 2, 15, 33),
            new Sizes(1, 17, 1, 1, 31, 1),
            new Sizes(1, 63, 1, 1, 1, 8),
            new Sizes(1, 65, 1, 1, 8, 16),
            new Sizes(1, 150, 1, 2, 20, 12));
    try (Device cpu = CpuDevice.open();
        Scope s = cpu.scope()) {
      for (Sizes z : all) {
        List<Tensor> in = inputs(s, op, t, z);
        FastWeights recurrent = op.withState(true).by(Mode.RECURRENT);
        FastWeights chunked = op.withState(true).by(Mode.CHUNKED);
        List<Tensor> want = recurrent.apply(in.toArray(Tensor[]::new));
        List<Tensor> got = chunked.apply(in.toArray(Tensor[]::new));
        for (int i = 0; i < 2; i++) {
          String what = z + " result " + i;
          assertNear(want.get(i).toDoubleArray(), got.get(i).toDoubleArray(), bound, what);
        }
        List<double[]> a = gradients(recurrent, in);
        List<double[]> b = gradients(chunked, in);
        for (int i = 0; i < a.size(); i++) {
          assertNear(a.get(i), b.get(i), 8 * bound, z + " gradient " + i);
        }
      }
    }
  }

  private static Tensor[] piece(FastWeights op, List<Tensor> in, long from, long to, Tensor state) {
    int timed = in.size() - 1 - (op.bonus() ? 1 : 0);
    Tensor[] some = in.toArray(Tensor[]::new);
    for (int i = 0; i < timed; i++) {
      some[i] = in.get(i).slice(1, from, to);
    }
    some[in.size() - 1] = state;
    return some;
  }

  @ParameterizedTest
  @MethodSource("ops")
  void piecesAndStepsGiveWhatOneCallGives(FastWeights any) {
    try (Device cpu = CpuDevice.open();
        Scope s = cpu.scope()) {
      for (Mode mode : Mode.values()) {
        FastWeights op = any.withState(true).by(mode);
        List<Tensor> in = inputs(s, op, DType.F32, new Sizes(1, 140, 1, 2, 18, 20));
        List<Tensor> whole = op.apply(in.toArray(Tensor[]::new));
        for (int size : new int[] {1, 13, 64, 100}) {
          Tensor state = in.get(in.size() - 1);
          for (int t = 0; t < 140; t += size) {
            int to = Math.min(140, t + size);
            List<Tensor> part = op.apply(piece(op, in, t, to, state));
            double[] want = whole.get(0).slice(1, t, to).toDoubleArray();
            String what = mode + " steps from " + t;
            assertNear(want, part.get(0).toDoubleArray(), 8 * ROUNDING, what);
            boolean simd = !System.getProperty("gatun.simd", "").equals("false");
            boolean exact = mode == Mode.RECURRENT || mode == Mode.CHUNKED && size == 64;
            if (exact && simd) {
              assertNear(want, part.get(0).toDoubleArray(), 1e-25, what);
            }
            state = part.get(1);
          }
          assertNear(
              whole.get(1).toDoubleArray(), state.toDoubleArray(), 8 * ROUNDING, mode + " state");
        }
      }
    }
  }

  /// With one key, `exp(g) = 1/2` and whole numbers, all sums are exact.
  @Test
  void halvesAreExact() {
    try (Device cpu = CpuDevice.open();
        Scope s = cpu.scope()) {
      for (Mode mode : Mode.values()) {
        Tensor one = s.full(DType.F64, Shape.of(1, 40, 1, 1), 1);
        Tensor two = s.full(DType.F64, Shape.of(1, 40, 1, 1), 2);
        LinearAttention form = LinearAttention.plain().by(mode);
        double[] y = form.linear(one, two, one).y().toDoubleArray();
        for (int t = 0; t < 40; t++) {
          assertEquals(2.0 * (t + 1), y[t], mode + " step " + t);
        }
      }
    }
  }

  /// A state that decays leaves the range of floats: it becomes 0, not a denormal number.
  @Test
  void decayedStatesAreZero() {
    try (Device cpu = CpuDevice.open();
        Scope s = cpu.scope()) {
      for (Mode mode : List.of(Mode.RECURRENT, Mode.CHUNKED)) {
        Tensor q = s.full(DType.F32, Shape.of(1, 128, 1, 16), 1);
        Tensor none = s.zeros(DType.F32, Shape.of(1, 128, 1, 16));
        Tensor g = s.full(DType.F32, Shape.of(1, 128, 1, 16), -1);
        Tensor start = s.full(DType.F32, Shape.of(1, 1, 16, 16), 1);
        LinearAttention form = LinearAttention.plain().by(mode).withState(start);
        float[] last = form.gla(q, none, none, g).last().toFloatArray();
        for (float x : last) {
          assertEquals(0f, x, mode.toString());
        }
      }
    }
  }

  /// Divided by the sums of weights, equal values come out as they went in; a prompt of a prefix is
  /// the state that a call over it leaves.
  @Test
  void normalisedFormsAverage() {
    try (Device cpu = CpuDevice.open();
        Scope s = cpu.scope()) {
      Tensor q = draw(s, DType.F64, 1, 0.1, 1, 1, 9, 2, 4);
      Tensor k = draw(s, DType.F64, 2, 0.1, 1, 1, 9, 2, 4);
      Tensor v = s.full(DType.F64, Shape.of(1, 9, 2, 3), 2.5);
      LinearAttention form = LinearAttention.plain();
      for (double y : form.normalised(q, k, v, Optional.empty()).y().toDoubleArray()) {
        assertEquals(2.5, y, 1e-8);
      }
      Tensor w = draw(s, DType.F64, 3, -1, 1, 1, 9, 2, 3);
      var prompt = form.normalised(q, k, w, Optional.empty());
      double[] want =
          form.withState(prompt.last())
              .normalised(q, k, v, Optional.of(prompt.sums()))
              .y()
              .toDoubleArray();
      double[] got = form.prefix(q, k, v, k, w).y().toDoubleArray();
      assertNear(want, got, 1e-13, "prefix");
    }
  }

  /// The delta rule is a diagonal plus low rank with `a = -e k` and `b = beta k`.
  @Test
  void deltaIsDplr() {
    try (Device cpu = CpuDevice.open();
        Scope s = cpu.scope()) {
      FastWeights op = FastWeights.of(Decay.KEY, Update.DELTA, 0.5);
      List<Tensor> in = inputs(s, op, DType.F64, new Sizes(1, 33, 2, 2, 5, 6));
      Tensor beta = in.get(4).unsqueeze(3);
      Tensor k = in.get(1);
      LinearAttention form = LinearAttention.plain();
      Tensor g = in.get(3);
      double[] want = form.kda(in.get(0), k, in.get(2), g, in.get(4)).y().toDoubleArray();
      double[] got =
          form.dplr(in.get(0), k, in.get(2).mul(beta), g, k.mul(g.exp()).neg(), k.mul(beta))
              .y()
              .toDoubleArray();
      assertNear(want, got, 1e-13, "dplr");
    }
  }

  @Test
  void bonusesGoWithAddingOnly() {
    FastWeights op = FastWeights.of(Decay.KEY, Update.DELTA, 1);
    assertThrows(IllegalArgumentException.class, op::withBonus);
  }
}
