package dev.gatun.io.onnx;

import static dev.gatun.io.onnx.Operators.Trait.SHAPED_BY_REST;

import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/// Reductions, arg-max and arg-min, top-k, running sums and products.
final class ReductionOperators {
  private ReductionOperators() {}

  /// A reduction that keeps its axes with size 1.
  private interface Kept {
    Tensor of(Tensor x, int... axes);
  }

  static void addTo(Operators all) {
    exact(all, "ReduceSum", (x, axes) -> x.sumKeep(axes), 0);
    reduction(all, "ReduceMean", (x, axes) -> x.meanKeep(axes), Double.NaN);
    extreme(all, "ReduceMax", (x, axes) -> x.maxKeep(axes), Double.NEGATIVE_INFINITY);
    extreme(all, "ReduceMin", (x, axes) -> x.minKeep(axes), Double.POSITIVE_INFINITY);
    exact(all, "ReduceProd", ReductionOperators::product, 1);
    reduction(all, "ReduceL1", (x, axes) -> x.abs().sumKeep(axes), 0);
    reduction(all, "ReduceL2", (x, axes) -> x.square().sumKeep(axes).sqrt(), 0);
    reduction(all, "ReduceSumSquare", (x, axes) -> x.square().sumKeep(axes), 0);
    reduction(all, "ReduceLogSum", (x, axes) -> x.sumKeep(axes).log(), Double.NEGATIVE_INFINITY);
    reduction(all, "ReduceLogSumExp", ReductionOperators::logSumExp, Double.NEGATIVE_INFINITY);
    all.one("ArgMax", 1, n -> arg(n, true));
    all.one("ArgMin", 1, n -> arg(n, false));
    all.add("TopK", 1, ReductionOperators::topK, SHAPED_BY_REST);
    all.one("CumSum", 11, n -> running(n, true));
    all.one("CumProd", 26, n -> running(n, false));
  }

  private static void reduction(Operators all, String name, Kept f, double ofNothing) {
    all.one(name, 1, n -> reduce(n, MathOperators.real(n, 0), f, ofNothing), SHAPED_BY_REST);
  }

  /// A reduction that the engine has of integers.
  private static void exact(Operators all, String name, Kept f, double ofNothing) {
    all.one(name, 1, n -> reduce(n, MathOperators.wide(n.tensor(0)), f, ofNothing), SHAPED_BY_REST);
  }

  /// Of integers too, in the order of their values.
  private static void extreme(Operators all, String name, Kept f, double ofNothing) {
    all.one(
        name,
        1,
        n -> {
          ElementType type = n.type(0);
          Value y =
              n.shape(0).elems() == 0
                  ? reduce(n, MathOperators.wide(n.tensor(0)), f, ofNothing)
                  : reduce(n, MathOperators.ordered(n, 0), f, ofNothing);
          boolean turned = type == ElementType.UINT64 && n.shape(0).elems() > 0;
          return turned ? new Value(type, Unsigned.ordered(type, y.tensor())) : y;
        },
        SHAPED_BY_REST);
  }

  /// The axes by attribute or by input; none are all, or with `noop_with_empty_axes` none.
  private static Value reduce(Invocation n, Tensor x, Kept f, double ofNothing) {
    int rank = x.shape().rank();
    long[] given = n.has(1) ? n.integers(1) : n.attributes().integers("axes").orElse(new long[0]);
    boolean none = n.attributes().flag("noop_with_empty_axes", false);
    int[] axes =
        given.length > 0
            ? Arrays.stream(given).mapToInt(a -> x.shape().axis(Math.toIntExact(a))).toArray()
            : none ? new int[0] : IntStream.range(0, rank).toArray();
    Shape kept = x.shape().reduce(IntStream.of(axes).boxed().toList(), true);
    boolean keep = n.attributes().flag("keepdims", true);
    Shape result = x.shape().reduce(IntStream.of(axes).boxed().toList(), keep);
    boolean empty = x.shape().elems() == 0 && kept.elems() > 0;
    if (empty) {
      return n.like(0, x.scope().full(x.dtype(), result, bound(n, ofNothing)));
    }
    // A scalar, or a tensor none of whose axes goes: each element is reduced by itself.
    if (axes.length == 0) {
      Tensor single = f.of(x.reshape(x.shape().elems(), 1), 1);
      return n.like(0, single.reshape(x.shape().dims()));
    }
    return n.like(0, f.of(x, axes).reshape(result.dims()));
  }

  /// An infinity as the type has it.
  private static double bound(Invocation n, double v) {
    if (n.type(0).isFloating() || !Double.isInfinite(v)) {
      return v;
    }
    ElementType t = n.type(0);
    int bits = t == ElementType.BOOL ? 1 : t.bits();
    if (t == ElementType.UINT64) {
      // The greatest is carried by the bits of -1.
      return v > 0 ? -1 : 0;
    }
    boolean signed = t.isInteger() && !t.isUnsigned();
    double top = Math.scalb(1.0, signed ? bits - 1 : bits) - 1;
    return v > 0 ? top : signed ? -top - 1 : 0;
  }

  private static Tensor product(Tensor x, int... axes) {
    return x.prod(axes).reshape(x.shape().reduce(IntStream.of(axes).boxed().toList(), true).dims());
  }

  private static Tensor logSumExp(Tensor x, int... axes) {
    return x.logSumExp(axes)
        .reshape(x.shape().reduce(IntStream.of(axes).boxed().toList(), true).dims());
  }

  private static Value arg(Invocation n, boolean max) {
    // Integers of 64 bits by way of a search for the greatest one, which is exact.
    boolean exact = n.type(0).isInteger() && n.type(0).bits() == 64;
    Tensor x = exact ? MathOperators.ordered(n, 0) : MathOperators.real(n.tensor(0));
    int axis = x.shape().axis(Math.toIntExact(n.attributes().integer("axis", 0)));
    boolean last = n.attributes().flag("select_last_index", false);
    Tensor seen = last ? x.flip(axis) : x;
    Tensor place =
        exact
            ? (max ? seen : seen.not()).topK(axis, 1).get(1).to(DType.I64)
            : max ? seen.argMax(axis) : seen.argMin(axis);
    if (last) {
      place = place.neg().add(n.scope().full(DType.I64, Shape.of(), x.dim(axis) - 1.0));
    }
    boolean keep = n.attributes().flag("keepdims", true);
    return new Value(
        ElementType.INT64, place.reshape(x.shape().reduce(List.of(axis), keep).dims()));
  }

  private static List<Value> topK(Invocation n) {
    Tensor x = MathOperators.ordered(n, 0);
    long k = n.version() < 10 ? n.attributes().integer("k") : n.integers(1)[0];
    int axis = x.shape().axis(Math.toIntExact(n.attributes().integer("axis", -1)));
    boolean largest = n.attributes().flag("largest", true);
    // The smallest are the largest of what is in the opposite order: the negatives of floats, and
    // the
    // complements of integers, of which none has no negative.
    UnaryOperator<Tensor> opposite = x.dtype().computes() ? Tensor::neg : Tensor::not;
    List<Tensor> top = (largest ? x : opposite.apply(x)).topK(axis, k);
    Tensor values = largest ? top.get(0) : opposite.apply(top.get(0));
    return List.of(
        n.like(0, Unsigned.ordered(n.type(0), values)),
        new Value(ElementType.INT64, top.get(1).to(DType.I64)));
  }

  private static Value running(Invocation n, boolean sum) {
    Tensor x = MathOperators.real(n.tensor(0));
    int axis = x.shape().axis(Math.toIntExact(n.integers(1)[0]));
    boolean exclusive = n.attributes().flag("exclusive", false);
    boolean reverse = n.attributes().flag("reverse", false);
    if (sum) {
      return n.like(0, x.cumSum(axis, reverse, exclusive));
    }
    Tensor seen = reverse ? x.flip(axis) : x;
    Tensor y = seen.cumProd(axis);
    if (exclusive) {
      Tensor ones = n.scope().full(x.dtype(), x.shape().with(axis, 1), 1);
      y = ones.concat(axis, y.slice(axis, 0, Math.max(0, x.dim(axis) - 1)));
    }
    return n.like(0, reverse ? y.flip(axis) : y);
  }
}
