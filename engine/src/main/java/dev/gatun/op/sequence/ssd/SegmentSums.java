package dev.gatun.op.sequence.ssd;

import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;

/// Sums of all segments of the last axis: `s_ij = x_(j+1) + .. + x_i` for `j <= i`, else -inf, so
/// that `exp(s)` is the matrix of gates between any two steps. [Ssd] holds none of them in memory;
/// these are for those who look at the matrix.
public final class SegmentSums {
  private SegmentSums() {}

  /// Each sum for itself: no digits lost. `x [.., T]`, `s [.., T, T]`.
  public static Tensor of(Tensor x) {
    int rank = x.shape().rank();
    long steps = x.dim(-1);
    Tensor rows = x.unsqueeze(rank).broadcastTo(x.shape().insert(rank, steps)).copy();
    return masked(rows.tril(-1).cumSum(rank - 1));
  }

  /// As differences of running sums, of whose size the error is. `x [.., T]`, `s [.., T, T]`.
  public static Tensor ofDifferences(Tensor x) {
    int rank = x.shape().rank();
    Tensor sums = x.cumSum(rank - 1);
    return masked(sums.unsqueeze(rank).sub(sums.unsqueeze(rank - 1)));
  }

  private static Tensor masked(Tensor s) {
    Shape square = Shape.of(s.dim(-1), s.dim(-1));
    Tensor above = s.scope().full(DType.F32, square, 1).tril(0).less(0.5);
    return s.maskedFill(above, Double.NEGATIVE_INFINITY);
  }
}
