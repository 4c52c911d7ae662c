package dev.gatun.jmh;

import dev.gatun.autograd.Gradients;
import dev.gatun.cpu.CpuDevice;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jtransforms.fft.FloatFFT_1D;
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
import pl.edu.icm.jlargearrays.ConcurrencyUtils;

/// Transforms of a batch of real rows, and long convolutions, against PyTorch's (MKL) and
/// JTransforms.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
    value = 3,
    jvmArgsAppend = {"--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"})
public class FourierBenchmark {
  /// What is timed, with the resource of PyTorch's form.
  public enum Subject {
    RFFT("rfft"),
    CONVOLUTION("fft_conv"),
    /// With the gradients of both operands.
    CONVOLUTION_GRAD("fft_conv");

    private final String peer;

    Subject(String peer) {
      this.peer = peer;
    }
  }

  /// A constant of [Subject].
  @Param({"RFFT", "CONVOLUTION", "CONVOLUTION_GRAD"})
  public Subject op = Subject.RFFT;

  /// Rows of the batch.
  @Param({"4", "256"})
  public int rows = 256;

  /// Elements of a row: those of a convolution are padded to twice as many by the peers.
  @Param({"32768"})
  public int n = 32_768;

  /// Threads of all contenders.
  @Param({"1", "2"})
  public int threads = 1;

  private CpuDevice device;
  private Workers workers;
  private dev.gatun.tensor.Scope scope;
  private Tensor x;
  private Tensor k;
  private PyTorch peer;
  private FloatFFT_1D transform;
  private float[] values;
  private float[] spectrum;
  private Workers.Body javaRow;
  private Call none;
  private Duel duel;

  /// Makes the inputs and checks the results of all against each other.
  @Setup
  public void open(Blackhole hole) {
    device = CpuDevice.open(CpuDevice.Options.standard().withThreads(threads));
    workers = new Workers(threads);
    scope = device.scope("inputs");
    values = Numbers.uniform((long) rows * n, -1, 1, 1);
    x = scope.tensor(Shape.of(1, rows, n), values);
    x = op == Subject.CONVOLUTION_GRAD ? x.requiresGrad() : x;
    peer = PyTorch.open(op.peer, threads);
    peer.with(values, 1, rows, n);
    if (op != Subject.RFFT) {
      float[] filter = Numbers.uniform((long) rows * n, -1, 1, 2);
      k = scope.tensor(Shape.of(rows, n), filter);
      k = op == Subject.CONVOLUTION_GRAD ? k.requiresGrad() : k;
      peer.with(filter, rows, n);
    } else {
      k = x;
    }
    ConcurrencyUtils.setNumberOfThreads(1);
    transform = new FloatFFT_1D(n);
    spectrum = new float[values.length];
    // JTransforms works in place on one row; rows are shared among as many threads as ours has.
    javaRow = (c, phase, row, worker) -> javaRow(row);
    MemorySegment nothing = MemorySegment.ofArray(new byte[0]);
    none = new Call(List.of(), List.of(), List.of(), List.of(), List.of(), nothing);
    check();
    if (op == Subject.CONVOLUTION_GRAD) {
      peer.requireGradients();
      checkGradients();
    }
    Contender other = op == Subject.CONVOLUTION_GRAD ? peer::gradients : peer;
    duel = new Duel(threads, List.of(this::ours, this::jTransforms, other));
    duel.settle(hole);
  }

  private void javaRow(int row) {
    System.arraycopy(values, row * n, spectrum, row * n, n);
    transform.realForward(spectrum, row * n);
  }

  private void check() {
    double[] want = peer.result();
    try (dev.gatun.tensor.Scope step = device.scope("check")) {
      List<Tensor> y = apply(step);
      double[] got = new double[want.length];
      for (int part = 0; part < y.size(); part++) {
        double[] some = y.get(part).toDoubleArray();
        for (int i = 0; i < some.length; i++) {
          got[y.size() * i + part] = some[i];
        }
      }
      Numbers.requireClose("FourierBenchmark " + op, got, want, 1e-3);
    }
    if (op == Subject.RFFT) {
      jTransforms();
      for (int i = 2; i < n; i++) {
        if (Math.abs(spectrum[i] - want[i]) > 1e-3 * (1 + Math.abs(want[i]))) {
          throw new IllegalStateException("JTransforms: element %d differs".formatted(i));
        }
      }
    }
  }

  private void checkGradients() {
    peer.gradients();
    try (dev.gatun.tensor.Scope step = device.scope("check")) {
      Gradients d = gradients(step);
      Numbers.requireClose("gradient", d.of(x).toDoubleArray(), peer.gradient(0), 1e-3);
      Numbers.requireClose("gradient", d.of(k).toDoubleArray(), peer.gradient(1), 1e-3);
    }
  }

  private Gradients gradients(dev.gatun.tensor.Scope step) {
    return step.borrow(x).fftConv(step.borrow(k)).sum().backward();
  }

  private List<Tensor> apply(dev.gatun.tensor.Scope step) {
    Tensor in = step.borrow(x);
    return op == Subject.RFFT ? in.rfft(-1) : List.of(in.fftConv(step.borrow(k)));
  }

  /// Frees them.
  @TearDown
  public void close() {
    peer.close();
    workers.close();
    scope.close();
    device.close();
  }

  /// The engine, as a user calls it.
  @Benchmark
  public Object ours() {
    try (dev.gatun.tensor.Scope step = device.scope("step")) {
      return op == Subject.CONVOLUTION_GRAD ? gradients(step) : apply(step);
    }
  }

  /// One real transform of each row, whatever the subject.
  @Benchmark
  public Object jTransforms() {
    workers.run(javaRow, none, 0, rows);
    return spectrum;
  }

  /// PyTorch on the same values.
  @Benchmark
  public Object pyTorch() {
    return peer.call();
  }

  /// All of them in turn.
  @Benchmark
  @BenchmarkMode(Mode.SingleShotTime)
  public void duel(Nanos nanos, Blackhole hole) {
    double[] best = duel.round(hole);
    nanos.ours = best[0];
    nanos.javaPeer = op == Subject.RFFT ? best[1] : 0;
    nanos.peer = best[2];
  }
}
