package dev.gatun.op.shape;

import dev.gatun.autograd.Node;
import dev.gatun.op.Call;
import dev.gatun.op.Cost;
import dev.gatun.op.Keep;
import dev.gatun.op.Kernel;
import dev.gatun.op.Rules;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/// The transpose of [Slice]: `x` at the places of `slice` in zeros of `shape`. Gradient: the slice.
public record Unslice(Slice slice, Shape shape) implements Kernel {
  @Override
  public List<Spec> infer(List<Spec> in) {
    Rules.count(1, this, "x", in);
    Rules.require(
        in.get(0).shape().equals(shape.with(slice.axis(), slice.size())),
        this,
        "x must have the slice's shape",
        "x",
        in);
    return List.of(in.get(0).withShape(shape));
  }

  @Override
  public void reference(Call c) {
    int bytes = c.dtype().bytes();
    long inner = shape.elems(slice.axis() + 1, shape.rank()) * bytes;
    long outer = shape.elems(0, slice.axis());
    long dim = shape.dim(slice.axis());
    c.out(0).fill((byte) 0);
    for (long o = 0; o < outer; o++) {
      for (long i = 0; i < slice.size(); i++) {
        long to = o * dim + slice.start() + i * slice.step();
        MemorySegment.copy(
            c.in(0), (o * slice.size() + i) * inner, c.out(0), to * inner, inner);
      }
    }
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    return List.of(dy.get(0).map(slice::of));
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
