package dev.gatun.op.linear;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.autograd.Gradients;
import dev.gatun.cpu.CpuDevice;
import dev.gatun.device.Device;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Monarch products against the dense matrices they stand for, and convolutions by them against
/// sums.
class MonarchTest {
  private final Device cpu = CpuDevice.open();
  private final Scope s = cpu.scope("test");

  @AfterEach
  void close() {
    s.close();
    cpu.close();
  }

  /// `[s l, k p]`, by walking every path from an input to an output.
  private static double[][] dense(double[] left, double[] right, int k, int q, int p, int l) {
    int r = k * q / l;
    int size = right.length / (l * r);
    double[][] m = new double[size * l][k * p];
    for (int block = 0; block < k; block++) {
      for (int to = 0; to < q; to++) {
        int at = block * q + to;
        for (int from = 0; from < p; from++) {
          for (int y = 0; y < size; y++) {
            m[y * l + at % l][block * p + from] +=
                left[(block * q + to) * p + from] * right[((at % l) * size + y) * r + at / l];
          }
        }
      }
    }
    return m;
  }

  @ParameterizedTest
  @CsvSource({
    "4, 4, 4, 4, 4",
    "1, 1, 1, 1, 1",
    "2, 6, 5, 3, 7",
    "4, 2, 3, 4, 5",
    "2, 9, 4, 6, 1",
    "3, 4, 2, 12, 2",
    "16, 16, 16, 16, 16",
    "8, 3, 1, 1, 9"
  })
  void aProductIsThatOfTheDenseMatrix(int k, int q, int p, int l, int size) {
    int r = k * q / l;
    Tensor left = s.normal(DType.F64, Shape.of(k, q, p), 1);
    Tensor right = s.normal(DType.F64, Shape.of(l, size, r), 2);
    double[][] rows = dense(left.toDoubleArray(), right.toDoubleArray(), k, q, p, l);
    double[] flat = Arrays.stream(rows).flatMapToDouble(Arrays::stream).toArray();
    Tensor m = s.tensor(Shape.of((long) size * l, (long) k * p), flat);
    Tensor x = s.normal(DType.F64, Shape.of(2, 3, (long) k * p), 3);
    Tensor y = new Monarch().of(x, left, right);
    assertEquals(Shape.of(2, 3, (long) size * l), y.shape());
    assertArrayEquals(
        x.linear(m, Optional.empty(), Activation.NONE).toDoubleArray(),
        y.toDoubleArray(),
        1e-12 * p * r);
    Tensor leaf = x.requiresGrad();
    Tensor dy = s.normal(DType.F64, y.shape(), 4);
    assertArrayEquals(
        dy.matmul(m).toDoubleArray(),
        new Monarch().of(leaf, left, right).backward(dy).of(leaf).toDoubleArray(),
        1e-12 * size * q);
  }

  @ParameterizedTest
  @CsvSource({"4, 4", "1, 1", "1, 7", "7, 1", "5, 3", "2, 8", "12, 10"})
  void factorsAreThoseOfTheFourierTransform(int p, int q) {
    MonarchConvolution transform = new MonarchConvolution(p, q);
    Tensor x = s.normal(DType.F64, Shape.of(3, transform.length()), 1);
    MonarchConvolution.Factors f = transform.factors(s, DType.F64);
    Tensor blocks = x.reshape(3, p, q).transpose().reshape(3, transform.length());
    double[] got = new Monarch().of(blocks, f.left(), f.right()).toDoubleArray();
    var want = Fft.forward().apply(x, s.zeros(DType.F64, x.shape()));
    assertArrayEquals(want.get(0).concat(1, want.get(1)).toDoubleArray(), got, 1e-13 * p * q);
  }

  private static double[] direct(Tensor u, Tensor k, boolean circular) {
    int l = Math.toIntExact(u.dim(2));
    int taps = Math.toIntExact(k.dim(1));
    double[] x = u.toDoubleArray();
    double[] w = k.toDoubleArray();
    double[] y = new double[x.length];
    for (int row = 0; row < x.length / l; row++) {
      int h = row % Math.toIntExact(u.dim(1));
      for (int t = 0; t < l; t++) {
        for (int j = 0; j < taps && (circular || j <= t); j++) {
          y[row * l + t] += w[h * taps + j] * x[row * l + Math.floorMod(t - j, l)];
        }
      }
    }
    return y;
  }

  @ParameterizedTest
  @CsvSource({
    "1, 1",
    "2, 1",
    "2, 2",
    "7, 7",
    "16, 16",
    "37, 5",
    "100, 100",
    "256, 256",
    "1000, 999"
  })
  void causalConvolutionIsTheSum(int l, int taps) {
    Tensor u = s.normal(DType.F64, Shape.of(2, 3, l), 1);
    Tensor k = s.normal(DType.F64, Shape.of(3, taps), 2);
    assertArrayEquals(
        direct(u, k, false), MonarchConvolution.causal(u, k).toDoubleArray(), 1e-14 * (l + 20));
  }

  @ParameterizedTest
  @CsvSource({"1", "2", "3", "16", "24", "37", "100", "1024"})
  void circularConvolutionIsTheSum(int n) {
    Tensor u = s.normal(DType.F64, Shape.of(2, 3, n), 1);
    Tensor k = s.normal(DType.F64, Shape.of(3, n), 2);
    MonarchConvolution m = MonarchConvolution.ofLength(n);
    assertEquals(n, m.length());
    double[] want = direct(u, k, true);
    assertArrayEquals(want, m.circular(u, k).toDoubleArray(), 1e-14 * (n + 20));
    assertArrayEquals(
        want, new MonarchConvolution(1, n).circular(u, k).toDoubleArray(), 1e-14 * (n + 20));
  }

  /// The bound that [MonarchConvolution] states, against [FftConv] in double: noise around 0, and
  /// rows without a negative number, one frequency of which is far above the others.
  @ParameterizedTest
  @CsvSource({"64, 0", "1000, 0", "4096, 0", "16384, 0", "64, 1", "1000, 1", "4096, 1", "16384, 1"})
  void floatsKeepTheBound(int l, double shift) {
    Tensor u = s.normal(DType.F32, Shape.of(2, 2, l), 1).mul(1 - 0.7 * shift).add(shift);
    Tensor k = s.normal(DType.F32, Shape.of(2, l), 2).mul(1 - 0.7 * shift).add(shift);
    double[] got = MonarchConvolution.causal(u, k).toDoubleArray();
    double[] want =
        FftConv.of(u.to(DType.F64), k.to(DType.F64), Optional.empty(), Optional.empty(), false)
            .toDoubleArray();
    double worst = 0;
    for (int i = 0; i < got.length; i++) {
      worst = Math.max(worst, Math.abs(want[i] - got[i]));
    }
    MonarchConvolution m = MonarchConvolution.ofAtLeast(2 * l - 1);
    double norms = u.square().sum(2).sqrt().max().item() * k.square().sum(1).sqrt().max().item();
    double bound = 0x1p-24 * (Math.sqrt(m.p()) + Math.sqrt(m.q())) * norms;
    assertTrue(worst <= bound, worst + " of " + bound);
  }

  @Test
  void gradientsAreThoseOfTheFftConvolution() {
    Tensor u = s.normal(DType.F64, Shape.of(2, 3, 50), 1).requiresGrad();
    Tensor k = s.normal(DType.F64, Shape.of(3, 31), 2).requiresGrad();
    Tensor dy = s.normal(DType.F64, u.shape(), 3);
    Gradients want = FftConv.of(u, k, Optional.empty(), Optional.empty(), false).backward(dy);
    Gradients got = MonarchConvolution.causal(u, k).backward(dy);
    assertArrayEquals(want.of(u).toDoubleArray(), got.of(u).toDoubleArray(), 1e-12);
    assertArrayEquals(want.of(k).toDoubleArray(), got.of(k).toDoubleArray(), 1e-12);
    Tensor full = s.normal(DType.F64, Shape.of(3, 50), 4).requiresGrad();
    want = FftConv.circular(u, full, 50).backward(dy);
    got = MonarchConvolution.ofLength(50).circular(u, full).backward(dy);
    assertArrayEquals(want.of(u).toDoubleArray(), got.of(u).toDoubleArray(), 1e-12);
    assertArrayEquals(want.of(full).toDoubleArray(), got.of(full).toDoubleArray(), 1e-12);
  }

  @Test
  void emptyBatchesPassAndWrongShapesAreNamed() {
    Tensor k = s.normal(DType.F32, Shape.of(3, 8), 1);
    Tensor none = s.zeros(DType.F32, Shape.of(0, 3, 8));
    assertEquals(none.shape(), MonarchConvolution.causal(none, k).shape());
    Tensor wrong = s.zeros(DType.F32, Shape.of(2, 4, 8));
    String message =
        assertThrows(IllegalArgumentException.class, () -> MonarchConvolution.causal(wrong, k))
            .getMessage();
    assertEquals(
        "MonarchConvolution: u must be [B, H, L] and k [H, 1 to L] of one type, F32 or F64;"
            + " got u F32 [2,4,8], k F32 [3,8]",
        message);
    MonarchConvolution m = new MonarchConvolution(3, 3);
    assertThrows(IllegalArgumentException.class, () -> m.circular(none, k));
    assertThrows(IllegalArgumentException.class, () -> new MonarchConvolution(0, 3));
    assertThrows(IllegalArgumentException.class, () -> MonarchConvolution.ofLength(0));
  }

  @Test
  void resultsDoNotDependOnThreads() {
    double[][] results = new double[2][];
    for (int threads = 1; threads <= 2; threads++) {
      try (Device device = CpuDevice.open(CpuDevice.Options.standard().withThreads(threads));
          Scope t = device.scope()) {
        Tensor u = t.normal(DType.F32, Shape.of(3, 4, 900), 1);
        Tensor k = t.normal(DType.F32, Shape.of(4, 900), 2);
        results[threads - 1] = MonarchConvolution.causal(u, k).toDoubleArray();
      }
    }
    assertArrayEquals(results[0], results[1]);
  }
}
