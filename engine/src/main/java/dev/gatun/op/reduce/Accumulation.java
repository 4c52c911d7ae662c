package dev.gatun.op.reduce;

import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.op.Cost;
import dev.gatun.op.Kernel;
import dev.gatun.op.Op;
import dev.gatun.op.Rules;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Layout;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.function.LongToDoubleFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// One number from all elements along some axes of `x`, by way of a state of a few numbers in
/// double that is found for pieces of a run and then joined ([States]): for what a [Reduction] with
/// its intermediate results in the type of `x` would round, overflow or not express.
interface Accumulation extends Kernel {
  /// The axes that go away, counted from 0.
  List<Integer> axes();

  /// Whether they stay, with size 1.
  boolean keepDims();

  /// Numbers in a state.
  int planes();

  /// What the blocks want to know of the op.
  default double attribute() {
    return 0;
  }

  /// The definition on the `n` elements of one run.
  double value(long n, LongToDoubleFunction x);

  /// The vector form; touched only where vectors run.
  Workers.Body body();

  /// Type of the result.
  default DType result(DType x) {
    return x;
  }

  /// Refuses types of `x`.
  default void requireType(List<Spec> in) {
    Rules.computing(this, "x", in);
  }

  @Override
  default List<Spec> infer(List<Spec> in) {
    Rules.count(1, this, "x", in);
    requireType(in);
    Shape x = in.get(0).shape();
    requireAxes(this, axes(), in);
    return List.of(new Spec(result(in.get(0).dtype()), x.reduce(axes(), keepDims())));
  }

  /// Checks axes.
  ///
  /// @throws IllegalArgumentException unless `axes` are axes of the only input
  static void requireAxes(Op op, List<Integer> axes, List<Spec> in) {
    int rank = in.get(0).shape().rank();
    boolean fit =
        axes.stream().allMatch(a -> a >= 0 && a < rank)
            && axes.stream().distinct().count() == axes.size();
    Rules.require(fit, op, "each axis must exist and be named once", "x", in);
  }

  /// Checks that there is something to reduce.
  ///
  /// @throws IllegalArgumentException unless there are elements along the axes
  default void requireElements(List<Spec> in) {
    Rules.require(joined(in.get(0).shape()) > 0, this, "the axes must have elements", "x", in);
  }

  /// Elements that each result is made of.
  default long joined(Shape x) {
    long n = 1;
    for (int i = 0; i < axes().size(); i++) {
      n *= x.dim(axes().get(i));
    }
    return n;
  }

  @Override
  default void reference(Call c) {
    Shape x = c.inShape(0);
    List<Integer> order =
        Stream.concat(
                IntStream.range(0, x.rank()).boxed().filter(a -> !axes().contains(a)),
                axes().stream())
            .toList();
    Shape runs = Shape.of(order.stream().mapToLong(x::dim).toArray());
    Layout layout = Layout.contiguous(x, 0).permute(order);
    long n = joined(x);
    for (long o = 0, outs = c.outShape(0).elems(); o < outs; o++) {
      long from = o * n;
      c.set(0, o, value(n, i -> c.get(0, layout.at(runs, from + i))));
    }
  }

  @Override
  default void simd(Call c, Workers w) {
    if (c.inShape(0).elems() == 0) {
      reference(c);
    } else {
      States.run(this, c, w);
    }
  }

  @Override
  default long scratch(List<Spec> in, int workers) {
    return States.scratch(this, in.get(0).shape(), workers);
  }

  @Override
  default Cost cost(List<Spec> in) {
    List<Spec> out = infer(in);
    return new Cost(in.get(0).shape().elems(), Cost.streaming(0, in, out).bytes());
  }

  /// `y`, which has the result's shape, so that it broadcasts against `x`.
  default Tensor kept(Tensor y, Shape x) {
    return y.reshape(x.reduce(axes(), true).dims());
  }
}
