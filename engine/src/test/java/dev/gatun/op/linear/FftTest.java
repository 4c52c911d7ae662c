package dev.gatun.op.linear;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.gatun.cpu.CpuDevice;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class FftTest {
  /// All that a plan may do: every short length, primes, powers, products and lengths next to them.
  private static int[] lengths() {
    return IntStream.concat(
            IntStream.rangeClosed(1, 64),
            IntStream.of(
                67, 97, 125, 127, 128, 169, 243, 251, 256, 257, 343, 360, 509, 512, 625, 720, 1000,
                1001, 1021, 1024, 1331, 2048, 2053, 2187, 2310, 4095, 4096))
        .toArray();
  }

  /// What the documentation promises: error norm over result norm.
  private static double bound(DType t, int n) {
    boolean smooth = IntStream.of(2, 3, 5, 7, 11, 13).reduce(n, FftTest::without) == 1;
    double eps = t == DType.F32 ? 0x1p-24 : 0x1p-53;
    return eps * (smooth ? 1 : 2) * Math.log(2 * n) / Math.log(2);
  }

  private static int without(int n, int p) {
    while (n % p == 0) {
      n /= p;
    }
    return n;
  }

  private static double[] spectrum(double[] re, double[] im, boolean inverse) {
    double[][] y = Dft.transform(re, im, inverse);
    return IntStream.range(0, 2 * re.length)
        .mapToDouble(i -> y[i / re.length][i % re.length])
        .toArray();
  }

  private static double[] both(List<Tensor> z) {
    double[] re = z.get(0).toDoubleArray();
    double[] im = z.get(1).toDoubleArray();
    return IntStream.range(0, 2 * re.length)
        .mapToDouble(i -> i < re.length ? re[i] : im[i - re.length])
        .toArray();
  }

  private static void near(String what, double[] want, double[] got, double bound) {
    double error = 0;
    double norm = 0;
    for (int i = 0; i < want.length; i++) {
      error += (want[i] - got[i]) * (want[i] - got[i]);
      norm += want[i] * want[i];
    }
    double relative = Math.sqrt(error / norm);
    assertTrue(relative <= bound, () -> "%s: %.3g, bound %.3g".formatted(what, relative, bound));
  }

  @Test
  void errorsStayWithinTheBound() {
    try (CpuDevice cpu = CpuDevice.open();
        Scope scope = cpu.scope()) {
      for (DType t : List.of(DType.F32, DType.F64)) {
        for (int n : lengths()) {
          Tensor re = scope.normal(t, Shape.of(n), 1);
          Tensor im = scope.normal(t, Shape.of(n), 2);
          double[] x = re.toDoubleArray();
          double[] y = im.toDoubleArray();
          near("fft " + n, spectrum(x, y, false), both(re.fft(im, 0)), bound(t, n));
          double[] inverse = spectrum(x, y, true);
          double[] got = both(re.ifft(im, 0));
          near(
              "ifft " + n,
              inverse,
              IntStream.range(0, 2 * n).mapToDouble(i -> got[i] * n).toArray(),
              bound(t, n));
          real(t, re, n);
        }
      }
    }
  }

  private static void real(DType t, Tensor x, int n) {
    double[] full = spectrum(x.toDoubleArray(), new double[n], false);
    int half = n / 2 + 1;
    double[] want =
        IntStream.range(0, 2 * half).mapToDouble(i -> full[i / half * n + i % half]).toArray();
    List<Tensor> y = x.rfft(0);
    near("rfft " + n, want, both(y), bound(t, n));
    near(
        "irfft " + n,
        x.toDoubleArray(),
        y.get(0).irfft(y.get(1), 0, n).toDoubleArray(),
        2 * bound(t, n));
  }

  /// Too long for the definition: F32 against F64, and F64 there and back.
  @Test
  void longRowsKeepTheBound() {
    try (CpuDevice cpu = CpuDevice.open();
        Scope scope = cpu.scope()) {
      assumeTrue(cpu.simd(), "the definition takes the square of the length");
      for (int n : new int[] {10_007, 32_768, 65_536, 100_000, 131_071}) {
        Tensor x = scope.normal(DType.F32, Shape.of(n), 1);
        Tensor z = scope.normal(DType.F32, Shape.of(n), 2);
        double[] want = both(x.to(DType.F64).fft(z.to(DType.F64), 0));
        near("fft " + n, want, both(x.fft(z, 0)), bound(DType.F32, n));
        near("rfft " + n, both(x.to(DType.F64).rfft(0)), both(x.rfft(0)), bound(DType.F32, n));
        List<Tensor> there = x.to(DType.F64).fft(z.to(DType.F64), 0);
        List<Tensor> back = there.get(0).ifft(there.get(1), 0);
        near("and back " + n, both(List.of(x, z)), both(back), 2 * bound(DType.F64, n));
      }
    }
  }

  @Test
  void anyAxisIsTransformed() {
    try (CpuDevice cpu = CpuDevice.open();
        Scope scope = cpu.scope()) {
      Tensor x = scope.normal(DType.F64, Shape.of(3, 10, 2), 1);
      List<Tensor> y = x.rfft(-2);
      assertEquals(Shape.of(3, 6, 2), y.get(0).shape());
      double[] want = x.permute(0, 2, 1).rfft(2).get(1).permute(0, 2, 1).toDoubleArray();
      assertArrayEquals(want, y.get(1).toDoubleArray());
      Tensor back = y.get(0).irfft(y.get(1), 1, 10);
      assertArrayEquals(x.toDoubleArray(), back.toDoubleArray(), 1e-14);
    }
  }

  @Test
  void oneBadElementSpoilsItsRowAlone() {
    try (CpuDevice cpu = CpuDevice.open();
        Scope scope = cpu.scope()) {
      float[] values = new float[3 * 1000];
      values[1500] = Float.POSITIVE_INFINITY;
      double[] y = scope.tensor(Shape.of(3, 1000), values).rfft(1).get(0).toDoubleArray();
      for (int i = 0; i < y.length; i++) {
        assertEquals(i / 501 == 1, Double.isNaN(y[i]), "element " + i);
      }
    }
  }

  /// By the definition in doubles, at a length where rows no longer fit one pass.
  @Test
  void longConvolutionsEqualTheDefinition() {
    try (CpuDevice cpu = CpuDevice.open();
        Scope scope = cpu.scope()) {
      int l = 3000;
      Tensor u = scope.normal(DType.F32, Shape.of(1, 1, l), 1);
      Tensor k = scope.normal(DType.F32, Shape.of(1, l), 2);
      Tensor rev = scope.normal(DType.F32, Shape.of(1, 100), 3);
      Optional<Tensor> d = Optional.of(scope.normal(DType.F32, Shape.of(1), 4));
      double[] want = new double[l];
      double[] us = u.toDoubleArray();
      double[] ks = k.toDoubleArray();
      double[] rs = rev.toDoubleArray();
      for (int t = 0; t < l; t++) {
        want[t] = d.get().toDoubleArray()[0] * us[t];
        for (int s = 0; s < l; s++) {
          want[t] += us[s] * ((s <= t ? ks[t - s] : 0) + (s >= t && s - t < 100 ? rs[s - t] : 0));
        }
      }
      double[] got = FftConv.of(u, k, Optional.of(rev), d, false).toDoubleArray();
      near("convolution", want, got, 3 * 0x1p-24 * Math.log(2.0 * l) / Math.log(2));
    }
  }
}
