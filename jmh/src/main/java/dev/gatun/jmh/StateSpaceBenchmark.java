package dev.gatun.jmh;

import dev.gatun.cpu.CpuDevice;
import dev.gatun.device.Workers;
import dev.gatun.op.sequence.s4.BilinearCauchy;
import dev.gatun.op.sequence.s4.Cauchy;
import dev.gatun.op.sequence.s4.Complex;
import dev.gatun.op.sequence.s4.Dplr;
import dev.gatun.op.sequence.s4.Vandermonde;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;

/// The sums of S4 and its whole kernel, F32, against PyTorch's naive broadcast over `[H, N, L]` and
/// against the peak of multiply-adds. A term is a pair of conjugate modes at one node, 24 flops.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
    value = 3,
    jvmArgsAppend = {"--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"})
public class StateSpaceBenchmark {
  static final double FLOPS_OF_TERM = 24;

  /// What is computed.
  public enum Form {
    /// [Cauchy] on the imaginary axis: 16 features, 32 pairs, 4096 nodes.
    CAUCHY(16, 32, 4096),
    /// One product of [BilinearCauchy]: as many nodes, whose places it knows.
    BILINEAR(16, 32, 4096),
    /// 16 features, 64 pairs, 4096 steps.
    VANDERMONDE(16, 64, 4096),
    /// The kernel of S4: 256 features, 32 pairs, 16,384 steps; the peer makes one of its four sums.
    DPLR(256, 32, 16_384);

    private final long features;
    private final long pairs;
    private final long length;

    Form(long features, long pairs, long length) {
      this.features = features;
      this.pairs = pairs;
      this.length = length;
    }

    /// Pairs of modes times nodes.
    double terms() {
      return 1.0 * features * pairs * (this == DPLR ? length / 2 + 1 : length);
    }
  }

  /// What is computed.
  @Param({"CAUCHY", "BILINEAR", "VANDERMONDE", "DPLR"})
  public Form form = Form.CAUCHY;

  /// Threads of the engine and of PyTorch.
  @Param({"1", "2"})
  public int threads = 1;

  private CpuDevice device;
  private Workers workers;
  private dev.gatun.tensor.Scope scope;
  private final List<Tensor> in = new ArrayList<>();
  private PyTorch peer;
  private Ceiling ceiling;
  private Duel duel;

  /// Makes the inputs and, where both compute the same, checks the results against each other.
  @Setup
  public void open(Blackhole hole) {
    device = CpuDevice.open(CpuDevice.Options.standard().withThreads(threads));
    workers = new Workers(threads);
    scope = device.scope("inputs");
    peer = PyTorch.open(form == Form.VANDERMONDE ? "vandermonde" : "cauchy", threads);
    long h = form.features;
    long n = form.pairs;
    int l = Math.toIntExact(form.length);
    float[] vr = add(Numbers.uniform(h * n, -1, 1, 1), h, n);
    float[] vi = add(Numbers.uniform(h * n, -1, 1, 2), h, n);
    float[] wr = add(Numbers.uniform(h * n, -0.05, -0.01, 3), h, n);
    float[] wi = add(Numbers.uniform(h * n, -3, 3, 4), h, n);
    peer.with(vr, h, n);
    peer.with(vi, h, n);
    if (form == Form.VANDERMONDE) {
      peer.with(wr, h, n);
      peer.with(wi, h, n);
      peer.with(steps(l), l);
    } else {
      int nodes = form == Form.DPLR ? l / 2 + 1 : l;
      float[] zr = Numbers.uniform(nodes, 0.01, 0.02, 5);
      float[] zi = Numbers.uniform(nodes, -3, 3, 6);
      peer.with(zr, nodes);
      peer.with(zi, nodes);
      peer.with(wr, h, n);
      peer.with(wi, h, n);
      in.add(scope.tensor(Shape.of(nodes), zr));
      in.add(scope.tensor(Shape.of(nodes), zi));
    }
    ceiling = Ceiling.fma(DType.F32, workers);
    duel = new Duel(threads, List.of(this::ours, peer, ceiling.loop()));
    check();
    duel.settle(hole);
  }

  private float[] add(float[] values, long... dims) {
    in.add(scope.tensor(Shape.of(dims), values));
    return values;
  }

  private static float[] steps(int l) {
    float[] t = new float[l];
    for (int i = 0; i < l; i++) {
      t[i] = i;
    }
    return t;
  }

  private void check() {
    try (dev.gatun.tensor.Scope step = device.scope("check")) {
      List<Tensor> y = apply(in.stream().map(step::borrow).toList());
      if (form == Form.CAUCHY) {
        double[] got = new Complex(y.get(0), y.get(1)).pairs().toDoubleArray();
        Numbers.requireClose("StateSpaceBenchmark", got, peer.result(), 1e-2);
      } else if (form == Form.VANDERMONDE) {
        Numbers.requireClose("StateSpaceBenchmark", y.get(0).toDoubleArray(), peer.result(), 5e-2);
      }
    }
  }

  private Object ours() {
    try (dev.gatun.tensor.Scope step = device.scope("step")) {
      return apply(in.stream().map(step::borrow).toList());
    }
  }

  private List<Tensor> apply(List<Tensor> x) {
    return switch (form) {
      case CAUCHY -> new Cauchy().apply(x.get(0), x.get(1), x.get(2), x.get(3), x.get(4), x.get(5));
      case VANDERMONDE ->
          new Vandermonde(form.length).apply(x.get(0), x.get(1), x.get(2), x.get(3));
      case BILINEAR ->
          new BilinearCauchy(2 * form.length - 2)
              .apply(
                  x.get(0).unsqueeze(1),
                  x.get(1).unsqueeze(1),
                  x.get(2),
                  x.get(3),
                  x.get(0).scope().full(DType.F32, Shape.of(form.features), 1));
      case DPLR -> {
        Complex v = new Complex(x.get(0), x.get(1));
        Complex lambda = new Complex(x.get(2), x.get(3));
        Complex one = v.view(t -> t.unsqueeze(0));
        Tensor dt = v.re().scope().full(DType.F32, Shape.of(form.features), 1);
        yield List.of(new Dplr(lambda, v, one.times(0.1), one, dt).kernel(form.length));
      }
    };
  }

  /// Frees them.
  @TearDown
  public void close() {
    peer.close();
    workers.close();
    scope.close();
    device.close();
  }

  /// All of them in turn.
  @Benchmark
  @BenchmarkMode(Mode.SingleShotTime)
  public void duel(Nanos nanos, Blackhole hole) {
    double[] best = duel.round(hole);
    nanos.ours = best[0];
    nanos.peer = best[1];
    nanos.ceiling = ceiling.scaled(best[2], FLOPS_OF_TERM * form.terms());
  }
}
