package dev.gatun.op.shape;

import dev.gatun.autograd.Node;
import dev.gatun.device.DeviceInfo;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.op.Cost;
import dev.gatun.op.Keep;
import dev.gatun.op.Kernel;
import dev.gatun.op.Launch;
import dev.gatun.op.Rules;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// Any number of tensors of one type one after the other along `axis`; the other axes agree.
///
/// Error: none. Gradient: slices of `dy`, without a copy. Cost: one read, one write.
///
/// @param axis counted from 0
public record Concat(int axis) implements Kernel {
  /// `tensors`, all of one shape, side by side along a new axis `axis` of the result, which may be
  /// negative.
  ///
  /// @throws IllegalArgumentException if there is no tensor, no such axis, or shapes or types
  ///   differ
  public static Tensor stack(int axis, Tensor... tensors) {
    Tensor[] rows = Arrays.stream(tensors).map(t -> t.unsqueeze(axis)).toArray(Tensor[]::new);
    int rank = rows.length == 0 ? 1 : rows[0].shape().rank();
    return new Concat(axis < 0 ? axis + rank : axis).of(rows);
  }

  @Override
  public List<Spec> infer(List<Spec> in) {
    Rules.require(!in.isEmpty(), this, "there must be an input", "", in);
    Spec first = in.get(0);
    Rules.require(axis >= 0 && axis < first.shape().rank(), this, "axis must exist", "", in);
    Rules.require(
        in.stream().allMatch(s -> s.dtype() == first.dtype()), this, "dtypes must agree", "", in);
    Rules.require(
        in.stream().allMatch(s -> agrees(s.shape(), first.shape())),
        this,
        "shapes must agree but for the axis",
        "",
        in);
    long size = in.stream().mapToLong(s -> s.shape().dim(axis)).sum();
    return List.of(first.withShape(first.shape().with(axis, size)));
  }

  private boolean agrees(Shape s, Shape first) {
    return s.rank() == first.rank() && s.with(axis, 1).equals(first.with(axis, 1));
  }

  @Override
  public void reference(Call c) {
    Shape y = c.outShape(0);
    long inner = y.elems(axis + 1, y.rank()) * c.dtype().bytes();
    long outer = y.elems(0, axis);
    long to = 0;
    for (long o = 0; o < outer; o++) {
      for (int k = 0; k < c.inputs(); k++) {
        long bytes = c.inShape(k).dim(axis) * inner;
        MemorySegment.copy(c.in(k), o * bytes, c.out(0), to, bytes);
        to += bytes;
      }
    }
  }

  @Override
  public void simd(Call c, Workers w) {
    ConcatSimd.run(c, w, axis);
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClMoves.concat(d, axis, in, infer(in).get(0));
  }

  @Override
  public long scratch(List<Spec> in, int workers) {
    return 8L * in.size();
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    Tensor d = dy.get(0).orElseThrow();
    List<Optional<Tensor>> dx = new ArrayList<>();
    long at = 0;
    for (int i = 0; i < n.inputs(); i++) {
      long size = n.inSpec(i).shape().dim(axis);
      dx.add(n.needs(i) ? Optional.of(new Slice(axis, at, size, 1).of(d)) : Optional.empty());
      at += size;
    }
    return dx;
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
