package dev.gatun.op.sequence.attention;

import dev.gatun.tensor.Tensor;

/// Rules of the forms of attention that see a whole sequence of their own keys.
final class Whole {
  private Whole() {}

  /// Queries, which are as many as keys.
  ///
  /// @throws IllegalArgumentException if they are not, or not all are `[B, H, T, D]`
  static long length(String name, Tensor q, Tensor k, Tensor v) {
    boolean ranks = q.shape().rank() == 4 && k.shape().rank() == 4 && v.shape().rank() == 4;
    if (!ranks || q.dim(2) != k.dim(2) || k.dim(2) != v.dim(2) || q.dim(2) < 1) {
      throw new IllegalArgumentException(
          "%s: q, k and v must be [B, H or Hk, T, D] with one T > 0; got %s, %s, %s"
              .formatted(name, q.shape(), k.shape(), v.shape()));
    }
    return q.dim(2);
  }
}
