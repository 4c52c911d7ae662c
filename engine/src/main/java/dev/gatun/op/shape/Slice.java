package dev.gatun.op.shape;

import dev.gatun.autograd.Node;
import dev.gatun.op.Composite;
import dev.gatun.op.Keep;
import dev.gatun.op.Rules;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/// Elements `start`, `start + step`, ... of `axis`, `size` of them: a view. Gradient: `dy` at those
/// places of a tensor of zeros.
///
/// @param axis counted from 0
/// @param start first element, from 0
/// @param size elements taken
/// @param step distance between them, not 0, negative to go backwards
public record Slice(int axis, long start, long size, long step) implements Composite {
  /// The slice from `from` (inclusive) to `to` (exclusive) in steps of `step`. Negative ends count
  /// from the end of the axis, and both are cut to the axis, as in Python; with a negative step,
  /// `to = -dim - 1` takes everything down to element 0.
  ///
  /// @throws IllegalArgumentException if `step` is 0 or there is no such axis
  public static Slice range(Shape shape, int axis, long from, long to, long step) {
    if (step == 0) {
      throw new IllegalArgumentException("Slice: step must not be 0; got a slice of " + shape);
    }
    int a = shape.axis(axis);
    long d = shape.dim(a);
    long low = step > 0 ? 0 : -1;
    long high = step > 0 ? d : d - 1;
    long start = Math.clamp(from < 0 ? from + d : from, low, high);
    long end = Math.clamp(to < 0 ? to + d : to, low, high);
    long span = step > 0 ? end - start : start - end;
    long size = span <= 0 ? 0 : (span - 1) / Math.abs(step) + 1;
    return new Slice(a, size == 0 ? 0 : start, size, step);
  }

  @Override
  public List<Tensor> forward(List<Tensor> in) {
    Tensor x = in.get(0);
    Rules.require(
        axis >= 0 && axis < x.shape().rank() && fits(x.dim(axis)),
        this,
        "the slice must lie within its axis",
        "x",
        List.of(x.spec()));
    // Without elements, no memory may lie behind the place where they would start.
    long from = x.shape().elems() == 0 ? 0 : start;
    return List.of(x.view(x.shape().with(axis, size), x.layout().slice(axis, from, step)));
  }

  private boolean fits(long dim) {
    long last = start + (size - 1) * step;
    return size == 0 || start >= 0 && start < dim && last >= 0 && last < dim;
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    return List.of(dy.get(0).map(d -> new Unslice(this, n.inSpec(0).shape()).of(d)));
  }

  @Override
  public Keep keep() {
    return Keep.NOTHING;
  }
}
