package dev.gatun.op.reduce;

import dev.gatun.autograd.Node;
import dev.gatun.op.Keep;
import dev.gatun.op.Rules;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.function.LongToDoubleFunction;

/// A number or a truth that follows from how many elements along some axes are not 0; NaN is not 0.
/// F32, F64, integers and BOOL; no gradient.
interface Counting extends Accumulation {
  /// The result where `count` of `n` elements are not 0.
  double of(long count, long n);

  @Override
  default void requireType(List<Spec> in) {
    DType t = in.get(0).dtype();
    boolean fits = t != DType.F16 && t != DType.BF16;
    Rules.require(fits, this, "x must be F32, F64, an integer or BOOL", "x", in);
  }

  @Override
  default int planes() {
    return 1;
  }

  @Override
  default double value(long n, LongToDoubleFunction x) {
    long count = 0;
    for (long i = 0; i < n; i++) {
      count += x.applyAsDouble(i) != 0 ? 1 : 0;
    }
    return of(count, n);
  }

  @Override
  default Keep keep() {
    return Keep.NOTHING;
  }

  @Override
  default List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    return List.of(Optional.empty());
  }
}
