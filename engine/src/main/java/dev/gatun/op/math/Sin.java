package dev.gatun.op.math;

import dev.gatun.autograd.Node;
import dev.gatun.device.Workers;
import dev.gatun.op.Keep;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/// `y = sin x`.
///
/// Shapes: `x`, `y` any, F32 or F64. Error: 1.5 ulp in F32, 1.5 in F64, for every `x`. Up to 51,000
/// (F32) and 1,000,000 (F64) in vectors, beyond that one by one. Infinities give NaN. Gradient: `dx
/// = dy cos x`.
public record Sin() implements Unary {
  @Override
  public double f(double x) {
    return Math.sin(x);
  }

  @Override
  public String cl() {
    return "return sin(x);";
  }

  @Override
  public Workers.Body body() {
    return TrigSimd.SIN;
  }

  @Override
  public double flops() {
    return 32;
  }

  @Override
  public Keep keep() {
    return Keep.inputs(0);
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    return List.of(dy.get(0).map(d -> d.mul(new Cos().of(n.in(0)))));
  }
}
