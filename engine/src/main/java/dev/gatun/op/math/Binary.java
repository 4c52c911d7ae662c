package dev.gatun.op.math;

import dev.gatun.device.DeviceInfo;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.op.Cost;
import dev.gatun.op.Kernel;
import dev.gatun.op.Launch;
import dev.gatun.op.Rules;
import dev.gatun.tensor.Layout;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import java.util.List;

/// `z = f(x, y)`, element by element, shapes broadcast by NumPy's rule, F32 and F64.
interface Binary extends Kernel {
  /// The definition on one pair.
  double f(double x, double y);

  /// The body of the definition in OpenCL C, a function of `x` and `y` on numbers or vectors of
  /// type `V`.
  String cl();

  /// The vector form; touched only where vectors run.
  Workers.Body body();

  @Override
  default List<Spec> infer(List<Spec> in) {
    Rules.count(2, this, "x y", in);
    Rules.computing(this, "x y", in);
    try {
      return List.of(in.get(0).withShape(Shape.broadcast(in.get(0).shape(), in.get(1).shape())));
    } catch (IllegalArgumentException e) {
      throw Rules.broken(this, "shapes must broadcast", "x y", in);
    }
  }

  @Override
  default void reference(Call c) {
    Shape z = c.outShape(0);
    Layout x = Layout.contiguous(c.inShape(0), 0).broadcast(c.inShape(0), z);
    Layout y = Layout.contiguous(c.inShape(1), 0).broadcast(c.inShape(1), z);
    for (long i = 0, n = z.elems(); i < n; i++) {
      c.set(0, i, f(c.get(0, x.at(z, i)), c.get(1, y.at(z, i))));
    }
  }

  @Override
  default void simd(Call c, Workers w) {
    Elementwise.plan(c);
    w.run(body(), c, 0, Elementwise.rowBlocks(c));
  }

  @Override
  default List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClMap.binary(d, cl(), in, infer(in).get(0), 0, 0);
  }

  @Override
  default Cost cost(List<Spec> in) {
    return Cost.streaming(1, in, infer(in));
  }
}
