package dev.gatun.op.math;

import dev.gatun.autograd.Node;
import dev.gatun.device.DeviceInfo;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.op.Cost;
import dev.gatun.op.Keep;
import dev.gatun.op.Kernel;
import dev.gatun.op.Launch;
import dev.gatun.op.Rules;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/// Whether something holds of `x`, element by element, F32 and F64; the result is BOOL and has no
/// gradient.
interface Predicate extends Kernel {
  /// The definition on one element.
  boolean holds(double x);

  /// The body of the definition in OpenCL C, a function of `x`.
  String cl();

  /// The vector form; touched only where vectors run.
  Workers.Body body();

  @Override
  default List<Spec> infer(List<Spec> in) {
    Rules.count(1, this, "x", in);
    Rules.computing(this, "x", in);
    return List.of(new Spec(DType.BOOL, in.get(0).shape()));
  }

  @Override
  default void reference(Call c) {
    for (long i = 0, n = c.outShape(0).elems(); i < n; i++) {
      c.set(0, i, holds(c.get(0, i)) ? 1 : 0);
    }
  }

  @Override
  default void simd(Call c, Workers w) {
    w.run(body(), c, 0, Elementwise.blocks(c.inShape(0)));
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
    return ClMap.unary(d, cl(), in.get(0), DType.BOOL, 0, 0);
  }

  @Override
  default Cost cost(List<Spec> in) {
    return Cost.streaming(1, in, infer(in));
  }
}
