package dev.gatun.op.sequence.attention;

import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.lang.foreign.MemorySegment;

/// The two runs of keys `[a, b)` and `[c, d)` of each query, as [Operand#RUNS] has them, on the
/// host.
final class Runs {
  private final int[] at;

  /// Empty runs.
  Runs(long queries) {
    at = new int[Math.toIntExact(4 * queries)];
  }

  /// What query `i` sees.
  void set(long i, long a, long b, long c, long d) {
    int to = (int) (4 * i);
    at[to] = Math.toIntExact(a);
    at[to + 1] = Math.toIntExact(b);
    at[to + 2] = Math.toIntExact(c);
    at[to + 3] = Math.toIntExact(d);
  }

  /// I32 `[Sq, 4]`.
  Tensor in(Scope scope) {
    return scope.copyOf(DType.I32, Shape.of(at.length / 4, 4), MemorySegment.ofArray(at));
  }

  /// Pairs in the runs that `mask`, which has no sinks, leaves of `sk` keys.
  long pairs(Mask mask, long sk) {
    long sum = 0;
    long sq = at.length / 4;
    for (int i = 0; i < sq; i++) {
      long from = mask.begin(i, sq, sk);
      long to = mask.end(i, sq, sk);
      for (int r = 4 * i; r < 4 * i + 4; r += 2) {
        sum += Math.max(0, Math.min(at[r + 1], to) - Math.max(at[r], from));
      }
    }
    return sum;
  }
}
