package dev.gatun.op.math;

import dev.gatun.device.DeviceInfo;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.op.Cost;
import dev.gatun.op.Kernel;
import dev.gatun.op.Launch;
import dev.gatun.op.Rules;
import dev.gatun.tensor.Spec;
import java.util.List;

/// `y = f(x)`, element by element, F32 and F64.
interface Unary extends Kernel {
  /// The definition on one element.
  double f(double x);

  /// The vector form; touched only where vectors run.
  Workers.Body body();

  /// The body of the definition in OpenCL C, a function of `x` and the attributes `a` and `b` on
  /// numbers or vectors of type `V`.
  String cl();

  /// The attributes that [#cl] sees.
  default double[] clAttributes() {
    return new double[2];
  }

  /// Floating-point operations an element.
  double flops();

  @Override
  default List<Spec> infer(List<Spec> in) {
    Rules.count(1, this, "x", in);
    Rules.computing(this, "x", in);
    return in;
  }

  @Override
  default void reference(Call c) {
    for (long i = 0, n = c.outShape(0).elems(); i < n; i++) {
      c.set(0, i, f(c.get(0, i)));
    }
  }

  @Override
  default void simd(Call c, Workers w) {
    w.run(body(), c, 0, Elementwise.blocks(c.inShape(0)));
  }

  @Override
  default List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    double[] a = clAttributes();
    return ClMap.unary(d, cl(), in.get(0), in.get(0).dtype(), a[0], a[1]);
  }

  @Override
  default Cost cost(List<Spec> in) {
    return Cost.streaming(flops(), in, in);
  }
}
