package dev.gatun.jmh;

import dev.gatun.contract.Input;
import dev.gatun.contract.OpCase;
import dev.gatun.contract.OpCases;
import dev.gatun.cpu.CpuDevice;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.op.Cost;
import dev.gatun.op.Kernel;
import dev.gatun.op.Op;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.lang.foreign.Arena;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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

/// The kernel of one line of [OpCases], F32, out of cache, against the machine's limit for its
/// [Cost]: its bytes at the rate of the streaming loop that is like it (read where an eighth at
/// most is written, else the faster of copy and triad), or its operations at the FMA peak,
/// whichever takes longer.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
    value = 3,
    jvmArgsAppend = {"--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"})
public class CaseBenchmark {
  /// Bytes of inputs and outputs at least: four times a common third-level cache.
  private static final double BYTES = 128 << 20;

  private static final double FLOPS = 4e9;

  /// The largest size tried: some cases do not grow.
  private static final int LARGEST = 1 << 26;

  /// The case's name.
  @Param("exp")
  public String name = "exp";

  /// Worker threads.
  @Param("1")
  public int threads = 1;

  private CpuDevice device;
  private Workers workers;
  private dev.gatun.tensor.Scope scope;
  private Arena arena;
  private Kernel op;
  private Call call;
  private Cost cost;
  private boolean reads;
  private Ceiling read;
  private Ceiling copy;
  private Ceiling triad;
  private Ceiling fma;
  private Duel duel;

  /// The first case of every kernel with a name of its own, by the operator's name in the table.
  static Map<String, OpCase> rows() {
    Map<String, OpCase> rows = new LinkedHashMap<>();
    for (OpCase c : OpCases.all()) {
      Op op = c.op().apply(Math.max(1, c.smallest()));
      Class<?> type = op.getClass();
      if (op instanceof Kernel && type.getEnclosingClass() == null) {
        String family = type.getPackageName().replaceFirst(".*\\.", "");
        rows.putIfAbsent(family + "." + type.getSimpleName(), c);
      }
    }
    return rows;
  }

  /// Makes operands of a size that is out of cache or takes some milliseconds.
  @Setup
  public void open(Blackhole hole) {
    OpCase c =
        rows().values().stream().filter(r -> r.name().equals(name)).findFirst().orElseThrow();
    device = CpuDevice.open(CpuDevice.Options.standard().withThreads(threads));
    workers = new Workers(threads);
    scope = device.scope("case");
    arena = Arena.ofShared();
    int n = size(c, BYTES, FLOPS);
    op = (Kernel) c.op().apply(n);
    List<Tensor> in = c.inputs(DType.F32, n).stream().map(i -> i.on(scope)).toList();
    List<Spec> specs = in.stream().map(Tensor::spec).toList();
    cost = op.cost(specs);
    long scratch = Math.max(64, op.scratch(specs, threads));
    List<Tensor> out = op.infer(specs).stream().map(scope::allocate).toList();
    call = CpuDevice.call(specs, in, out, arena.allocate(scratch, 64));
    reads = 8 * op.infer(specs).stream().mapToDouble(Spec::bytes).sum() <= cost.bytes();
    read = Ceiling.read(scope, workers);
    copy = Ceiling.copy(scope, workers);
    triad = Ceiling.triad(scope, workers);
    fma = Ceiling.fma(DType.F32, workers);
    duel = new Duel(1, List.of(this::kernel, read.loop(), copy.loop(), triad.loop(), fma.loop()));
    duel.settle(hole);
  }

  /// The first power of two at which the case moves `bytes` or takes `flops` at least.
  static int size(OpCase c, double bytes, double flops) {
    int n = 1 << 10;
    while (n < LARGEST && weight(c, n, bytes, flops) < 1) {
      n *= 2;
    }
    return n;
  }

  private static double weight(OpCase c, int n, double bytes, double flops) {
    List<Spec> specs = c.inputs(DType.F32, n).stream().map(Input::spec).toList();
    Cost cost = ((Kernel) c.op().apply(n)).cost(specs);
    return Math.max(cost.bytes() / bytes, cost.flops() / flops);
  }

  /// Frees them.
  @TearDown
  public void close() {
    workers.close();
    scope.close();
    device.close();
    arena.close();
  }

  /// The kernel on memory that is there.
  @Benchmark
  public Object kernel() {
    op.simd(call, workers);
    return call;
  }

  /// It and the limits in turn.
  @Benchmark
  @BenchmarkMode(Mode.SingleShotTime)
  public void duel(Nanos nanos, Blackhole hole) {
    double[] best = duel.round(hole);
    nanos.ours = best[0];
    double streaming =
        reads
            ? read.scaled(best[1], cost.bytes())
            : Math.min(copy.scaled(best[2], cost.bytes()), triad.scaled(best[3], cost.bytes()));
    nanos.ceiling = Math.max(streaming, fma.scaled(best[4], cost.flops()));
  }
}
