package dev.gatun.op.math;

import dev.gatun.autograd.Node;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.op.Keep;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/// A function of one number whose gradient is one pass: `dx = dy f'(v)` with `v` the input or the
/// result ([Slope]).
interface Curve extends Unary {
  /// The derivative at `v`.
  double slope(double v);

  /// [#slope] in OpenCL C, an expression in `x` and the attribute `a`.
  String clSlope();

  @Override
  default double[] clAttributes() {
    return new double[] {parameter(), 0};
  }

  /// Whether `v` is the result.
  default boolean ofResult() {
    return false;
  }

  /// The vector form of [Slope].
  Workers.Body slopeBody();

  /// The attribute that bodies find in the first register as the bits of a double.
  default double parameter() {
    return 0;
  }

  /// The attribute of the running call.
  static double parameter(Call c) {
    return Double.longBitsToDouble(c.registers()[0]);
  }

  @Override
  default void simd(Call c, Workers w) {
    c.registers()[0] = Double.doubleToRawLongBits(parameter());
    Unary.super.simd(c, w);
  }

  @Override
  default Keep keep() {
    return ofResult() ? Keep.outputs(0) : Keep.inputs(0);
  }

  @Override
  default List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    Slope slope = new Slope(this);
    return List.of(dy.get(0).map(d -> slope.of(d, ofResult() ? n.out(0) : n.in(0))));
  }
}
