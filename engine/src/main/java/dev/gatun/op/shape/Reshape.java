package dev.gatun.op.shape;

import dev.gatun.autograd.Node;
import dev.gatun.op.Composite;
import dev.gatun.op.Keep;
import dev.gatun.op.Rules;
import dev.gatun.tensor.Layout;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// The same elements in row-major order under another shape: a view where the layout allows it, a
/// copy elsewhere. Gradient: reshaped back.
public record Reshape(Shape shape) implements Composite {
  /// The reshaping of `from` to `dims`, one of which may be -1 and is then worked out.
  ///
  /// @throws IllegalArgumentException if more than one size is -1 or it comes out uneven
  public static Reshape to(Shape from, long... dims) {
    long[] d = dims.clone();
    int unknown = -1;
    long known = 1;
    for (int i = 0; i < d.length; i++) {
      if (d[i] != -1) {
        known *= d[i];
      } else if (unknown < 0) {
        unknown = i;
      } else {
        known = 0;
      }
    }
    if (unknown >= 0) {
      if (known == 0 || from.elems() % known != 0) {
        throw new IllegalArgumentException(
            "Reshape: one size of -1 must come out even; got "
                + Arrays.toString(dims)
                + " for "
                + from);
      }
      d[unknown] = from.elems() / known;
    }
    return new Reshape(Shape.of(d));
  }

  @Override
  public List<Tensor> forward(List<Tensor> in) {
    Tensor x = in.get(0);
    Rules.require(
        x.shape().elems() == shape.elems(),
        this,
        "the number of elements must stay the same",
        "x",
        List.of(x.spec()));
    Optional<Layout> layout = x.layout().reshape(x.shape(), shape);
    return List.of(
        layout.isPresent()
            ? x.view(shape, layout.get())
            : x.copy().view(shape, Layout.contiguous(shape, 0)));
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    return List.of(dy.get(0).map(d -> new Reshape(n.inSpec(0).shape()).of(d)));
  }

  @Override
  public Keep keep() {
    return Keep.NOTHING;
  }
}
