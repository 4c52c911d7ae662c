package dev.gatun.op.reduce;

import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.op.Cost;
import dev.gatun.op.Kernel;
import dev.gatun.op.Rules;
import dev.gatun.tensor.Layout;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// One number from all elements along some axes of `x`, F32 and F64.
interface Reduction extends Kernel {
  /// The axes that go away, counted from 0.
  List<Integer> axes();

  /// Whether they stay, with size 1.
  boolean keepDims();

  /// The result of no elements.
  double identity();

  /// The definition on two elements.
  double join(double a, double b);

  /// Divides the joined elements: their number for a mean, else 1.
  long divisor(long elems);

  /// The vector form of one pass of [Passes]; touched only where vectors run.
  Workers.Body body();

  @Override
  default List<Spec> infer(List<Spec> in) {
    Rules.count(1, this, "x", in);
    Rules.computing(this, "x", in);
    Shape x = in.get(0).shape();
    boolean fit =
        axes().stream().allMatch(a -> a >= 0 && a < x.rank())
            && axes().stream().distinct().count() == axes().size();
    Rules.require(fit, this, "each axis must exist and be named once", "x", in);
    return List.of(in.get(0).withShape(x.reduce(axes(), keepDims())));
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
      double v = identity();
      for (long i = 0; i < n; i++) {
        v = join(v, c.get(0, layout.at(runs, o * n + i)));
      }
      c.set(0, o, v / divisor(n));
    }
  }

  @Override
  default void simd(Call c, Workers w) {
    if (c.inShape(0).elems() == 0) {
      reference(c);
    } else {
      Passes.run(this, c, w);
    }
  }

  @Override
  default long scratch(List<Spec> in, int workers) {
    return Passes.scratch(this, in.get(0));
  }

  @Override
  default Cost cost(List<Spec> in) {
    List<Spec> out = infer(in);
    Cost bytes = Cost.streaming(0, in, out);
    return new Cost(in.get(0).shape().elems(), bytes.bytes());
  }

  /// `dy` repeated along the axes that `x` lost.
  default Tensor spread(Tensor dy, Shape x) {
    return dy.reshape(x.reduce(axes(), true).dims()).broadcastTo(x);
  }
}
