package dev.gatun.op.sequence.attention;

import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.Optional;

/// ALiBi as a tensor, for what wants to see or change it: [Operand#SLOPES] gives the same scores
/// without one. Sources: Press et al., arXiv 2108.12409; the causal form is that of
/// FlashAttention's tests.
public final class AlibiBias {
  private AlibiBias() {}

  /// `-slope |i + sk - sq - j|`, `[B, H, Sq, Sk]`, for `slopes [B, H]`; where lengths `[B]` are
  /// given, `sq` and `sk` are those of the sequence. The gradient goes to the slopes.
  ///
  /// @param queries `Sq`
  /// @param keys `Sk`
  /// @throws IllegalArgumentException if shapes or types do not fit
  public static Tensor of(
      Tensor slopes,
      long queries,
      long keys,
      Optional<Tensor> queryLengths,
      Optional<Tensor> keyLengths) {
    Scope scope = slopes.scope();
    DType t = slopes.dtype();
    Tensor i = scope.arange(t, 0, (double) queries, 1).reshape(queries, 1);
    Tensor j = scope.arange(t, 0, (double) keys, 1);
    Tensor distance =
        i.add(length(scope, t, keys, keyLengths))
            .sub(length(scope, t, queries, queryLengths))
            .sub(j)
            .abs();
    return perHead(slopes).mul(distance).neg();
  }

  /// `slope (j - (Sk - 1))`, `[B, H, 1, Sk]`: under a causal mask the same softmax, as scores
  /// differ by a number for each query; the log-sum-exp differs by it.
  ///
  /// @param keys `Sk`
  public static Tensor causal(Tensor slopes, long keys) {
    Tensor distance = slopes.scope().arange(slopes.dtype(), 1.0 - keys, 1, 1);
    return perHead(slopes).mul(distance);
  }

  private static Tensor perHead(Tensor slopes) {
    return slopes.reshape(slopes.dim(0), slopes.dim(1), 1, 1);
  }

  private static Tensor length(Scope scope, DType t, long all, Optional<Tensor> lengths) {
    return lengths
        .map(l -> l.to(t).reshape(l.dim(0), 1, 1, 1))
        .orElseGet(() -> scope.full(t, Shape.of(1, 1, 1, 1), (double) all));
  }
}
