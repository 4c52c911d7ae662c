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
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/// `z = f(x, y)` bit by bit, shapes broadcast by NumPy's rule: on BOOL, which is one bit, or on I32
/// and I64. No gradient.
interface Bitwise extends Kernel {
  /// The definition on one pair of type `t`; the low bits of the result are kept.
  long f(DType t, long x, long y);

  /// Whether BOOL is taken too.
  default boolean takesBool() {
    return true;
  }

  /// The body of the definition in OpenCL C, a function of `x` and `y`.
  String cl();

  /// The vector form; touched only where vectors run.
  Workers.Body body();

  @Override
  default List<Spec> infer(List<Spec> in) {
    return List.of(
        new Spec(
            in.isEmpty() ? DType.BOOL : in.get(0).dtype(),
            takesBool()
                ? Pairs.infer(this, in, Pairs.BITS, "BOOL, I32 or I64")
                : Pairs.infer(this, in, Pairs.INTEGERS, "I32 or I64")));
  }

  @Override
  default void reference(Call c) {
    DType t = c.dtype();
    Pairs.integers(c, (x, y) -> f(t, x, y));
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
