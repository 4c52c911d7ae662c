package dev.gatun.op.sequence.attention;

import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.LongStream;

/// Attention of several sequences that lie one after the other, none of which sees another:
/// sequence `s` has queries `starts[s]` to `starts[s + 1]`, and likewise keys.
///
/// The mask applies within each sequence, by its own lengths; it becomes [Operand#RUNS], so that no
/// pair of two sequences is computed. Results are those of each sequence alone. A sequence without
/// keys gives `o = 0`. Gradient, cost and error: of [Attention] over the visible pairs. Source:
/// variable lengths of Dao, FlashAttention-2, arXiv 2307.08691.
public final class PackedAttention {
  private static final Set<Operand> LENGTHS =
      Set.of(Operand.QUERY_LENGTHS, Operand.KEY_LENGTHS, Operand.RUNS);

  /// Operands that need positions, which queries and keys have in common only where they start
  /// together.
  private static final Set<Operand> POSITIONS =
      Set.of(Operand.SLOPES, Operand.DECAY, Operand.RELATIVE, Operand.FACTOR);

  private PackedAttention() {}

  /// Attention of `q [1, H, Sq, D]` over `k` and `v [1, Hk, Sk, ..]`.
  ///
  /// @param queryStarts I32 or I64 `[n + 1]`, from 0 to `Sq`, never falling
  /// @param keyStarts the same of the keys, to `Sk`
  /// @throws IllegalArgumentException if the starts are not as said, the options have lengths or
  ///   runs, or operands by position where queries and keys start apart, or shapes or types do not
  ///   fit
  public static Attention.Result of(
      Tensor q,
      Tensor k,
      Tensor v,
      Tensor queryStarts,
      Tensor keyStarts,
      AttentionOptions options) {
    long[] queries = starts("queryStarts", queryStarts, q.dim(-2));
    long[] keys = starts("keyStarts", keyStarts, k.dim(-2));
    if (queries.length != keys.length) {
      throw new IllegalArgumentException(
          "PackedAttention: queries and keys must have as many sequences; got %d and %d"
              .formatted(queries.length - 1, keys.length - 1));
    }
    Set<Operand> refused = new TreeSet<>(LENGTHS);
    if (!Arrays.equals(queries, keys)) {
      refused.addAll(POSITIONS);
    }
    refused.retainAll(options.operands().keySet());
    if (!refused.isEmpty()) {
      throw new IllegalArgumentException(
          "PackedAttention: options must have no lengths or runs, and nothing by position where"
              + " queries and keys start apart; got "
              + refused);
    }
    Tensor runs = q.scope().tensor(Shape.of(q.dim(-2), 4), runs(options.mask(), queries, keys));
    return Attention.of(q, k, v, options.withMask(Mask.none()).with(Operand.RUNS, runs));
  }

  /// For decoding with forget gates, one query at the end of each sequence: what key `j` has lost
  /// by then, `g[j + 1] + .. + g[end]` within its sequence, an [Operand#BIAS] `[1, H, 1, Sk]` of
  /// attention under [#of].
  ///
  /// @param g logarithms of the gates, `[1, H, Sk]`
  /// @param keyStarts as in [#of]
  /// @throws IllegalArgumentException if the starts are not as said
  public static Tensor decay(Tensor g, Tensor keyStarts) {
    long[] starts = starts("keyStarts", keyStarts, g.dim(-1));
    Tensor[] lost =
        LongStream.range(0, starts.length - 1)
            .filter(s -> starts[(int) s] < starts[(int) s + 1])
            .mapToObj(s -> g.slice(2, starts[(int) s], starts[(int) s + 1]).cumSum(2, true, true))
            .toArray(Tensor[]::new);
    Tensor all = lost.length == 0 ? g : lost[0].concat(2, Arrays.copyOfRange(lost, 1, lost.length));
    return all.unsqueeze(2);
  }

  private static long[] starts(String name, Tensor t, long size) {
    boolean typed = t.dtype().indexes() && t.shape().rank() == 1 && t.dim(0) > 0;
    long[] s = typed ? t.toLongArray() : new long[0];
    boolean rises = true;
    for (int i = 1; i < s.length; i++) {
      rises &= s[i - 1] <= s[i];
    }
    if (!typed || !rises || s[0] != 0 || s[s.length - 1] != size) {
      throw new IllegalArgumentException(
          "PackedAttention: %s must be I32 or I64 [n + 1], from 0 to %d, never falling; got %s %s %s"
              .formatted(name, size, t.dtype(), t.shape(), Arrays.toString(s)));
    }
    return s;
  }

  private static long[] runs(Mask m, long[] queries, long[] keys) {
    long[] runs = new long[Math.toIntExact(4 * queries[queries.length - 1])];
    for (int s = 0; s < queries.length - 1; s++) {
      long sq = queries[s + 1] - queries[s];
      long sk = keys[s + 1] - keys[s];
      for (long i = 0; i < sq; i++) {
        int at = (int) (4 * (queries[s] + i));
        long begin = Math.min(sk, m.begin(i, sq, sk));
        long sink = Math.min(sk, m.sinkBegin(i, sq, sk));
        runs[at] = keys[s] + sink;
        runs[at + 1] = keys[s] + Math.max(sink, m.sinkEnd(i, sq, sk));
        runs[at + 2] = keys[s] + begin;
        runs[at + 3] = keys[s] + Math.max(begin, m.end(i, sq, sk));
      }
    }
    return runs;
  }
}
