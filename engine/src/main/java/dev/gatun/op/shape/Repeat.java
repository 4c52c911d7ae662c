package dev.gatun.op.shape;

import dev.gatun.autograd.Node;
import dev.gatun.op.Composite;
import dev.gatun.op.Keep;
import dev.gatun.op.Rules;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.Arrays;
import java.util.Collections;
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
  private static final long FEW = 8;

  @Override
  public List<Tensor> forward(List<Tensor> in) {
    Tensor x = in.get(0);
    Rules.require(
        axis >= 0 && axis < x.shape().rank() && count >= 0,
        this,
        "axis must exist and count not be negative",
        "x",
        List.of(x.spec()));
    Tensor one = x.reshape(with(x.shape(), 1));
    // A strided copy has loops as long as the innermost axis, which here is the copies.
    boolean few = x.shape().elems(axis + 1, x.shape().rank()) == 1 && count > 0 && count <= FEW;
    Tensor y =
        few
            ? new Concat(axis + 1).of(Collections.nCopies((int) count, one).toArray(Tensor[]::new))
            : one.broadcastTo(Shape.of(with(x.shape(), count)));
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
