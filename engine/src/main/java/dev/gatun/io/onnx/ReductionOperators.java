package dev.gatun.io.onnx;

import java.util.stream.LongStream;

/// Reductions, arg-max and arg-min, top-k, cumulative sums.
final class ReductionOperators {
  private ReductionOperators() {}

  static void addTo(Operators all) {
    all.one("ReduceMean", 1, ReductionOperators::mean, Operators.Trait.SHAPED_BY_REST);
  }

  private static Value mean(Invocation n) {
    long[] axes =
        n.has(1) ? n.integers(1) : n.attributes().integers("axes").orElse(LongStream.range(0, n.shape(0).rank()).toArray());
    int[] a = LongStream.of(axes).mapToInt(i -> n.shape(0).axis((int) i)).toArray();
    return n.like(0, n.attributes().flag("keepdims", true) ? n.tensor(0).meanKeep(a) : n.tensor(0).mean(a));
  }
}
