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

/// Axis `i` of the result is axis `axes.get(i)` of `x`: a view. Gradient: the inverse permutation.
///
/// @param axes every axis once, counted from 0
public record Permute(List<Integer> axes) implements Composite {
  /// Copies `axes`.
  public Permute {
    axes = List.copyOf(axes);
  }

  @Override
  public List<Tensor> forward(List<Tensor> in) {
    Tensor x = in.get(0);
    List<Integer> all = IntStream.range(0, x.shape().rank()).boxed().toList();
    Rules.require(
        axes.stream().sorted().toList().equals(all),
        this,
        "every axis must be named once",
        "x",
        List.of(x.spec()));
    Shape shape = Shape.of(axes.stream().mapToLong(x::dim).toArray());
    return List.of(x.view(shape, x.layout().permute(axes)));
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    List<Integer> inverse = IntStream.range(0, axes.size()).map(axes::indexOf).boxed().toList();
    return List.of(dy.get(0).map(d -> new Permute(inverse).of(d)));
  }

  @Override
  public Keep keep() {
    return Keep.NOTHING;
  }
}
