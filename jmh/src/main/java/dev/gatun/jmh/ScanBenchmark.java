package dev.gatun.jmh;

import dev.gatun.cpu.CpuDevice;
import dev.gatun.device.Workers;
import dev.gatun.op.sequence.scan.Scan;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
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

/// The recurrence `h = a h + b` in F32 against a plain Java loop on one thread, and against a triad
/// of as many bytes.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
    value = 3,
    jvmArgsAppend = {"--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"})
public class ScanBenchmark {
  /// Steps and channels.
  public enum Form {
    /// A million steps of one channel.
    CHANNEL(1 << 20, 1),
    /// Two vectors of channels, out of cache.
    NARROW(1 << 19, 32),
    /// Many channels, out of cache.
    WIDE(1 << 16, 256);

    private final int steps;
    private final int channels;

    Form(int steps, int channels) {
      this.steps = steps;
      this.channels = channels;
    }

    /// Bytes read and written.
    double bytes() {
      return 12.0 * steps * channels;
    }
  }

  /// What is computed.
  @Param({"CHANNEL", "NARROW", "WIDE"})
  public Form form = Form.CHANNEL;

  /// Threads of the engine.
  @Param({"1", "2"})
  public int threads = 1;

  private CpuDevice device;
  private Workers workers;
  private dev.gatun.tensor.Scope scope;
  private Tensor a;
  private Tensor b;
  private float[] gates;
  private float[] addends;
  private float[] states;
  private Ceiling ceiling;
  private Duel duel;

  /// Makes the inputs and checks both results against each other.
  @Setup
  public void open(Blackhole hole) {
    device = CpuDevice.open(CpuDevice.Options.standard().withThreads(threads));
    workers = new Workers(threads);
    scope = device.scope("inputs");
    int n = form.steps * form.channels;
    gates = Numbers.uniform(n, 0.5, 0.99, 1);
    addends = Numbers.uniform(n, -1, 1, 2);
    states = new float[n];
    a = scope.tensor(Shape.of(form.steps, form.channels), gates);
    b = scope.tensor(Shape.of(form.steps, form.channels), addends);
    ceiling = Ceiling.triad(scope, workers);
    duel = new Duel(threads, List.of(this::ours, this::plain, ceiling.loop()));
    plain();
    double[] want = new double[n];
    for (int i = 0; i < n; i++) {
      want[i] = states[i];
    }
    try (dev.gatun.tensor.Scope step = device.scope("check")) {
      double[] got = Scan.affine(0).of(step.borrow(a), b).toDoubleArray();
      Numbers.requireClose("ScanBenchmark", got, want, 1e-4);
    }
    duel.settle(hole);
  }

  /// Frees them.
  @TearDown
  public void close() {
    workers.close();
    scope.close();
    device.close();
  }

  /// The engine, as a user calls it.
  @Benchmark
  public Object ours() {
    try (dev.gatun.tensor.Scope step = device.scope("step")) {
      return Scan.affine(0).of(step.borrow(a), b);
    }
  }

  /// What one would write without it.
  @Benchmark
  public Object plain() {
    if (form.channels == 1) {
      float h = 0;
      for (int t = 0; t < form.steps; t++) {
        h = gates[t] * h + addends[t];
        states[t] = h;
      }
    } else {
      rows(gates, addends, states, form.steps, form.channels);
    }
    return states;
  }

  private static void rows(float[] a, float[] b, float[] h, int steps, int channels) {
    System.arraycopy(b, 0, h, 0, channels);
    for (int t = 1; t < steps; t++) {
      int at = t * channels;
      for (int i = at; i < at + channels; i++) {
        h[i] = a[i] * h[i - channels] + b[i];
      }
    }
  }

  /// Both and the ceiling in turn.
  @Benchmark
  @BenchmarkMode(Mode.SingleShotTime)
  public void duel(Nanos nanos, Blackhole hole) {
    double[] best = duel.round(hole);
    nanos.ours = best[0];
    nanos.peer = best[1];
    nanos.ceiling = ceiling.scaled(best[2], form.bytes());
  }
}
