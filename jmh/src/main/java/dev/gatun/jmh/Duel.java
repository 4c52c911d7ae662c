package dev.gatun.jmh;

import java.util.Arrays;
import java.util.List;
import org.openjdk.jmh.infra.Blackhole;

/// Times contenders in turn, in short batches within one JVM. A busy neighbour or a change of clock
/// then meets all of them alike, and the ratio of two bests holds where either time alone does not.
final class Duel {
  private static final long BATCH_NANOS = 3_000_000;
  private static final long ROUND_NANOS = 500_000_000;
  private static final long SETTLE_LEAST = 2_000_000_000L;
  private static final long SETTLE_MOST = 15_000_000_000L;
  private static final int BATCHES = 6;

  /// Before a batch on several threads its contender runs untimed for so long. OpenBLAS and OpenMP
  /// threads spin for up to 27 ms after a parallel call, on the cores that the next contender
  /// wants; and a virtual machine that was idle may first run on two halves of one core.
  private static final long STEADY_NANOS = 40_000_000;

  private final List<Contender> contenders;
  private final int[] calls;
  private final boolean steadies;

  /// A duel of contenders that use `threads` threads each.
  Duel(int threads, List<Contender> contenders) {
    this.contenders = contenders;
    this.calls = new int[contenders.size()];
    this.steadies = threads > 1;
    Arrays.fill(calls, 1);
  }

  /// Plays rounds until no contender got more than 5 % faster in the last three, which is when the
  /// compiler is through with them: on a busy machine that can take seconds.
  void settle(Blackhole hole) {
    double[] best = round(hole);
    long start = System.nanoTime();
    long passed = 0;
    for (int calm = 0; (calm < 3 || passed < SETTLE_LEAST) && passed < SETTLE_MOST; calm++) {
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
    long start = System.nanoTime();
    for (int b = 0; b < BATCHES && (b == 0 || System.nanoTime() - start < ROUND_NANOS); b++) {
      for (int i = 0; i < best.length; i++) {
        best[i] = Math.min(best[i], batch(hole, i));
      }
    }
    for (int i = 0; i < best.length; i++) {
      calls[i] = (int) Math.clamp(BATCH_NANOS / best[i], 1, 1 << 20);
    }
    return best;
  }

  private double batch(Blackhole hole, int i) {
    Contender c = contenders.get(i);
    int n = calls[i];
    long start = System.nanoTime();
    if (n > 1 || steadies) {
      // Wakes the contender's threads and brings its operands back into cache.
      do {
        hole.consume(c.call());
      } while (steadies && System.nanoTime() - start < STEADY_NANOS);
    }
    start = System.nanoTime();
    for (int k = 0; k < n; k++) {
      hole.consume(c.call());
    }
    return (System.nanoTime() - start) / (double) n;
  }
}
