package dev.gatun.op.reduce;

import dev.gatun.autograd.Node;
import dev.gatun.device.DeviceInfo;
import dev.gatun.device.Workers;
import dev.gatun.op.Keep;
import dev.gatun.op.Launch;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/// `y = sum(x)` over `axes`; 0 where they have no elements.
///
/// Shapes: `x` any, `y` without `axes`, or with size 1 there under `keepDims`; F32 or F64.
/// Gradient: `dx = dy`, repeated along `axes`: a view. Cost: one read of `x`. Error: contiguous
/// runs are added by four vectors and go on in doubles after 4096 elements, others as a tree of 512
/// rows: at most `140 2^-24 sum(|x|)` in F32 for any length with vectors of 8, and a few roundings
/// in practice. The order depends on the shape and the vector width only.
///
/// @param axes axes that go away, counted from 0
/// @param keepDims whether they stay, with size 1
public record Sum(List<Integer> axes, boolean keepDims) implements Reduction {
  /// Copies `axes`.
  public Sum {
    axes = List.copyOf(axes);
  }

  @Override
  public double identity() {
    return 0;
  }

  @Override
  public double join(double a, double b) {
    return a + b;
  }

  @Override
  public long divisor(long elems) {
    return 1;
  }

  @Override
  public Workers.Body body() {
    return SumSimd.PASS;
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClReduce.of(d, in.get(0), axes(), infer(in).get(0), ClReduce.Form.sum("x", "s"), 0);
  }

  @Override
  public Keep keep() {
    return Keep.NOTHING;
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    return List.of(dy.get(0).map(d -> spread(d, n.inSpec(0).shape())));
  }
}
