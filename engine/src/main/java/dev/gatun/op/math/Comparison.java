package dev.gatun.op.math;

import dev.gatun.autograd.Node;
import dev.gatun.device.DeviceInfo;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.op.Cost;
import dev.gatun.op.Keep;
import dev.gatun.op.Kernel;
import dev.gatun.op.Launch;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Layout;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/// Whether something holds of `x` and `y`, element by element, shapes broadcast by NumPy's rule;
/// the result is BOOL and has no gradient.
interface Comparison extends Kernel {
  /// The definition on floats.
  boolean holds(double x, double y);

  /// The definition on integers.
  boolean holds(long x, long y);

  /// Whether elements of one byte are taken too.
  default boolean takesBytes() {
    return false;
  }

  /// The body of the definition in OpenCL C, a function of `x` and `y`.
  String cl();

  /// The vector form; touched only where vectors run.
  Workers.Body body();

  @Override
  default List<Spec> infer(List<Spec> in) {
    Shape z =
        takesBytes()
            ? Pairs.infer(this, in, Pairs.COMPARABLE, "F32, F64, I32, I64, I8, U8 or BOOL")
            : Pairs.infer(this, in, Pairs.NUMBERS, "F32 or F64, I32 or I64");
    return List.of(new Spec(DType.BOOL, z));
  }

  @Override
  default void reference(Call c) {
    if (!c.dtype().computes()) {
      Pairs.integers(c, (x, y) -> holds(x, y) ? 1 : 0);
      return;
    }
    Shape z = c.outShape(0);
    Layout x = Layout.contiguous(c.inShape(0), 0).broadcast(c.inShape(0), z);
    Layout y = Layout.contiguous(c.inShape(1), 0).broadcast(c.inShape(1), z);
    for (long i = 0, n = z.elems(); i < n; i++) {
      c.set(0, i, holds(c.get(0, x.at(z, i)), c.get(1, y.at(z, i))) ? 1 : 0);
    }
  }

  @Override
  default void simd(Call c, Workers w) {
    Elementwise.plan(c);
    w.run(body(), c, 0, Elementwise.rowBlocks(c));
  }

  @Override
  default List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    return Pairs.noGradient(n);
  }

  @Override
  default Keep keep() {
    return Keep.NOTHING;
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
