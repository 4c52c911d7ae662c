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
import java.util.List;
import java.util.Optional;

/// `y[.., j, ..] = x[.., indices[.., j, ..], ..]` along `axis`: every element of the result has an
/// index of its own.
///
/// Shapes: `x [.., n, ..]` of every type, `indices [.., m, ..]` I32 or I64, of the same rank and,
/// but for the axis, of the same sizes; `y` has the shape of `indices`. Error: none. Gradient: `dy`
/// added up by index, as [Scatter] does. Cost: one read of the indices and of what they name, one
/// write of `y`.
///
/// Throws [IllegalArgumentException] while it runs if an index lies outside `[0, n)`.
///
/// @param axis counted from 0
public record Gather(int axis) implements Kernel {
  private static final String NAMES = "x indices";

  @Override
  public List<Spec> infer(List<Spec> in) {
    Rules.count(2, this, NAMES, in);
    requireIndices(this, axis, in.get(0), in.get(1), NAMES, in);
    return List.of(in.get(0).withShape(in.get(1).shape()));
  }

  /// Checks that `indices` name elements of `x` along `axis`.
  static void requireIndices(
      Kernel op, int axis, Spec x, Spec indices, String names, List<Spec> in) {
    Rules.require(indices.dtype().indexes(), op, "indices must be I32 or I64", names, in);
    Shape s = x.shape();
    Rules.require(axis >= 0 && axis < s.rank(), op, "axis must exist", names, in);
    Rules.require(
        s.rank() == indices.shape().rank() && s.with(axis, 1).equals(indices.shape().with(axis, 1)),
        op,
        "x and indices must agree in shape but for the axis",
        names,
        in);
  }

  @Override
  public void reference(Call c) {
    Shape y = c.outShape(0);
    long n = c.inShape(0).dim(axis);
    long m = y.dim(axis);
    long inner = y.elems(axis + 1, y.rank());
    int bytes = c.dtype().bytes();
    Indices.check(this, c, 1, n);
    for (long i = 0, all = y.elems(); i < all; i++) {
      long index = c.inSpec(1).dtype().readLong(c.in(1), i);
      long from = (i / (m * inner) * n + index) * inner + i % inner;
      MemorySegment.copy(c.in(0), from * bytes, c.out(0), i * bytes, bytes);
    }
  }

  @Override
  public void simd(Call c, Workers w) {
    IndicesSimd.check(this, c, 1, c.inShape(0).dim(axis));
    GatherSimd.gather(c, w, axis);
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClIndex.gather(this, d, in);
  }

  @Override
  public Keep keep() {
    return Keep.inputs(1);
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    Spec x = n.inSpec(0);
    Tensor d = dy.get(0).orElseThrow();
    Tensor zeros = d.scope().zeros(x.dtype(), x.shape());
    Tensor dx = new Scatter(axis, Scatter.Mode.ADD).of(zeros, n.in(1), d);
    return List.of(Optional.of(dx), Optional.empty());
  }

  @Override
  public Cost cost(List<Spec> in) {
    Spec y = infer(in).get(0);
    return new Cost(0, 2.0 * y.bytes() + in.get(1).bytes());
  }
}
