package dev.gatun.op.shape;

import dev.gatun.autograd.Node;
import dev.gatun.op.Composite;
import dev.gatun.op.Keep;
import dev.gatun.op.Rules;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// Each element of `axis` `count` times in a row: `a b` becomes `a a b b`. Every type and rank.
///
/// Error: none. Gradient: the sum of `dy` over the copies. Cost: one read and one write of the
/// result.
///
/// @param axis counted from 0
/// @param count not negative
public record Repeat(int axis, long count) implements Composite {
  @Override
  public List<Tensor> forward(List<Tensor> in) {
    Tensor x = in.get(0);
    Rules.require(
        axis >= 0 && axis < x.shape().rank() && count >= 0,
        this,
        "axis must exist and count not be negative",
        "x",
        List.of(x.spec()));
    Shape copies = Shape.of(with(x.shape(), count));
    Tensor y = x.reshape(with(x.shape(), 1)).broadcastTo(copies);
    return List.of(y.reshape(x.shape().with(axis, x.dim(axis) * count).dims()));
  }

  /// The sizes with one of `n` behind the axis.
  private long[] with(Shape x, long n) {
    long[] dims = Arrays.copyOf(x.dims(), x.rank() + 1);
    System.arraycopy(dims, axis + 1, dims, axis + 2, x.rank() - axis - 1);
    dims[axis + 1] = n;
    return dims;
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    Shape x = n.inSpec(0).shape();
    return List.of(dy.get(0).map(d -> d.reshape(with(x, count)).sum(axis + 1)));
  }

  @Override
  public Keep keep() {
    return Keep.NOTHING;
  }
}
