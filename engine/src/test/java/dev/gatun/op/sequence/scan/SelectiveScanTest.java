package dev.gatun.op.sequence.scan;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.cpu.CpuDevice;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// A sequence in pieces, exact numbers, and what one step or channel sees of others.
class SelectiveScanTest {
  private static final int STEPS = 150;
  private static final int CHANNELS = 37;
  private static final int MODES = 5;
  private static final SelectiveScan OP = new SelectiveScan(false, true, true, true, true, true);

  private static double[] draw(long seed, double low, double high, long n) {
    return new Random(seed).doubles(n, low, high).map(v -> (float) v).toArray();
  }

  private static Tensor tensor(Scope s, long seed, double low, double high, long... dims) {
    Shape shape = Shape.of(dims);
    return s.tensor(DType.F32, shape, draw(seed, low, high, shape.elems()));
  }

  private static Tensor[] inputs(Scope s) {
    return new Tensor[] {
      tensor(s, 1, -1, 1, 2, STEPS, CHANNELS),
      tensor(s, 2, -4, 0, 2, STEPS, CHANNELS),
      tensor(s, 3, -2, -0.5, MODES, CHANNELS),
      tensor(s, 4, -1, 1, 2, STEPS, 1, MODES),
      tensor(s, 5, -1, 1, 2, STEPS, 1, MODES),
      tensor(s, 6, -1, 1, CHANNELS),
      tensor(s, 7, -3, 3, 2, STEPS, CHANNELS),
      tensor(s, 8, -1, 1, CHANNELS),
      tensor(s, 9, -1, 1, 2, MODES, CHANNELS)
    };
  }

  /// Inputs from step `from` to `to`, from state `h` on.
  private static Tensor[] piece(Tensor[] in, long from, long to, Tensor h) {
    Tensor[] some = in.clone();
    for (int i : new int[] {0, 1, 3, 4, 6}) {
      some[i] = in[i].slice(1, from, to);
    }
    some[8] = h;
    return some;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 7, 64, 65})
  void piecesGiveWhatOneCallGives(int size) {
    try (CpuDevice device = CpuDevice.open();
        Scope s = device.scope()) {
      Tensor[] in = inputs(s);
      List<Tensor> whole = OP.apply(in);
      Tensor h = in[8];
      for (int t = 0; t < STEPS; t += size) {
        int to = Math.min(STEPS, t + size);
        List<Tensor> part = OP.apply(piece(in, t, to, h));
        float[] want = whole.get(0).slice(1, t, to).toFloatArray();
        assertSame(device, want, part.get(0).toFloatArray(), "steps from " + t);
        h = part.get(1);
      }
      assertSame(device, whole.get(1).toFloatArray(), h.toFloatArray(), "last state");
    }
  }

  /// The same bits; the definition keeps states in `double` and rounds the one that it returns, so
  /// pieces of it round once each.
  private static void assertSame(CpuDevice device, float[] want, float[] got, String what) {
    if (device.simd()) {
      assertArrayEquals(want, got, what);
    } else {
      assertArrayEquals(want, got, 0x1p-20f, what);
    }
  }

  /// With `A = 0` a state is a running sum, here of integers.
  @Test
  void sumsOfIntegersAreExact() {
    try (CpuDevice device = CpuDevice.open();
        Scope s = device.scope()) {
      Shape shape = Shape.of(1, 1000, 20);
      double[] u = IntStream.range(0, 20_000).mapToDouble(i -> i * 7919 % 101 - 50).toArray();
      Tensor ones = s.full(DType.F32, Shape.of(1, 1000, 1, 1), 1);
      List<Tensor> out =
          new SelectiveScan(false, false, false, false, false, false)
              .apply(
                  s.tensor(DType.F32, shape, u),
                  s.full(DType.F32, shape, 1),
                  s.zeros(DType.F32, Shape.of(1, 20)),
                  ones,
                  ones);
      double[] y = out.get(0).toDoubleArray();
      double[] sum = new double[20];
      for (int i = 0; i < u.length; i++) {
        sum[i % 20] += u[i];
        assertEquals(sum[i % 20], y[i], "element " + i);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "F64"})
  void stepsSeeNothingOfLaterOnes(DType t) {
    try (CpuDevice device = CpuDevice.open();
        Scope s = device.scope()) {
      Tensor[] in = Arrays.stream(inputs(s)).map(x -> x.to(t)).toArray(Tensor[]::new);
      double[] before = OP.of(in).toDoubleArray();
      double[] u = in[0].toDoubleArray();
      int step = 100;
      int channel = 3;
      u[step * CHANNELS + channel] = Double.NaN;
      in[0] = s.tensor(t, in[0].shape(), u);
      double[] after = OP.of(in).toDoubleArray();
      for (int i = 0; i < after.length; i++) {
        boolean hit = i < STEPS * CHANNELS && i / CHANNELS >= step && i % CHANNELS == channel;
        assertEquals(hit ? Double.NaN : before[i], after[i], "element " + i);
      }
    }
  }

  /// Where exponents leave the range of the type: what passes no time is kept, what passes much is
  /// forgotten.
  @Test
  void hugeStepsForget() {
    try (CpuDevice device = CpuDevice.open();
        Scope s = device.scope()) {
      Tensor[] in = inputs(s);
      double[] delta = in[1].toDoubleArray();
      int step = 90;
      Arrays.fill(delta, step * CHANNELS, (step + 1) * CHANNELS, 1e6);
      in[1] = s.tensor(DType.F32, in[1].shape(), delta);
      double[] want =
          OP.apply(piece(in, step, STEPS, s.zeros(DType.F32, in[8].shape())))
              .get(0)
              .select(0, 0)
              .toDoubleArray();
      double[] got = OP.of(in).select(0, 0).slice(0, step, STEPS).toDoubleArray();
      assertArrayEquals(want, got);
      assertTrue(Arrays.stream(got).allMatch(Double::isFinite));
    }
  }
}
