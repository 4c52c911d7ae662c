package dev.gatun.op.shape;

import dev.gatun.autograd.Node;
import dev.gatun.op.Keep;
import dev.gatun.op.Rules;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/// `x` with the elements of `axes` in reverse order. Every type and rank.
///
/// Error: none. Gradient: `dy` flipped. Cost: one read, one write.
///
/// @param axes counted from 0
public record Flip(List<Integer> axes) implements Moves {
  /// Copies `axes`.
  public Flip {
    axes = List.copyOf(axes);
  }

  @Override
  public List<Spec> infer(List<Spec> in) {
    Rules.count(1, this, "x", in);
    int rank = in.get(0).shape().rank();
    Rules.require(
        axes.stream().allMatch(a -> a >= 0 && a < rank)
            && axes.stream().distinct().count() == axes.size(),
        this,
        "axes must exist and be named once",
        "x",
        in);
    return in;
  }

  @Override
  public boolean moves(int axis) {
    return axes.contains(axis);
  }

  @Override
  public long source(int axis, long dim, long i) {
    return moves(axis) ? dim - 1 - i : i;
  }

  @Override
  public long end(int axis, long dim, long i) {
    return dim;
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    return List.of(dy.get(0).map(d -> of(d)));
  }

  @Override
  public Keep keep() {
    return Keep.NOTHING;
  }
}
