package dev.gatun.op.math;

import dev.gatun.autograd.Node;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.op.Keep;
import dev.gatun.op.Rules;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/// `y = -x`.
///
/// Shapes: `x`, `y` any, F32 or F64, or I32 or I64, whose least number is its own negative. Exact.
/// Gradient: `dx = -dy`.
public record Neg() implements Unary {
  @Override
  public double f(double x) {
    return -x;
  }

  @Override
  public List<Spec> infer(List<Spec> in) {
    Rules.count(1, this, "x", in);
    Rules.require(
        Pairs.NUMBERS.contains(in.get(0).dtype()),
        this,
        "dtype must be F32 or F64, I32 or I64",
        "x",
        in);
    return in;
  }

  @Override
  public void reference(Call c) {
    DType t = c.dtype();
    if (t.computes()) {
      Unary.super.reference(c);
      return;
    }
    for (long i = 0, n = c.outShape(0).elems(); i < n; i++) {
      t.writeLong(c.out(0), i, -t.readLong(c.in(0), i));
    }
  }

  @Override
  public String cl() {
    return "return -x;";
  }

  @Override
  public Workers.Body body() {
    return NegSimd.BODY;
  }

  @Override
  public double flops() {
    return 1;
  }

  @Override
  public Keep keep() {
    return Keep.NOTHING;
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    return List.of(dy.get(0).map(d -> d.neg()));
  }
}
