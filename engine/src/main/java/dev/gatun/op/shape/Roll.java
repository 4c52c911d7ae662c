package dev.gatun.op.shape;

import dev.gatun.autograd.Node;
import dev.gatun.op.Keep;
import dev.gatun.op.Rules;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/// `y[.., (i + shift) mod d, ..] = x[.., i, ..]`: the elements of `axis` moved on by `shift`, those
/// that leave at one end entering at the other. Every type and rank.
///
/// Error: none. Gradient: `dy` rolled back. Cost: one read, one write.
///
/// @param axis counted from 0
/// @param shift may be negative and exceed the axis
public record Roll(int axis, long shift) implements Moves {
  @Override
  public List<Spec> infer(List<Spec> in) {
    Rules.count(1, this, "x", in);
    Rules.require(axis >= 0 && axis < in.get(0).shape().rank(), this, "axis must exist", "x", in);
    return in;
  }

  @Override
  public boolean moves(int a) {
    return a == axis;
  }

  @Override
  public long source(int a, long dim, long i) {
    if (a != axis) {
      return i;
    }
    long first = Math.floorMod(shift, dim);
    return i < first ? i + dim - first : i - first;
  }

  @Override
  public long end(int a, long dim, long i) {
    long first = Math.floorMod(shift, dim);
    return i < first ? first : dim;
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    return List.of(dy.get(0).map(d -> back(d)));
  }

  private Tensor back(Tensor dy) {
    return new Roll(axis, -Math.floorMod(shift, Math.max(1, dy.dim(axis)))).of(dy);
  }

  @Override
  public Keep keep() {
    return Keep.NOTHING;
  }
}
