package dev.gatun.op.sequence.scan;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.cpu.CpuDevice;
import dev.gatun.device.Device;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// What all schedules of a [Scan] have in common.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ScanTest {
  private final List<Device> devices = new ArrayList<>();

  @BeforeAll
  void open() {
    for (int threads : new int[] {1, 2, 3}) {
      devices.add(CpuDevice.open(CpuDevice.Options.standard().withThreads(threads)));
    }
  }

  @AfterAll
  void close() {
    devices.forEach(Device::close);
  }

  /// 1 to 300, and around powers of two.
  private static IntStream lengths(int most) {
    IntStream powers =
        IntStream.rangeClosed(9, most)
            .flatMap(k -> IntStream.of((1 << k) - 1, 1 << k, (1 << k) + 1));
    return IntStream.concat(IntStream.rangeClosed(1, 300), powers);
  }

  private static float[] draw(int n, long seed, float... of) {
    Random random = new Random(seed);
    float[] x = new float[n];
    for (int i = 0; i < n; i++) {
      x[i] = of[random.nextInt(of.length)];
    }
    return x;
  }

  private static Tensor tensor(Scope s, float[] x, long... dims) {
    return s.tensor(Shape.of(dims), x);
  }

  /// Gates of 1 and -1, small integers to add: every order of joining gives the same bits.
  @ParameterizedTest
  @EnumSource(Mode.class)
  void signsAreExact(Mode mode) {
    lengths(20)
        .forEach(t -> {
          float[] a = draw(t, t, 1, -1);
          float[] b = draw(t, t + 1, -1, 0, 1, 2);
          float[] want = new float[t];
          float h = 3;
          for (int i = 0; i < t; i++) {
            h = a[i] * h + b[i];
            want[i] = h;
          }
          for (Device d : devices) {
            try (Scope s = d.scope()) {
              Tensor start = tensor(s, new float[] {3});
              List<Tensor> out =
                  Scan.affine(0).by(mode).apply(tensor(s, a, t), tensor(s, b, t), start.reshape());
              assertArrayEquals(want, out.get(0).toFloatArray(), () -> mode + " " + t);
              assertEquals(h, out.get(1).item());
            }
          }
        });
  }

  /// Rotations by a quarter turn.
  @ParameterizedTest
  @EnumSource(Mode.class)
  void rotationsAreExact(Mode mode) {
    lengths(17)
        .forEach(t -> {
          int[] turns = new Random(t).ints(t, 0, 4).toArray();
          float[] re = new float[t];
          float[] im = new float[t];
          float[] b = draw(t, t + 1, -1, 0, 1);
          float[] c = draw(t, t + 2, -1, 0, 1);
          float[] wantRe = new float[t];
          float[] wantIm = new float[t];
          float x = 0;
          float y = 0;
          for (int i = 0; i < t; i++) {
            re[i] = turns[i] == 0 ? 1 : turns[i] == 2 ? -1 : 0;
            im[i] = turns[i] == 1 ? 1 : turns[i] == 3 ? -1 : 0;
            float u = re[i] * x - im[i] * y + b[i];
            y = re[i] * y + im[i] * x + c[i];
            x = u;
            wantRe[i] = x + 0f;
            wantIm[i] = y + 0f;
          }
          for (Device d : devices) {
            try (Scope s = d.scope()) {
              List<Tensor> out =
                  Scan.complex(0)
                      .by(mode)
                      .apply(tensor(s, re, t), tensor(s, im, t), tensor(s, b, t), tensor(s, c, t));
              // Adding 0 takes the sign of zeros, which depends on the order.
              assertArrayEquals(wantRe, out.get(0).add(0).toFloatArray(), () -> mode + " " + t);
              assertArrayEquals(wantIm, out.get(1).add(0).toFloatArray(), () -> mode + " " + t);
            }
          }
        });
  }

  /// Matrices that exchange two numbers or not: joined in the wrong order they would not.
  @ParameterizedTest
  @EnumSource(Mode.class)
  void swapsAreExact(Mode mode) {
    lengths(14)
        .forEach(t -> {
          float[] swap = draw(t, t, 0, 1);
          float[] sign = draw(t, t + 3, 1, -1);
          float[] a = new float[4 * t];
          float[] b = draw(2 * t, t + 1, -1, 0, 1);
          float[] want = new float[2 * t];
          float x = 0;
          float y = 0;
          for (int i = 0; i < t; i++) {
            a[4 * i] = a[4 * i + 3] = sign[i] * (1 - swap[i]);
            a[4 * i + 1] = swap[i];
            a[4 * i + 2] = -swap[i];
            float u = a[4 * i] * x + a[4 * i + 1] * y + b[2 * i];
            y = a[4 * i + 2] * x + a[4 * i + 3] * y + b[2 * i + 1];
            x = u;
            want[2 * i] = x;
            want[2 * i + 1] = y;
          }
          for (Device d : devices) {
            try (Scope s = d.scope()) {
              Tensor h = Scan.blocks(0, 2).by(mode).of(tensor(s, a, t, 2, 2), tensor(s, b, t, 2));
              double[] got = h.toDoubleArray();
              for (int i = 0; i < 2 * t; i++) {
                assertEquals(want[i], (float) got[i] + 0f, mode + " " + t + " at " + i);
              }
            }
          }
        });
  }

  /// Results of `n` columns with `v` planted in one step of one column.
  private static double[][] planted(Device d, Mode mode, int t, int n, int at, float v) {
    float[] a = draw(t * n, 1, 0.5f, -0.75f, 0.9f);
    float[] b = draw(t * n, 2, 1, -1, 0.5f);
    b[at] = v;
    try (Scope s = d.scope()) {
      Tensor h = Scan.affine(0).by(mode).of(tensor(s, a, t, n), tensor(s, b, t, n));
      double[] all = h.toDoubleArray();
      return IntStream.range(0, t)
          .mapToObj(i -> Arrays.copyOfRange(all, i * n, (i + 1) * n))
          .toArray(double[][]::new);
    }
  }

  /// A step sees nothing of later ones, a channel nothing of others; what comes later is not
  /// finite.
  @ParameterizedTest
  @EnumSource(Mode.class)
  void whatIsNotFiniteDoesNotLeak(Mode mode) {
    for (int n : new int[] {1, 3, 37}) {
      int t = 20_001;
      for (int step : new int[] {0, 7, 9_000, t - 1}) {
        double[][] clean = planted(devices.get(1), mode, t, n, step * n, 0.25f);
        for (float v : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
          double[][] got = planted(devices.get(1), mode, t, n, step * n, v);
          for (int i = 0; i < t; i++) {
            for (int j = 0; j < n; j++) {
              boolean hit = i >= step && j == 0;
              assertEquals(!hit, Double.isFinite(got[i][j]), mode + " " + n + " at " + i);
              if (!hit) {
                assertEquals(clean[i][j], got[i][j], 1e-6);
              }
            }
          }
        }
      }
    }
  }

  /// Products of gates overflow where states do not, in pieces and in vectors; and the other way
  /// round a state that overflows and is multiplied by 0 must not come back.
  @ParameterizedTest
  @EnumSource(Mode.class)
  void productsThatOverflowDoNotMatter(Mode mode) {
    int t = 40_000;
    float[] a = new float[t];
    Arrays.fill(a, 1e30f);
    float[] zero = new float[t];
    for (Device d : devices) {
      try (Scope s = d.scope()) {
        Tensor gates = tensor(s, a, t);
        assertArrayEquals(
            zero, Scan.affine(0).by(mode).of(gates, tensor(s, zero, t)).toFloatArray());
        float[] one = new float[t];
        one[20_000] = 1;
        float[] stop = a.clone();
        stop[30_000] = 0;
        double[] h =
            Scan.affine(0).by(mode).of(tensor(s, stop, t), tensor(s, one, t)).toDoubleArray();
        assertEquals(0, h[19_999]);
        assertEquals(1, h[20_000]);
        assertEquals(Double.POSITIVE_INFINITY, h[20_002]);
        assertTrue(Double.isNaN(h[30_000]) && Double.isNaN(h[t - 1]));
      }
    }
  }

  /// A state that decays for ever is 0 from the least normal number on, some steps earlier or
  /// later.
  @ParameterizedTest
  @EnumSource(Mode.class)
  void aDecayingStateBecomesZero(Mode mode) {
    int t = 60_000;
    try (Scope s = devices.get(0).scope()) {
      for (long n : new long[] {1, 3, 40}) {
        Tensor a = s.full(DType.F32, Shape.of(t, n), 0.99);
        Tensor b = s.full(DType.F32, Shape.of(1, n), 1).pad(0, 0, t - 1);
        double[] h = Scan.affine(0).by(mode).of(a, b).select(1, n - 1).toDoubleArray();
        assertTrue(h[8_000] > 1e-36, () -> "must decay; got " + h[8_000]);
        for (int i = 0; i < t; i++) {
          double exact = Math.pow((float) 0.99, i);
          if (exact > 1e-35) {
            assertEquals(exact, h[i], 1e-3 * exact);
          } else if (exact < 0.8 * Float.MIN_NORMAL) {
            assertEquals(0, h[i], mode + " " + n + " at " + i);
          }
        }
      }
    }
  }

  /// The same bits by any number of threads, with numbers that round.
  @Test
  void threadsDoNotChangeBits() {
    for (Mode mode : Mode.values()) {
      for (long n : new long[] {1, 2, 7, 31, 100, 600}) {
        long t = n > 50 ? 3_001 : 50_001;
        List<float[]> got =
            devices.stream()
                .map(d -> {
                  try (Scope s = d.scope()) {
                    Tensor a = s.normal(DType.F32, Shape.of(t, n), 1).mul(0.6);
                    Tensor b = s.normal(DType.F32, Shape.of(t, n), 2);
                    Tensor x = a.detach().requiresGrad();
                    Tensor y = Scan.affine(0).by(mode).of(x, b);
                    float[] da = y.square().sum().backward().of(x).toFloatArray();
                    float[] all = Arrays.copyOf(y.toFloatArray(), 2 * da.length);
                    System.arraycopy(da, 0, all, da.length, da.length);
                    return all;
                  }
                })
                .toList();
        Stream.of(1, 2).forEach(i -> assertArrayEquals(got.get(0), got.get(i)));
      }
    }
  }
}
