package dev.gatun.op.shape;

import dev.gatun.autograd.Node;
import dev.gatun.op.Composite;
import dev.gatun.op.Keep;
import dev.gatun.op.Rules;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.function.IntToLongFunction;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/// `x` as a whole `repeats.get(a)` times along each axis `a`: `a b` becomes `a b a b`. Every type
/// and rank.
///
/// Error: none. Gradient: the sum of `dy` over the copies. Cost: one read and one write of the
/// result.
///
/// @param repeats one per axis, not negative
public record Tile(List<Long> repeats) implements Composite {
  /// Copies `repeats`.
  public Tile {
    repeats = List.copyOf(repeats);
  }

  @Override
  public List<Tensor> forward(List<Tensor> in) {
    Tensor x = in.get(0);
    Rules.require(
        repeats.size() == x.shape().rank() && repeats.stream().allMatch(n -> n >= 0),
        this,
        "repeats must name every axis and not be negative",
        "x",
        List.of(x.spec()));
    Tensor copies =
        x.reshape(pairs(x.shape(), a -> 1)).broadcastTo(Shape.of(pairs(x.shape(), repeats::get)));
    long[] dims =
        IntStream.range(0, repeats.size()).mapToLong(a -> repeats.get(a) * x.dim(a)).toArray();
    return List.of(copies.reshape(dims));
  }

  /// Each axis of `x` behind one of the copies.
  private static long[] pairs(Shape x, IntToLongFunction copies) {
    return IntStream.range(0, x.rank())
        .boxed()
        .flatMapToLong(a -> LongStream.of(copies.applyAsLong(a), x.dim(a)))
        .toArray();
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    Shape x = n.inSpec(0).shape();
    int[] copies = IntStream.range(0, x.rank()).filter(a -> repeats.get(a) != 1).toArray();
    Tensor d = dy.get(0).orElseThrow();
    if (copies.length > 0) {
      int[] axes = IntStream.of(copies).map(a -> 2 * a).toArray();
      d = d.reshape(pairs(x, repeats::get)).sum(axes);
    }
    return List.of(Optional.of(d.reshape(x.dims())));
  }

  @Override
  public Keep keep() {
    return Keep.NOTHING;
  }
}
