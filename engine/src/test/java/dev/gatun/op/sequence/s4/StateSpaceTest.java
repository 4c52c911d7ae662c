package dev.gatun.op.sequence.s4;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.gatun.cpu.CpuDevice;
import dev.gatun.device.Device;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The forms of one state space model against each other.
class StateSpaceTest {
  private static final int N = 16;
  private static final long H = 2;

  private static Tensor row(Scope s, double... x) {
    return s.tensor(DType.F64, Shape.of(x.length), x);
  }

  private static Tensor matrix(Scope s, double[][] x) {
    double[] all = Arrays.stream(x).flatMapToDouble(Arrays::stream).toArray();
    return row(s, all).reshape(x.length, 1, x[0].length);
  }

  /// Two features of one HiPPO matrix with steps 0.01 and 0.1.
  private static Dplr model(Scope s, Hippo measure, int n, int rank, DType type) {
    Nplr nplr = measure.nplr(n, rank);
    double[] re = new double[n / 2];
    Arrays.fill(re, Math.min(nplr.real(), -0.01));
    Complex lambda = new Complex(row(s, re), row(s, nplr.frequencies())).view(t -> t.unsqueeze(0));
    Complex b = Complex.real(row(s, nplr.input())).view(t -> t.unsqueeze(0));
    Complex p = new Complex(matrix(s, nplr.correctionRe()), matrix(s, nplr.correctionIm()));
    Shape shape = Shape.of(1, H, n / 2);
    Complex c =
        new Complex(s.normal(DType.F64, shape, 1), s.normal(DType.F64, shape, 2)).times(0.7);
    Dplr d = new Dplr(lambda, b, p, c, row(s, 0.01, 0.1));
    return type == DType.F64
        ? d
        : new Dplr(
            d.lambda().view(t -> t.to(type)),
            d.b().view(t -> t.to(type)),
            d.p().view(t -> t.to(type)),
            d.c().view(t -> t.to(type)),
            d.dt().to(type));
  }

  private static Dplr same(Dplr d, DType type) {
    return new Dplr(
        d.lambda().view(t -> t.to(type)),
        d.b().view(t -> t.to(type)),
        d.p().view(t -> t.to(type)),
        d.c().view(t -> t.to(type)),
        d.dt().to(type));
  }

  private static double largest(double[] x) {
    return Arrays.stream(x).map(Math::abs).max().orElse(0);
  }

  private static void near(double[] want, double[] got, double bound) {
    assertArrayEquals(want, got, bound * Math.max(1, largest(want)));
  }

  @ParameterizedTest
  @EnumSource(value = Hippo.class, names = "LMU", mode = EnumSource.Mode.EXCLUDE)
  void aMatrixIsNormalPlusLowRank(Hippo measure) {
    for (int n : new int[] {2, 8, 64}) {
      double[][] want = measure.matrix(n);
      double[][] got = measure.nplr(n, measure.rank() + 1).matrix();
      for (int i = 0; i < n; i++) {
        assertArrayEquals(want[i], got[i], 3e-8 * n, measure + " " + n);
      }
      assertTrue(Arrays.stream(measure.nplr(n, 2).input()).allMatch(b -> b >= 0));
    }
  }

  @Test
  void wrongSizesAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> Hippo.LEGS.nplr(7, 1));
    assertThrows(IllegalArgumentException.class, () -> Hippo.LEGT.nplr(8, 1));
    assertThrows(IllegalArgumentException.class, Hippo.LMU::rank);
    assertThrows(IllegalArgumentException.class, () -> Hippo.FOURIER.matrix(3));
  }

  @ParameterizedTest
  @EnumSource(value = Hippo.class, names = "LMU", mode = EnumSource.Mode.EXCLUDE)
  void convolutionIsRecurrence(Hippo measure) {
    try (Device cpu = CpuDevice.open();
        Scope s = cpu.scope()) {
      Dplr model = model(s, measure, N, 2, DType.F64);
      for (long length : new long[] {1, 2, 3, 17, 32}) {
        Tensor u = s.normal(DType.F64, Shape.of(3, H, length), 5);
        Complex zero = Complex.real(s.zeros(DType.F64, Shape.of(3, H, N / 2)));
        Complex state = zero;
        Optional<Tensor> y = Optional.empty();
        for (long l = 0; l < length; l++) {
          state = model.step(state, u.select(2, l));
          Tensor one = model.output(state).unsqueeze(3);
          y = Optional.of(y.map(t -> t.concat(3, one)).orElse(one));
        }
        Tensor kernel = model.forLength(length).kernel(length);
        near(
            y.orElseThrow().toDoubleArray(),
            LongConvolution.causal(u, kernel).toDoubleArray(),
            1e-10);
        near(state.re().toDoubleArray(), model.after(u, zero).re().toDoubleArray(), 1e-11);
      }
    }
  }

  @Test
  void aSequenceSplitIsOneCall() {
    try (Device cpu = CpuDevice.open();
        Scope s = cpu.scope()) {
      long length = 40;
      Dplr model = model(s, Hippo.LEGS, N, 1, DType.F64);
      Tensor u = s.normal(DType.F64, Shape.of(2, H, length), 5);
      Complex zero = Complex.real(s.zeros(DType.F64, Shape.of(2, H, N / 2)));
      Tensor whole = LongConvolution.causal(u, model.forLength(length).kernel(length));
      for (long cut : new long[] {1, 13, 39}) {
        Complex state = model.after(u.slice(2, 0, cut), zero);
        long rest = length - cut;
        Dplr prepared = model.forLength(rest);
        Tensor y =
            LongConvolution.causal(u.slice(2, cut, length), prepared.kernel(rest))
                .add(prepared.stateKernel(state, rest));
        near(whole.slice(3, cut, length).toDoubleArray(), y.toDoubleArray(), 1e-10);
      }
    }
  }

  @Test
  void lengthsDoubleAndComeBack() {
    try (Device cpu = CpuDevice.open();
        Scope s = cpu.scope()) {
      Dplr model = model(s, Hippo.LEGS, N, 1, DType.F64);
      Dplr prepared = model.forLength(32);
      near(
          model.forLength(64).c().re().toDoubleArray(),
          prepared.doubled(32).c().re().toDoubleArray(),
          1e-11);
      near(model.c().im().toDoubleArray(), prepared.fromLength(32).c().im().toDoubleArray(), 1e-9);
    }
  }

  /// Lengths 1 and 2, primes and powers of two: at even ones there is a node at half the rate.
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 7, 64, 97, 256, 1021, 1024, 4096, 16_381, 16_384, 65_536})
  void floatsAreNearDoubles(long length) {
    try (CpuDevice cpu = CpuDevice.open();
        Scope s = cpu.scope()) {
      assumeTrue(cpu.simd() || length <= 1024, "the definition takes the square of the length");
      Dplr floats = model(s, Hippo.LEGS, 64, 1, DType.F32);
      double[] want = same(floats, DType.F64).kernel(length).toDoubleArray();
      double[] got = floats.kernel(length).toDoubleArray();
      double worst = 0;
      for (int i = 0; i < want.length; i++) {
        worst = Math.max(worst, Math.abs(want[i] - got[i]));
      }
      assertTrue(worst <= 1e-6 * largest(want), worst / largest(want) + " at " + length);
    }
  }

  @ParameterizedTest
  @EnumSource(value = Diagonal.Rule.class, names = "SOFTMAX", mode = EnumSource.Mode.EXCLUDE)
  void diagonalConvolutionIsRecurrence(Diagonal.Rule rule) {
    try (Device cpu = CpuDevice.open();
        Scope s = cpu.scope()) {
      Complex lambda =
          new Complex(row(s, -0.5, -0.5, -0.2), row(s, 0, -3.14, -30)).view(t -> t.unsqueeze(0));
      Complex b = Complex.real(s.full(DType.F64, Shape.of(1, 3), 1));
      Shape shape = Shape.of(2, H, 3);
      Complex c = new Complex(s.normal(DType.F64, shape, 1), s.normal(DType.F64, shape, 2));
      Diagonal model = new Diagonal(lambda, b, c, row(s, 0.01, 0.1).unsqueeze(1), rule);
      Tensor u = s.normal(DType.F64, Shape.of(2, H, 30), 3);
      Complex start =
          new Complex(
              s.normal(DType.F64, Shape.of(2, H, 3), 7), s.normal(DType.F64, Shape.of(2, H, 3), 8));
      Complex state = start;
      Optional<Tensor> y = Optional.empty();
      for (long l = 0; l < 30; l++) {
        state = model.step(state, u.select(2, l));
        Tensor one = model.output(state).unsqueeze(3);
        y = Optional.of(y.map(t -> t.concat(3, one)).orElse(one));
      }
      Tensor convolved =
          LongConvolution.causal(u, model.kernel(30)).add(model.stateKernel(start, 30));
      near(y.orElseThrow().toDoubleArray(), convolved.toDoubleArray(), 1e-12);
      near(state.im().toDoubleArray(), model.after(u, start).im().toDoubleArray(), 1e-12);
    }
  }

  /// What is computed from the end where a mode grows: nothing overflows.
  @Test
  void softmaxTakesModesThatGrow() {
    try (Device cpu = CpuDevice.open();
        Scope s = cpu.scope()) {
      Complex lambda = new Complex(row(s, 2, -2), row(s, 1, 1)).view(t -> t.unsqueeze(0));
      Complex b = Complex.real(s.full(DType.F64, Shape.of(1, 2), 1));
      Complex c = Complex.real(s.full(DType.F64, Shape.of(1, 1, 2), 1));
      Diagonal model = new Diagonal(lambda, b, c, row(s, 1).unsqueeze(1), Diagonal.Rule.SOFTMAX);
      double[] k = model.kernel(2_000).toDoubleArray();
      assertTrue(Arrays.stream(k).allMatch(Double::isFinite));
      assertEquals(2_000, k.length);
      assertTrue(Math.abs(k[0]) > 0.1 && Math.abs(k[1_999]) > 0.1 && Math.abs(k[1_000]) < 1e-9);
    }
  }

  @Test
  void resultsDoNotDependOnThreads() {
    double[][] results = new double[2][];
    for (int threads = 1; threads <= 2; threads++) {
      try (Device cpu = CpuDevice.open(CpuDevice.Options.standard().withThreads(threads));
          Scope s = cpu.scope()) {
        results[threads - 1] = model(s, Hippo.LEGS, 64, 1, DType.F32).kernel(5_000).toDoubleArray();
      }
    }
    assertArrayEquals(results[0], results[1]);
  }

  /// At both sides of the length where sums become transforms, with and without what goes through.
  @ParameterizedTest
  @ValueSource(longs = {1, 63, 64, 65, 80})
  void longConvolutionsAreTheirSums(long taps) {
    try (Device cpu = CpuDevice.open();
        Scope s = cpu.scope()) {
      Tensor x = s.normal(DType.F64, Shape.of(2, H, 80), 1);
      Tensor kernel = s.normal(DType.F64, Shape.of(2, H, taps), 2);
      Tensor d = s.normal(DType.F64, Shape.of(2, H), 3);
      double[] plain = LongConvolution.causal(x, kernel).toDoubleArray();
      double[] whole = LongConvolution.causal(x, kernel, Optional.of(d), false).toDoubleArray();
      double[] xs = x.toDoubleArray();
      double[] ks = kernel.toDoubleArray();
      double[] ds = d.toDoubleArray();
      for (int i = 0; i < plain.length; i++) {
        int t = i % 80;
        int h = i / 80 % (int) H;
        int k = i / 80 / (int) H % 2;
        int row = (i / 80 / (int) H / 2 * (int) H + h) * 80;
        double sum = 0;
        for (int l = 0; l < taps && l <= t; l++) {
          sum += ks[(k * (int) H + h) * (int) taps + l] * xs[row + t - l];
        }
        assertEquals(sum, plain[i], 1e-12);
        assertEquals(sum + ds[k * (int) H + h] * xs[row + t], whole[i], 1e-12);
      }
    }
  }
}
