package dev.gatun.op.reduce;

import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.op.Kernel;
import dev.gatun.op.Rules;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import java.util.List;

/// An op on each run along one axis, seen as `[outer, n, inner]`, F32 and F64, whose inputs and
/// outputs all have one shape.
interface AlongAxis extends Kernel {
  /// The axis, counted from 0.
  int axis();

  /// Names of the inputs.
  String names();

  /// The vector form; touched only where vectors run.
  Workers.Body body();

  @Override
  default List<Spec> infer(List<Spec> in) {
    Rules.count(names().split(" ", -1).length, this, names(), in);
    Rules.computing(this, names(), in);
    Rules.require(
        axis() >= 0 && axis() < in.get(0).shape().rank(), this, "axis must exist", names(), in);
    Rules.require(in.stream().allMatch(in.get(0)::equals), this, "shapes must agree", names(), in);
    return List.of(in.get(0));
  }

  @Override
  default void simd(Call c, Workers w) {
    Shape x = c.inShape(0);
    if (x.elems() == 0) {
      return;
    }
    long[] r = c.registers();
    r[AxisSimd.N] = length(x);
    r[AxisSimd.INNER] = inner(x);
    r[AxisSimd.RUNS] = runs(x);
    w.run(body(), c, 0, AxisSimd.blocks(r));
  }

  /// Three rows of a tile for each worker.
  @Override
  default long scratch(List<Spec> in, int workers) {
    return 3L * AxisSimd.TILE * in.get(0).dtype().bytes() * workers;
  }

  /// Length of a run.
  default long length(Shape x) {
    return x.dim(axis());
  }

  /// Distance between neighbours of a run.
  default long inner(Shape x) {
    return x.elems(axis() + 1, x.rank());
  }

  /// Number of runs.
  default long runs(Shape x) {
    return x.elems(0, axis()) * inner(x);
  }

  /// Element number at which run `run` starts.
  static long start(long run, long n, long inner) {
    return run / inner * n * inner + run % inner;
  }
}
