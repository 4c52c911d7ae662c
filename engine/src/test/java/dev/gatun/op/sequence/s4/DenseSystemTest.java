package dev.gatun.op.sequence.s4;

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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The three views of a dense system against each other and against plain loops.
class DenseSystemTest {
  private static final int N = 6;
  private static final int H = 2;
  private static final int K = 3;
  private static final double[] DT = {0.02, 0.1};

  private final Device cpu = CpuDevice.open();
  private final Scope s = cpu.scope("test");

  @AfterEach
  void close() {
    s.close();
    cpu.close();
  }

  private Tensor row(double... x) {
    return s.tensor(DType.F64, Shape.of(x.length), x);
  }

  private static double[] flat(double[][] x) {
    return Arrays.stream(x).flatMapToDouble(Arrays::stream).toArray();
  }

  /// HiPPO's matrix for all features, or normal numbers for each.
  private DenseSystem model(boolean hippo, double alpha) {
    long copies = hippo ? 1 : H;
    Shape square = Shape.of(copies, N, N);
    Tensor a =
        hippo
            ? s.tensor(DType.F64, square, flat(Hippo.LEGS.matrix(N)))
            : s.normal(DType.F64, square, 1).mul(0.5).sub(s.eye(DType.F64, N, N));
    Tensor b =
        hippo ? row(Hippo.LEGS.input(N)).unsqueeze(0) : s.normal(DType.F64, Shape.of(H, N), 2);
    return new DenseSystem(a, b, s.normal(DType.F64, Shape.of(K, H, N), 3), row(DT), alpha);
  }

  private Tensor signal(long batch, long length) {
    return s.normal(DType.F64, Shape.of(batch, H, length), 4);
  }

  private static void near(Tensor want, Tensor got, double bound) {
    assertEquals(want.shape(), got.shape());
    near(want.toDoubleArray(), got, bound);
  }

  private static void near(double[] want, Tensor got, double bound) {
    double largest = Arrays.stream(want).map(Math::abs).max().orElse(0);
    assertArrayEquals(want, got.toDoubleArray(), bound * Math.max(1, largest));
  }

  /// Solves `m x = r` by Cramer's way of elimination, without exchange of rows.
  private static double[] solved(double[][] m, double[] r) {
    int n = r.length;
    for (int p = 0; p < n; p++) {
      for (int i = 0; i < n; i++) {
        double f = i == p ? 0 : m[i][p] / m[p][p];
        for (int j = p; j < n; j++) {
          m[i][j] -= f * m[p][j];
        }
        r[i] -= f * r[p];
      }
    }
    for (int i = 0; i < n; i++) {
      r[i] /= m[i][i];
    }
    return r;
  }

  /// The definition, in loops: `y [B, K, H, L]` and the last states `[B, H, N]`.
  private static List<double[]> loops(DenseSystem d, Tensor u, Tensor gaps, double[] x0) {
    int batch = Math.toIntExact(u.dim(0));
    int length = Math.toIntExact(u.dim(2));
    double[] a = d.a().toDoubleArray();
    double[] b = d.b().toDoubleArray();
    double[] c = d.c().toDoubleArray();
    double[] in = u.toDoubleArray();
    double[] gap = gaps.toDoubleArray();
    double[] y = new double[batch * K * H * length];
    double[] x = x0.clone();
    for (int row = 0; row < batch * H; row++) {
      int h = row % H;
      int copy = Math.toIntExact(h % d.a().dim(0));
      for (int t = 0; t < length; t++) {
        double dt = DT[h] * gap[row / H * length + t];
        double[][] left = new double[N][N];
        double[] right = new double[N];
        for (int i = 0; i < N; i++) {
          right[i] = x[row * N + i] + dt * b[copy * N + i] * in[row * length + t];
          for (int j = 0; j < N; j++) {
            double v = dt * a[(copy * N + i) * N + j];
            left[i][j] = (i == j ? 1 : 0) - d.alpha() * v;
            right[i] += (1 - d.alpha()) * v * x[row * N + j];
          }
        }
        System.arraycopy(solved(left, right), 0, x, row * N, N);
        for (int k = 0; k < K; k++) {
          for (int i = 0; i < N; i++) {
            y[((row / H * K + k) * H + h) * length + t] += c[(k * H + h) * N + i] * x[row * N + i];
          }
        }
      }
    }
    return List.of(y, x);
  }

  @ParameterizedTest
  @CsvSource({
    "true, 0.5, 1", "true, 0.5, 2", "true, 0.5, 3", "true, 0.5, 17", "true, 0.5, 64",
    "true, 1, 100", "true, 0, 20", "true, 0.25, 33", "false, 0.5, 65", "false, 1, 31"
  })
  void allViewsAreTheLoops(boolean hippo, double alpha, long length) {
    DenseSystem d = model(hippo, alpha);
    Tensor u = signal(3, length);
    Tensor start = s.normal(DType.F64, Shape.of(3, H, N), 5);
    Tensor ones = s.full(DType.F64, Shape.of(3, length), 1);
    for (Optional<Tensor> state : List.of(Optional.<Tensor>empty(), Optional.of(start))) {
      Tensor x = state.orElseGet(() -> d.discrete().start(3));
      List<double[]> want = loops(d, u, ones, x.toDoubleArray());
      DenseSystem.Result convolved = d.convolved(u, state);
      near(want.get(0), convolved.y(), 1e-12);
      near(want.get(1), convolved.state(), 1e-12);
      DenseSystem.Result timed = d.irregular(u, ones, state);
      near(want.get(0), timed.y(), 1e-12);
      near(want.get(1), timed.state(), 1e-12);
      DiscreteSystem steps = d.discrete();
      for (long t = 0; t < length; t++) {
        x = steps.step(x, u.select(2, t));
        near(convolved.y().select(3, t), DiscreteSystem.output(d.c(), x), 1e-12);
      }
      near(want.get(1), x, 1e-12);
    }
  }

  @Test
  void irregularStepsAreTheLoops() {
    DenseSystem d = model(true, 0.5);
    Tensor u = signal(3, 20);
    Tensor gaps = s.uniform(DType.F64, Shape.of(3, 20), 6).mul(5);
    DenseSystem.Result got = d.irregular(u, gaps, Optional.empty());
    List<double[]> want = loops(d, u, gaps, new double[3 * H * N]);
    near(want.get(0), got.y(), 1e-12);
    near(want.get(1), got.state(), 1e-12);
    Tensor none = s.zeros(DType.F64, Shape.of(3, 20));
    near(got.state(), d.irregular(u, none, Optional.of(got.state())).state(), 1e-14);
  }

  /// The bilinear rule is of second order: a quarter of the error with half the step.
  @Test
  void irregularStepsConvergeToTheExactSolution() {
    DenseSystem d = model(true, 0.5);
    double[] gaps = {0.7, 2.1, 0.05, 1.3, 3};
    double[] input = {1, -0.5, 2, 0.3, -1};
    double[] exact = new double[N];
    for (int t = 0; t < gaps.length; t++) {
      DiscreteSystem held =
          DiscreteSystem.held(
              s, DType.F64, Hippo.LEGS.matrix(N), Hippo.LEGS.input(N), gaps[t] * DT[1]);
      Tensor x = held.step(row(exact).reshape(1, 1, N), row(input[t]).reshape(1, 1));
      exact = x.toDoubleArray();
    }
    double[] error = new double[3];
    for (int i = 0; i < 3; i++) {
      int parts = 8 << i;
      double[] u = new double[H * gaps.length * parts];
      double[] g = new double[gaps.length * parts];
      for (int t = 0; t < g.length; t++) {
        g[t] = gaps[t / parts] / parts;
        u[t] = input[t / parts];
        u[g.length + t] = u[t];
      }
      Tensor state =
          d.irregular(
                  s.tensor(DType.F64, Shape.of(1, H, g.length), u),
                  s.tensor(DType.F64, Shape.of(1, g.length), g),
                  Optional.empty())
              .state();
      double[] got = state.select(1, 1).toDoubleArray();
      for (int n = 0; n < N; n++) {
        error[i] = Math.max(error[i], Math.abs(got[n] - exact[n]));
      }
    }
    assertTrue(error[2] < 1e-3, Arrays.toString(error));
    assertEquals(4, error[0] / error[1], 0.2, Arrays.toString(error));
    assertEquals(4, error[1] / error[2], 0.1, Arrays.toString(error));
  }

  @Test
  void aSequenceSplitIsOneCall() {
    DenseSystem d = model(false, 0.5);
    Tensor u = signal(2, 40);
    DenseSystem.Result whole = d.convolved(u, Optional.empty());
    for (long cut : new long[] {0, 1, 13, 39, 40}) {
      DenseSystem.Result first = d.convolved(u.slice(2, 0, cut), Optional.empty());
      DenseSystem.Result rest = d.convolved(u.slice(2, cut, 40), Optional.of(first.state()));
      near(whole.y(), first.y().concat(3, rest.y()), 1e-12);
      near(whole.state(), rest.state(), 1e-12);
    }
  }

  private static List<Tensor> parts(DenseSystem d, Tensor... more) {
    List<Tensor> all = new ArrayList<>(List.of(d.a(), d.b(), d.c(), d.dt()));
    all.addAll(List.of(more));
    return all;
  }

  private static DenseSystem of(List<Tensor> parts) {
    return new DenseSystem(parts.get(0), parts.get(1), parts.get(2), parts.get(3), 0.5);
  }

  /// The gradients of `f` against differences, along one direction for each input: steps of 1e-5 of
  /// the input's size leave some 1e-9 of the third derivative and 1e-10 of rounding.
  private void check(Function<List<Tensor>, Tensor> f, List<Tensor> in) {
    List<Tensor> leaves = in.stream().map(t -> t.detach().requiresGrad()).toList();
    Tensor y = f.apply(leaves);
    Tensor dy = s.normal(DType.F64, y.shape(), 7);
    Gradients g = y.backward(dy);
    for (int i = 0; i < in.size(); i++) {
      double scale = Math.min(1, in.get(i).detach().abs().max().item());
      Tensor direction = s.normal(DType.F64, in.get(i).shape(), 8 + i).mul(scale);
      double[] at = new double[2];
      for (int side = 0; side < 2; side++) {
        List<Tensor> moved = new ArrayList<>(in);
        moved.set(i, in.get(i).detach().add(direction.mul(side == 0 ? -1e-5 : 1e-5)));
        at[side] = f.apply(moved).mul(dy).sum().item();
      }
      double want = (at[1] - at[0]) / 2e-5;
      double got = g.find(leaves.get(i)).map(d -> d.mul(direction).sum().item()).orElse(0.0);
      assertEquals(want, got, 1e-7 * Math.max(1, Math.abs(want)), "input " + i);
    }
  }

  @Test
  void gradientsAreThoseOfDifferences() {
    for (boolean hippo : new boolean[] {true, false}) {
      DenseSystem d = model(hippo, 0.5);
      Tensor u = signal(2, 9);
      Tensor x = s.normal(DType.F64, Shape.of(2, H, N), 5);
      check(p -> of(p).convolved(p.get(4), Optional.of(p.get(5))).y(), parts(d, u, x));
      check(p -> of(p).convolved(p.get(4), Optional.of(p.get(5))).state(), parts(d, u, x));
      Tensor gaps = s.uniform(DType.F64, Shape.of(2, 9), 6).add(0.5);
      check(
          p -> of(p).irregular(p.get(4), p.get(6), Optional.of(p.get(5))).y(),
          parts(d, u, x, gaps));
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 100, 4096, 16_384})
  void floatKernelsAreNearDoubles(long length) {
    DenseSystem d = model(true, 0.5);
    DenseSystem f =
        new DenseSystem(
            d.a().to(DType.F32),
            d.b().to(DType.F32),
            d.c().to(DType.F32),
            d.dt().to(DType.F32),
            0.5);
    DenseSystem same =
        new DenseSystem(
            f.a().to(DType.F64),
            f.b().to(DType.F64),
            f.c().to(DType.F64),
            f.dt().to(DType.F64),
            0.5);
    near(same.kernel(length), f.kernel(length).to(DType.F64), 0x1p-23);
  }

  @Test
  void whatIsNotFiniteStaysBehind() {
    DenseSystem d = model(true, 0.5);
    for (double bad : new double[] {Double.NaN, Double.POSITIVE_INFINITY}) {
      double[] values = signal(1, 12).toDoubleArray();
      Tensor clean = d.convolved(s.tensor(Shape.of(1, H, 12), values), Optional.empty()).y();
      values[7] = bad;
      Tensor u = s.tensor(Shape.of(1, H, 12), values);
      Tensor y = d.convolved(u, Optional.empty()).y();
      near(clean.slice(3, 0, 7), y.slice(3, 0, 7), 1e-13);
      near(clean.select(2, 1), y.select(2, 1), 1e-13);
      assertTrue(
          Arrays.stream(y.select(2, 0).slice(2, 7, 12).toDoubleArray()).allMatch(Double::isNaN));
    }
  }

  @Test
  void emptySequencesAndBatchesPass() {
    DenseSystem d = model(true, 0.5);
    Tensor x = s.normal(DType.F64, Shape.of(2, H, N), 5);
    DenseSystem.Result none = d.convolved(signal(2, 0), Optional.of(x));
    assertEquals(Shape.of(2, K, H, 0), none.y().shape());
    near(x, none.state(), 0);
    assertEquals(Shape.of(0, K, H, 5), d.convolved(signal(0, 5), Optional.empty()).y().shape());
    Tensor gaps = s.full(DType.F64, Shape.of(2, 0), 1);
    DenseSystem.Result timed = d.irregular(signal(2, 0), gaps, Optional.of(x));
    assertEquals(Shape.of(2, K, H, 0), timed.y().shape());
    near(x, timed.state(), 0);
  }

  private static void refused(String message, Runnable call) {
    String got = assertThrows(IllegalArgumentException.class, call::run).toString();
    assertTrue(got.contains(message), got);
  }

  @Test
  void wrongInputsAreNamed() {
    DenseSystem d = model(true, 0.5);
    refused(
        "DenseSystem[alpha=2.0]: a must be [S, N, N]",
        () -> new DenseSystem(d.a(), d.b(), d.c(), d.dt(), 2));
    refused(
        "got a F64 [1,6,6], b F64 [1,6], c F64 [3,2,6], dt F64 [3]",
        () -> new DenseSystem(d.a(), d.b(), d.c(), row(1, 2, 3), 0.5));
    refused("u must be [B, H, L]", () -> d.irregular(signal(1, 3), row(1, 2), Optional.empty()));
    refused("the kernel [K, H, L or more]", () -> DiscreteSystem.filtered(signal(1, 3), row(1)));
    refused("the length 1 or more", () -> d.kernel(0));
    refused("the matrix must be [H, N, N]", () -> new DiscreteSystem(d.a(), row(1)));
    refused(
        "must be square",
        () -> DiscreteSystem.held(s, DType.F64, new double[2][3], new double[2], 1));
  }

  @Test
  void exponentialsAreThoseOfRotationsAndInverses() {
    for (double t : new double[] {0, 0.1, 3, 40}) {
      double[][] e = Exponential.of(new double[][] {{-0.1 * t, -t}, {t, -0.1 * t}});
      double size = Math.exp(-0.1 * t);
      double[] want = {
        size * Math.cos(t), -size * Math.sin(t), size * Math.sin(t), size * Math.cos(t)
      };
      assertArrayEquals(want, flat(e), 1e-14);
    }
    double[][] a = Hippo.LMU.matrix(12);
    double[][] b = Hippo.LMU.matrix(12);
    for (int i = 0; i < 12; i++) {
      for (int j = 0; j < 12; j++) {
        a[i][j] /= 40;
        b[i][j] /= -40;
      }
    }
    Tensor there = s.tensor(DType.F64, Shape.of(12, 12), flat(Exponential.of(a)));
    Tensor back = s.tensor(DType.F64, Shape.of(12, 12), flat(Exponential.of(b)));
    near(s.eye(DType.F64, 12, 12), there.matmul(back), 1e-12);
  }

  @Test
  void resultsDoNotDependOnThreads() {
    double[][] results = new double[2][];
    for (int threads = 1; threads <= 2; threads++) {
      try (Device device = CpuDevice.open(CpuDevice.Options.standard().withThreads(threads));
          Scope t = device.scope()) {
        Tensor a = t.tensor(DType.F32, Shape.of(1, 32, 32), flat(Hippo.LEGS.matrix(32)));
        Tensor b = t.tensor(DType.F32, Shape.of(1, 32), Hippo.LEGS.input(32));
        Tensor c = t.normal(DType.F32, Shape.of(2, 4, 32), 3);
        Tensor dt = t.full(DType.F32, Shape.of(4), 0.01);
        DenseSystem d = new DenseSystem(a, b, c, dt, 0.5);
        Tensor u = t.normal(DType.F32, Shape.of(3, 4, 500), 4);
        results[threads - 1] = d.convolved(u, Optional.empty()).y().toDoubleArray();
      }
    }
    assertArrayEquals(results[0], results[1]);
  }
}
