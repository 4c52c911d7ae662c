package dev.gatun.op.sequence.attention;

import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/// Attention over parts of the keys, one after the other, put together by [Combine]: what one
/// [Attention] gives, for keys that lie, or are worked on, in several places.
///
/// Part `p` of `n` has keys `p c` to `(p + 1) c`, where `c = ceil(Sk / n)`; the last parts may be
/// shorter or empty, which gives `o = 0` and `lse = -inf`. Masks and operands see the positions of
/// the whole; [Operand#SINK] takes part in the first part alone. Gradient: through each part's `o`
/// and `lse`. Cost: that of one attention and `n` reads of `o`. Error: that of the two operators.
/// Source: Dao et al., Flash-Decoding for long-context inference, 2023.
public final class SplitKv {
  private SplitKv() {}

  /// The parts, and what they give together.
  ///
  /// @param parts partial results in the order of the keys
  /// @param o of all keys
  /// @param lse of all keys
  public record Result(List<Attention.Result> parts, Tensor o, Tensor lse) {
    /// A copy, so that nobody changes the list.
    public Result {
      parts = List.copyOf(parts);
    }
  }

  /// [Attention] in `parts` parts.
  ///
  /// @throws IllegalArgumentException if there is no part, if the options have runs, sinks by
  ///   position or the greatest score, which parts cannot have, or if shapes or types do not fit
  public static Result of(Tensor q, Tensor k, Tensor v, int parts, AttentionOptions options) {
    if (parts < 1
        || options.operands().containsKey(Operand.RUNS)
        || options.mask().sinks() > 0
        || options.maxLogits()) {
      throw new IllegalArgumentException(
          "SplitKv: parts must be at least 1, without runs, sinks and max logits; got %d parts and %s"
              .formatted(parts, options));
    }
    long sq = q.dim(-2);
    long sk = k.dim(-2);
    long size = Math.ceilDiv(sk, parts);
    List<Attention.Result> results = new ArrayList<>();
    AttentionOptions part = options;
    for (int p = 0; p < parts; p++) {
      long from = Math.min(sk, p * size);
      Tensor runs = run(q, sq, from, Math.min(sk, from + size));
      results.add(Attention.of(q, k, v, part.with(Operand.RUNS, runs)));
      part = part.without(Operand.SINK);
    }
    Combine.Result all =
        Combine.of(
            results.stream().map(Attention.Result::o).toList(),
            results.stream().map(Attention.Result::lse).toList());
    return new Result(results, all.o(), all.lse());
  }

  /// The run from `begin` to `end` for each of `sq` queries.
  private static Tensor run(Tensor like, long sq, long begin, long end) {
    Tensor row = like.scope().tensor(Shape.of(1, 4), begin, end, end, end);
    return row.broadcastTo(Shape.of(sq, 4));
  }
}
