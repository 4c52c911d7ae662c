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

/// Where along one axis an extreme stands: the first of equals, +0 and -0 being equal; the first
/// NaN where there is one, as in NumPy.
interface Arg extends Accumulation {
  /// Whether `a` beats `b`, neither being NaN.
  boolean beats(double a, double b);

  @Override
  default List<Spec> infer(List<Spec> in) {
    List<Spec> out = Accumulation.super.infer(in);
    Rules.require(axes().size() == 1, this, "there must be one axis", "x", in);
    requireElements(in);
    return out;
  }

  @Override
  default DType result(DType x) {
    return DType.I64;
  }

  @Override
  default int planes() {
    return 2;
  }

  @Override
  default double value(long n, LongToDoubleFunction x) {
    long best = 0;
    for (long i = 1; i < n && !Double.isNaN(x.applyAsDouble(best)); i++) {
      best =
          Double.isNaN(x.applyAsDouble(i)) || beats(x.applyAsDouble(i), x.applyAsDouble(best))
              ? i
              : best;
    }
    return best;
  }

  @Override
  default Keep keep() {
    return Keep.NOTHING;
  }

  /// A step function.
  @Override
  default List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    return List.of(Optional.empty());
  }
}
