package dev.gatun.op.sequence.attention;

import dev.gatun.tensor.Tensor;
import java.util.List;

/// One context and any number of candidates after it in a single sequence: the context sees itself,
/// each candidate sees the context and itself. The context is computed once, and every candidate
/// has the result it would have alone behind the context.
///
/// Two runs of keys a query, so [Operand#RUNS]: equal to dense attention under that mask, with its
/// gradients. Under a causal mask it is one prefix with several continuations. Positions, where the
/// model has them, are for the caller: each candidate's begin where the context ends. Cost: the
/// visible pairs. Source: Song et al., Uni-Encoder, arXiv 2106.01263, section 3.
public final class CandidateAttention {
  private CandidateAttention() {}

  /// What it gives, and the mask.
  ///
  /// @param o weighted means of the values
  /// @param lse logarithm of the softmax's sum
  /// @param runs the keys that each query sees, I32 `[Sq, 4]`
  /// @param visiblePairs pairs of queries and keys that see each other, of all heads
  public record Result(Tensor o, Tensor lse, Tensor runs, long visiblePairs) {}

  /// Attention of a sequence of `context` positions and, after them, `candidates` positions each.
  ///
  /// @param options scale, cap, operands but lengths, runs and blocks, and a mask without sinks
  /// @throws IllegalArgumentException if the lengths do not add up to those of `q` and `k`, or
  ///   shapes, types or options do not fit
  public static Result of(
      Tensor q, Tensor k, Tensor v, long context, List<Long> candidates, AttentionOptions options) {
    Inputs.qkv(q, k, v);
    Inputs.free("CandidateAttention", options);
    long length = q.dim(2);
    long sum = context + candidates.stream().mapToLong(Long::longValue).sum();
    boolean fits = context >= 0 && candidates.stream().allMatch(n -> n >= 0) && sum == length;
    Inputs.require(
        fits && k.dim(2) == length,
        "CandidateAttention",
        "context %d and candidates %s must make up the queries and the keys"
            .formatted(context, candidates),
        q,
        k);
    Runs runs = runs(length, context, candidates);
    Tensor all = runs.in(Inputs.scope(q, k, v));
    Attention.Result r = Attention.of(q, k, v, options.with(Operand.RUNS, all));
    long pairs = runs.pairs(options.mask(), length) * q.dim(0) * q.dim(1);
    return new Result(r.o(), r.lse(), all, pairs);
  }

  private static Runs runs(long length, long context, List<Long> candidates) {
    Runs runs = new Runs(length);
    for (long i = 0; i < context; i++) {
      runs.set(i, 0, context, context, context);
    }
    long begin = context;
    for (long n : candidates) {
      for (long i = begin; i < begin + n; i++) {
        runs.set(i, 0, context, begin, begin + n);
      }
      begin += n;
    }
    return runs;
  }
}
