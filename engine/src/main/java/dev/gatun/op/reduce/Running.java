package dev.gatun.op.reduce;

import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.op.Cost;
import dev.gatun.op.Kernel;
import dev.gatun.op.Rules;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import java.util.List;

/// A running total along one axis, seen as `[outer, n, inner]`, F32 and F64.
interface Running extends Kernel {
  /// The axis, counted from 0.
  int axis();

  /// The total before anything was added.
  double identity();

  /// The definition on a total and the next element.
  double join(double total, double x);

  /// Whether the total begins at the end of the axis.
  boolean reverse();

  /// Whether an element is left out of its own total.
  boolean exclusive();

  /// The vector form; touched only where vectors run.
  Workers.Body body();

  @Override
  default List<Spec> infer(List<Spec> in) {
    Rules.count(1, this, "x", in);
    Rules.computing(this, "x", in);
    Rules.require(
        axis() >= 0 && axis() < in.get(0).shape().rank(), this, "axis must exist", "x", in);
    return in;
  }

  @Override
  default void reference(Call c) {
    Shape x = c.inShape(0);
    long n = x.dim(axis());
    long inner = x.elems(axis() + 1, x.rank());
    for (long run = 0, runs = n == 0 ? 0 : x.elems() / n; run < runs; run++) {
      double total = identity();
      for (long i = 0; i < n; i++) {
        long at = AlongAxis.start(run, n, inner) + (reverse() ? n - 1 - i : i) * inner;
        double next = join(total, c.get(0, at));
        c.set(0, at, exclusive() ? total : next);
        total = next;
      }
    }
  }

  @Override
  default void simd(Call c, Workers w) {
    Shape x = c.inShape(0);
    if (x.elems() > 0) {
      w.run(body(), c, 0, RunningSimd.plan(c.registers(), x, axis(), w.count()));
    }
  }

  /// A row of totals for each worker.
  @Override
  default long scratch(List<Spec> in, int workers) {
    return (long) RunningSimd.TILE * Double.BYTES * workers;
  }

  @Override
  default Cost cost(List<Spec> in) {
    return Cost.streaming(1, in, infer(in));
  }
}
