package dev.gatun.op.shape;

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
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// `y[.., k] = 1` where `indices[..] = k`, else 0.
///
/// Shapes: `indices [..]` I32 or I64, `y [.., classes]` of type `dtype`. No gradient. Cost: one
/// write of `y`.
///
/// Throws [IllegalArgumentException] while it runs if an index lies outside `[0, classes)`.
public record OneHot(long classes, DType dtype) implements Kernel {
  @Override
  public List<Spec> infer(List<Spec> in) {
    Rules.count(1, this, "indices", in);
    Rules.require(in.get(0).dtype().indexes(), this, "indices must be I32 or I64", "indices", in);
    Rules.require(classes >= 0, this, "classes must not be negative", "indices", in);
    long[] dims = Arrays.copyOf(in.get(0).shape().dims(), in.get(0).shape().rank() + 1);
    dims[dims.length - 1] = classes;
    return List.of(new Spec(dtype, Shape.of(dims)));
  }

  @Override
  public void reference(Call c) {
    Indices.check(this, c, 0, classes);
    for (long i = 0, n = c.outShape(0).elems(); i < n; i++) {
      long index = c.inSpec(0).dtype().readLong(c.in(0), i / classes);
      c.set(0, i, i % classes == index ? 1 : 0);
    }
  }

  @Override
  public void simd(Call c, Workers w) {
    IndicesSimd.check(this, c, 0, classes);
    PlaceSimd.oneHot(c, w, classes);
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClIndex.oneHot(this, d, in.get(0));
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    return List.of(Optional.empty());
  }

  @Override
  public Keep keep() {
    return Keep.NOTHING;
  }

  @Override
  public Cost cost(List<Spec> in) {
    return Cost.streaming(0, in, infer(in));
  }
}
