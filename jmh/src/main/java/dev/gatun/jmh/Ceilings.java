package dev.gatun.jmh;

import dev.gatun.cpu.CpuDevice;
import dev.gatun.device.Workers;
import dev.gatun.tensor.DType;
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

/// The limits of this machine that the other benchmarks are held against: fused multiply-adds in
/// registers, streams through memory, and the exponential in cache.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 6)
@Measurement(iterations = 10)
@Fork(
    value = 3,
    jvmArgsAppend = {"--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"})
public class Ceilings {
  /// Which limit.
  @Param({"FMA F32", "FMA F64", "read", "copy", "triad", "exp"})
  public String limit = "FMA F32";

  /// Worker threads.
  @Param({"1", "2"})
  public int threads = 1;

  private CpuDevice device;
  private Workers workers;
  private dev.gatun.tensor.Scope scope;
  private Ceiling ceiling;
  private Duel duel;

  /// Allocates the arrays.
  @Setup
  public void open(Blackhole hole) {
    device = CpuDevice.open(CpuDevice.Options.standard().withThreads(threads));
    workers = new Workers(threads);
    scope = device.scope("ceilings");
    ceiling =
        switch (limit) {
          case "FMA F32" -> Ceiling.fma(DType.F32, workers);
          case "FMA F64" -> Ceiling.fma(DType.F64, workers);
          case "read" -> Ceiling.read(scope, workers);
          case "copy" -> Ceiling.copy(scope, workers);
          case "triad" -> Ceiling.triad(scope, workers);
          case "exp" -> Ceiling.exp(workers);
          default -> throw new IllegalArgumentException("Ceilings: no limit is named " + limit);
        };
    duel = new Duel(threads, List.of(ceiling.loop()));
    duel.settle(hole);
  }

  /// Frees them.
  @TearDown
  public void close() {
    workers.close();
    scope.close();
    device.close();
  }

  /// Nanoseconds for 10^9 operations, bytes or elements.
  @Benchmark
  public void duel(Nanos nanos, Blackhole hole) {
    nanos.ceiling = ceiling.scaled(duel.round(hole)[0], 1e9);
  }
}
