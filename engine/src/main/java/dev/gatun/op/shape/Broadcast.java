package dev.gatun.op.shape;

import dev.gatun.autograd.Node;
import dev.gatun.op.Composite;
import dev.gatun.op.Keep;
import dev.gatun.op.Rules;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/// `x` repeated to `shape` by NumPy's rule: a view with strides of 0. Gradient: `dy` summed over
/// the repeated axes.
public record Broadcast(Shape shape) implements Composite {
  @Override
  public List<Tensor> forward(List<Tensor> in) {
    Tensor x = in.get(0);
    Rules.require(fits(x.shape()), this, "x must broadcast to the shape", "x", List.of(x.spec()));
    return List.of(x.view(shape, x.layout().broadcast(x.shape(), shape)));
  }

  private boolean fits(Shape x) {
    int lead = shape.rank() - x.rank();
    return lead >= 0
        && IntStream.range(0, x.rank())
            .allMatch(a -> x.dim(a) == 1 || x.dim(a) == shape.dim(a + lead));
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    return List.of(dy.get(0).map(d -> sumTo(d, n.inSpec(0).shape())));
  }

  /// `dx` summed over the axes that broadcasting from `to` repeated: the gradient of broadcasting.
  public static Tensor sumTo(Tensor dx, Shape to) {
    if (dx.shape().equals(to)) {
      return dx;
    }
    int lead = dx.shape().rank() - to.rank();
    int[] axes =
        IntStream.range(0, dx.shape().rank())
            .filter(a -> a < lead || to.dim(a - lead) == 1 && dx.dim(a) != 1)
            .toArray();
    return (axes.length == 0 ? dx : dx.sum(axes)).reshape(to.dims());
  }

  @Override
  public Keep keep() {
    return Keep.NOTHING;
  }
}
