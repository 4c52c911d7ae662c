package dev.gatun.op.shape;

import dev.gatun.op.Call;
import dev.gatun.op.Op;
import dev.gatun.tensor.DType;

/// Checks of the values of indices.
final class Indices {
  private Indices() {}

  /// Checks all of input `i`, element by element.
  ///
  /// @throws IllegalArgumentException that names the first one outside `[0, size)`
  static void check(Op op, Call c, int i, long size) {
    DType t = c.inSpec(i).dtype();
    for (long j = 0, n = c.inShape(i).elems(); j < n; j++) {
      long index = t.readLong(c.in(i), j);
      if (index < 0 || index >= size) {
        throw new IllegalArgumentException(
            "%s: indices must lie in [0, %d); got %d as element %d of indices %s"
                .formatted(op, size, index, j, c.inSpec(i)));
      }
    }
  }
}
