package dev.gatun.jmh;

import dev.gatun.cpu.CpuDevice;
import dev.gatun.decode.cache.CacheSpec;
import dev.gatun.decode.cache.RingCache;
import dev.gatun.nn.s4.S4;
import dev.gatun.nn.s4.SsmLayer;
import dev.gatun.nn.s4.SsmOptions;
import dev.gatun.nn.s4.SsmStream;
import dev.gatun.op.sequence.attention.Rotary;
import dev.gatun.op.sequence.s4.Hippo;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/// Millions of elements, one by one: time of one and bytes held after the first thousand and at the
/// end are the same.
final class Streaming {
  static final long WINDOW = 256;
  private static final long SINKS = 4;
  private static final long WIDTH = 64;
  private static final long[] POINTS = {1_000, 10_000, 100_000, 1_000_000, 4_000_000};

  /// Features of the layer of state spaces.
  static final int FEATURES = 64;

  /// Tokens of a batch, and batches before a point of which the fastest counts.
  private static final int BATCH = 100;

  private static final int BATCHES = 5;
  private static final long WARM_UP = 300_000;

  private Streaming() {}

  /// @param tokens so far
  /// @param nanos of a token, in the fastest of the last batches
  /// @param mean nanoseconds of a token since the row before, on a machine that does other things
  ///   too
  /// @param live bytes held by the device
  record Row(long tokens, double nanos, double mean, long live) {}

  /// Tokens through a cache of one head of 64 floats, four sinks and a window of 256, rotary
  /// embedding included. Some two minutes, so each row is told as it comes.
  static List<Row> measure() {
    try (CpuDevice device = CpuDevice.open(CpuDevice.Options.standard().withThreads(1));
        Scope scope = device.scope("cache")) {
      Shape shape = Shape.of(1, 1, 1, WIDTH);
      Tensor q = Numbers.tensor(scope, DType.F32, shape, 1);
      Tensor k = Numbers.tensor(scope, DType.F32, shape, 2);
      Tensor v = Numbers.tensor(scope, DType.F32, shape, 3);
      try (Scope other = device.scope("warm-up")) {
        // A step is some twenty small calls, each compiled after some thousands of them.
        RingCache first = cache(other);
        steps(device, step -> step(step, first, q, k, v), WARM_UP);
      }
      RingCache cache = cache(scope);
      return rows(device, step -> step(step, cache, q, k, v), POINTS);
    }
  }

  /// Elements through an S4 layer of 64 features and 32 modes.
  static List<Row> states() {
    try (CpuDevice device = CpuDevice.open(CpuDevice.Options.standard().withThreads(1));
        Scope scope = device.scope("layer")) {
      SsmLayer layer = S4.of(scope, SsmOptions.of(FEATURES), Hippo.LEGS, 1_024, 1);
      Tensor x = Numbers.tensor(scope, DType.F32, Shape.of(1, 1, FEATURES), 1);
      try (SsmStream stream = layer.stream(device, 1)) {
        steps(device, step -> stream.next(step.borrow(x)), WARM_UP);
        stream.reset();
        return rows(
            device, step -> stream.next(step.borrow(x)), Arrays.copyOf(POINTS, POINTS.length - 1));
      }
    }
  }

  private static List<Row> rows(CpuDevice device, Consumer<Scope> step, long[] points) {
    List<Row> rows = new ArrayList<>();
    long done = 0;
    for (long point : points) {
      long before = done;
      long begin = System.nanoTime();
      steps(device, step, point - done - (long) BATCHES * BATCH);
      double best = Double.POSITIVE_INFINITY;
      for (int b = 0; b < BATCHES; b++) {
        long start = System.nanoTime();
        steps(device, step, BATCH);
        best = Math.min(best, (System.nanoTime() - start) / (double) BATCH);
      }
      done = point;
      double mean = (System.nanoTime() - begin) / (double) (done - before);
      rows.add(new Row(done, best, mean, device.memory().liveBytes()));
      System.err.printf(
          Locale.ROOT,
          "%,d steps: %.1f us each, %.1f since the line before, %,d bytes held%n",
          done,
          best / 1e3,
          mean / 1e3,
          device.memory().liveBytes());
    }
    return rows;
  }

  private static RingCache cache(Scope scope) {
    CacheSpec spec = CacheSpec.of(DType.F32, 1, 1, WIDTH);
    Rotary rotary = Rotary.of(WIDTH);
    return RingCache.of(scope, spec, RingCache.Options.of(SINKS, WINDOW).withRotary(rotary));
  }

  private static void steps(CpuDevice device, Consumer<Scope> step, long n) {
    for (long i = 0; i < n; i++) {
      try (Scope scope = device.scope("step")) {
        step.accept(scope);
      }
    }
  }

  private static void step(Scope step, RingCache cache, Tensor q, Tensor k, Tensor v) {
    cache.append(k, v);
    cache.attend(step.borrow(q));
  }
}
