package dev.gatun.jmh;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.openjdk.jmh.infra.Blackhole;

/// Times contenders in turn, in short batches within one JVM. A busy neighbour or a change of clock
/// then meets all of them alike, and the ratio of two bests holds where either time alone does not.
final class Duel {
  private static final long BATCH_NANOS = 3_000_000;
  private static final long ROUND_NANOS = 500_000_000;
  private static final long SETTLE_LEAST = 2_000_000_000L;
  private static final long SETTLE_MOST = 15_000_000_000L;
  private static final int BATCHES = 6;

  /// What comes before the batches of a contender that uses several threads. OpenBLAS and OpenMP
  /// threads spin for up to 110 ms after a parallel call, on the cores that the next contender
  /// wants; and the processors of a virtual machine, once idle, come back as two halves of one core
  /// and need about as long to part. So all processors are kept busy that long, and then the
  /// contender runs untimed.
  private static final long BUSY_NANOS = 150_000_000;

  private static final long STEADY_NANOS = 40_000_000;

  /// Batches in a row of a contender on several threads, and how long they may take.
  private static final int BATCHES_IN_A_ROW = 8;

  private static final long IN_A_ROW_NANOS = 200_000_000;

  private final List<Contender> contenders;
  private final int[] calls;
  private final int threads;

  /// A duel of contenders that use `threads` threads each.
  Duel(int threads, List<Contender> contenders) {
    this.contenders = contenders;
    this.calls = new int[contenders.size()];
    this.threads = threads;
    Arrays.fill(calls, 1);
  }

  /// Plays rounds until no contender got more than 5 % faster in the last three, which is when the
  /// compiler is through with them: on a busy machine that can take seconds.
  void settle(Blackhole hole) {
    settle(hole, SETTLE_LEAST, SETTLE_MOST);
  }

  /// As above, for `least` nanoseconds at least: what consists of many kernels waits long for the
  /// compiler, and its times stand still meanwhile.
  void settle(Blackhole hole, long least, long most) {
    double[] best = round(hole);
    long start = System.nanoTime();
    long passed = 0;
    for (int calm = 0; (calm < 3 || passed < least) && passed < most; calm++) {
      double[] next = round(hole);
      for (int i = 0; i < best.length; i++) {
        calm = next[i] < 0.95 * best[i] ? -1 : calm;
        best[i] = Math.min(best[i], next[i]);
      }
      passed = System.nanoTime() - start;
    }
  }

  /// Best nanoseconds per call of each contender over the batches of one round.
  double[] round(Blackhole hole) {
    double[] best = new double[contenders.size()];
    Arrays.fill(best, Double.POSITIVE_INFINITY);
    if (threads > 1) {
      for (int i = 0; i < best.length; i++) {
        best[i] = inARow(hole, i);
      }
    } else {
      long start = System.nanoTime();
      for (int b = 0; b < BATCHES && (b == 0 || System.nanoTime() - start < ROUND_NANOS); b++) {
        for (int i = 0; i < best.length; i++) {
          best[i] = Math.min(best[i], batch(hole, i));
        }
      }
    }
    for (int i = 0; i < best.length; i++) {
      calls[i] = (int) Math.clamp(BATCH_NANOS / best[i], 1, 1 << 20);
    }
    return best;
  }

  private double batch(Blackhole hole, int i) {
    if (calls[i] > 1) {
      // Brings the contender's operands back into cache.
      hole.consume(contenders.get(i).call());
    }
    return timed(hole, i);
  }

  private double inARow(Blackhole hole, int i) {
    keepBusy();
    long start = System.nanoTime();
    do {
      hole.consume(contenders.get(i).call());
    } while (System.nanoTime() - start < STEADY_NANOS);
    double best = Double.POSITIVE_INFINITY;
    start = System.nanoTime();
    for (int b = 0; b < BATCHES_IN_A_ROW && System.nanoTime() - start < IN_A_ROW_NANOS; b++) {
      best = Math.min(best, timed(hole, i));
    }
    return best;
  }

  private double timed(Blackhole hole, int i) {
    Contender c = contenders.get(i);
    int n = calls[i];
    long start = System.nanoTime();
    for (int k = 0; k < n; k++) {
      hole.consume(c.call());
    }
    return (System.nanoTime() - start) / (double) n;
  }

  /// Counts on as many threads as a contender has.
  private void keepBusy() {
    long end = System.nanoTime() + BUSY_NANOS;
    List<Thread> others =
        IntStream.range(1, threads)
            .mapToObj(t -> Thread.ofPlatform().start(() -> count(end)))
            .toList();
    count(end);
    for (Thread t : others) {
      try {
        t.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("Duel: interrupted", e);
      }
    }
  }

  private static void count(long end) {
    while (System.nanoTime() < end) {
      // Reading the clock is work enough.
    }
  }
}
