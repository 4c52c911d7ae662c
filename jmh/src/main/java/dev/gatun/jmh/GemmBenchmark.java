package dev.gatun.jmh;

import dev.gatun.cpu.CpuDevice;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.op.linear.MatMul;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
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

/// `matmul` against OpenBLAS and against the machine: fused multiply-adds in registers for
/// matrices, the streaming read of the operands for a matrix times a vector.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
    value = 3,
    jvmArgsAppend = {"--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"})
public class GemmBenchmark {
  /// The sizes of the table, as in [#sizes].
  static final List<String> SIZES =
      List.of(
          "64x64x64",
          "128x128x128",
          "256x256x256",
          "512x512x512",
          "1024x1024x1024",
          "2048x2048x2048",
          "16x384x1536",
          "128x384x1536",
          "4096x64x4096",
          "64x4096x64",
          "96*64x64x64",
          "4096x4096x1");

  /// `m x k x n`, after `batch *` where there is more than one.
  @Param({"64x64x64", "512x512x512", "4096x4096x1"})
  public String sizes = "64x64x64";

  /// Element type.
  @Param({"F32", "F64"})
  public DType dtype = DType.F32;

  /// Threads of the engine and of OpenBLAS.
  @Param({"1", "2"})
  public int threads = 1;

  private Product product;
  private CpuDevice device;
  private Workers workers;
  private dev.gatun.tensor.Scope inputs;
  private Tensor a;
  private Tensor b;
  private OpenBlas blas;
  private MemorySegment peerResult;
  private Call kernelCall;
  private Ceiling ceiling;
  private double ceilingWork;
  private Duel duel;

  /// Makes the operands and checks both results.
  @Setup
  public void open(Blackhole hole) {
    product = Product.parse(sizes);
    device = CpuDevice.open(CpuDevice.Options.standard().withThreads(threads));
    workers = new Workers(threads);
    inputs = device.scope("inputs");
    a = Numbers.tensor(inputs, dtype, product.a(), 1);
    b = Numbers.tensor(inputs, dtype, product.b(), 2);
    blas = OpenBlas.open(dtype, threads);
    peerResult = Arena.ofAuto().allocate(a.matmul(b).spec().bytes(), 64);
    kernelCall = kernelCall();
    ceiling = product.isVector() ? Ceiling.read(inputs, workers) : Ceiling.fma(dtype, workers);
    ceilingWork = product.isVector() ? product.bytes(dtype) : product.flops();
    duel = new Duel(threads, List.of(this::ours, this::kernel, ceiling.loop(), this::openBlas));
    check();
    duel.settle(hole);
  }

  private Call kernelCall() {
    MatMul op = new MatMul(false, false);
    Tensor column = product.isVector() ? b.reshape(product.k(), 1) : b;
    List<Tensor> in = List.of(a, column);
    List<Spec> specs = List.of(a.spec(), column.spec());
    MemorySegment scratch = Arena.ofAuto().allocate(op.scratch(specs, threads), 64);
    return CpuDevice.call(specs, in, List.of(op.of(a, column)), scratch);
  }

  private void check() {
    openBlas();
    double[] want = new double[Math.toIntExact(kernelCall.outShape(0).elems())];
    for (int i = 0; i < want.length; i++) {
      want[i] = dtype.read(peerResult, i);
    }
    double eps = dtype == DType.F32 ? 0x1p-24 : 0x1p-53;
    // Rounding errors add up like a random walk: far less than this, but any wrong term is more.
    double bound = 4 * eps * product.k();
    try (dev.gatun.tensor.Scope step = device.scope("check")) {
      double[] got = step.borrow(a).matmul(step.borrow(b)).toDoubleArray();
      Numbers.requireClose("GemmBenchmark " + sizes, got, want, bound);
    }
  }

  /// Frees them.
  @TearDown
  public void close() {
    workers.close();
    inputs.close();
    device.close();
  }

  /// The engine, as a user calls it.
  @Benchmark
  public Object ours() {
    try (dev.gatun.tensor.Scope step = device.scope("step")) {
      return step.borrow(a).matmul(step.borrow(b));
    }
  }

  /// The engine's kernel on memory that is there.
  @Benchmark
  public Object kernel() {
    new MatMul(false, false).simd(kernelCall, workers);
    return kernelCall;
  }

  /// OpenBLAS on the same operands.
  @Benchmark
  public Object openBlas() {
    MemorySegment x = a.buffer().segment();
    MemorySegment w = b.buffer().segment();
    Product p = product;
    if (p.isVector()) {
      blas.gemv(p.m(), p.k(), x, w, peerResult);
    } else if (p.batch() > 1) {
      blas.gemm(p.batch(), p.m(), p.k(), p.n(), x, w, peerResult);
    } else {
      blas.gemm(p.m(), p.k(), p.n(), x, w, peerResult);
    }
    return peerResult;
  }

  /// All of them and the ceiling in turn.
  @Benchmark
  @BenchmarkMode(Mode.SingleShotTime)
  public void duel(Nanos nanos, Blackhole hole) {
    double[] best = duel.round(hole);
    nanos.ours = best[0];
    nanos.kernel = best[1];
    nanos.ceiling = ceiling.scaled(best[2], ceilingWork);
    nanos.peer = best[3];
  }
}
