package dev.gatun.op.shape;

import dev.gatun.tensor.Shape;

/// Which scale belongs to which element: one for all, one for each place along an axis, or one for
/// each run of `block` places along it.
final class ScaleGrid {
  private ScaleGrid() {}

  /// Whether `scale` is a shape of scales for `x`.
  static boolean fits(Shape x, Shape scale, int axis, long block) {
    if (block == 0 && scale.elems() == 1 && scale.rank() <= 1) {
      return true;
    }
    if (axis < 0 || axis >= x.rank() || block < 0) {
      return false;
    }
    long d = x.dim(axis);
    return block == 0
        ? scale.equals(Shape.of(d))
        : scale.equals(x.with(axis, (d + block - 1) / block));
  }

  /// The scale of element `e`.
  static long index(Shape x, Shape scale, int axis, long block, long e) {
    if (isOne(scale, block)) {
      return 0;
    }
    long inner = x.elems(axis + 1, x.rank());
    long d = x.dim(axis);
    long at = e / inner % d;
    return block == 0
        ? at
        : (e / inner / d * ((d + block - 1) / block) + at / block) * inner + e % inner;
  }

  /// Whether one scale serves all elements.
  static boolean isOne(Shape scale, long block) {
    return block == 0 && scale.elems() == 1;
  }
}
