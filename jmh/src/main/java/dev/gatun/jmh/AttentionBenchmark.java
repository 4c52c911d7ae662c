package dev.gatun.jmh;

import dev.gatun.autograd.Gradients;
import dev.gatun.cpu.CpuDevice;
import dev.gatun.device.Workers;
import dev.gatun.op.sequence.attention.Mask;
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

/// Attention of a whole sequence, eight heads of 64 floats, against PyTorch's fused form and
/// against fused multiply-adds in registers; and the same with its gradient, which has no peer.
/// Only pairs that the mask leaves are counted as work.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
    value = 3,
    jvmArgsAppend = {"--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"})
public class AttentionBenchmark {
  static final long HEADS = 8;
  static final long WIDTH = 64;

  /// What is timed.
  public enum Pass {
    /// The result alone: two products of each pair.
    FORWARD(4),
    /// Result and gradient: the scores are computed again, and there are four products more.
    TRAINING(14);

    private final int flopsPerElement;

    Pass(int flopsPerElement) {
      this.flopsPerElement = flopsPerElement;
    }
  }

  /// Queries, and as many keys.
  @Param({"512", "1024", "2048", "4096"})
  public long length = 512;

  /// Whether no query sees a later key.
  @Param({"false", "true"})
  public boolean causal;

  /// A constant of [Pass].
  @Param({"FORWARD", "TRAINING"})
  public Pass pass = Pass.FORWARD;

  /// Threads of the engine and of PyTorch.
  @Param({"1", "2"})
  public int threads = 1;

  private CpuDevice device;
  private Workers workers;
  private dev.gatun.tensor.Scope scope;
  private final List<Tensor> in = new ArrayList<>();
  private Tensor dy;
  private PyTorch peer;
  private Ceiling ceiling;
  private Duel duel;

  /// Makes the operands and checks result and gradient.
  @Setup
  public void open(Blackhole hole) {
    device = CpuDevice.open(CpuDevice.Options.standard().withThreads(threads));
    workers = new Workers(threads);
    scope = device.scope("inputs");
    peer = PyTorch.open(causal ? "sdpa_causal" : "sdpa", threads);
    Shape shape = Shape.of(1, HEADS, length, WIDTH);
    for (int i = 0; i < 3; i++) {
      float[] values = Numbers.uniform(shape.elems(), -1, 1, i);
      Tensor t = scope.tensor(shape, values);
      in.add(pass == Pass.TRAINING ? t.requiresGrad() : t);
      peer.with(values, 1, HEADS, length, WIDTH);
    }
    dy = Numbers.tensor(scope, DType.F32, shape, 3);
    ceiling = Ceiling.fma(DType.F32, workers);
    checkResult();
    if (pass == Pass.TRAINING) {
      checkGradient();
    }
    List<Contender> contenders = new ArrayList<>(List.of(this::ours, ceiling.loop()));
    if (pass == Pass.FORWARD) {
      contenders.add(peer);
    }
    duel = new Duel(threads, contenders);
    duel.settle(hole);
  }

  private Tensor attend(dev.gatun.tensor.Scope step) {
    Mask mask = causal ? Mask.causal() : Mask.none();
    return step.borrow(in.get(0)).attention(step.borrow(in.get(1)), step.borrow(in.get(2)), mask);
  }

  private void checkResult() {
    try (dev.gatun.tensor.Scope step = device.scope("check")) {
      double[] got = attend(step).toDoubleArray();
      Numbers.requireClose("AttentionBenchmark " + length, got, peer.result(), 1e-5);
    }
  }

  /// What holds of any gradient of attention: weights add up to 1, so the values' gradients have
  /// the sum of the result's; and scores are products, so queries and keys may be scaled against
  /// each other.
  private void checkGradient() {
    try (dev.gatun.tensor.Scope step = device.scope("check")) {
      Gradients g = Gradients.backward(attend(step), step.borrow(dy));
      double[] got = g.of(in.get(2)).sum(2).toDoubleArray();
      double[] want = step.borrow(dy).sum(2).toDoubleArray();
      Numbers.requireClose("AttentionBenchmark dv", got, want, 1e-3);
      double byQuery = g.of(in.get(0)).mul(step.borrow(in.get(0))).sum().item();
      double byKey = g.of(in.get(1)).mul(step.borrow(in.get(1))).sum().item();
      Numbers.requireClose(
          "AttentionBenchmark dq, dk", new double[] {byQuery}, new double[] {byKey}, 1e-3);
    }
  }

  /// Frees them.
  @TearDown
  public void close() {
    peer.close();
    workers.close();
    scope.close();
    device.close();
  }

  /// Floating-point operations of the pairs that a trial's mask leaves.
  static double flops(long length, boolean causal, Pass pass) {
    double pairs = causal ? length * (length + 1) / 2.0 : 1.0 * length * length;
    return pairs * HEADS * WIDTH * pass.flopsPerElement;
  }

  /// The engine, as a user calls it.
  @Benchmark
  public Object ours() {
    try (dev.gatun.tensor.Scope step = device.scope("step")) {
      Tensor o = attend(step);
      return pass == Pass.FORWARD ? o : Gradients.backward(o, step.borrow(dy));
    }
  }

  /// PyTorch on the same values, without a gradient.
  @Benchmark
  public Object pyTorch() {
    return peer.call();
  }

  /// All of them and the ceiling in turn.
  @Benchmark
  @BenchmarkMode(Mode.SingleShotTime)
  public void duel(Nanos nanos, Blackhole hole) {
    double[] best = duel.round(hole);
    nanos.ours = best[0];
    nanos.ceiling = ceiling.scaled(best[1], flops(length, causal, pass));
    nanos.peer = pass == Pass.FORWARD ? best[2] : 0;
  }
}
