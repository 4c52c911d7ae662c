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
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// `y[.., j, ..] = x[.., indices[j], ..]` along `axis`: the chosen elements of the axis, in any
/// order, any number of times.
///
/// Shapes: `x [.., n, ..]` of every type, `indices [m]` I32 or I64, `y [.., m, ..]`. Error: none.
/// Gradient: `dy` added up by index, in the order of the indices, whatever the number of threads.
/// Cost: one read and one write of `y`; the gradient also writes all of `dx`.
///
/// Throws [IllegalArgumentException] while it runs if an index lies outside `[0, n)`.
///
/// @param axis counted from 0
public record IndexSelect(int axis) implements Kernel {
  private static final String NAMES = "x indices";

  @Override
  public List<Spec> infer(List<Spec> in) {
    Rules.count(2, this, NAMES, in);
    Shape x = in.get(0).shape();
    Rules.require(in.get(1).dtype().indexes(), this, "indices must be I32 or I64", NAMES, in);
    Rules.require(axis >= 0 && axis < x.rank(), this, "axis must exist", NAMES, in);
    Rules.require(in.get(1).shape().rank() == 1, this, "indices must be [m]", NAMES, in);
    return List.of(in.get(0).withShape(x.with(axis, in.get(1).shape().dim(0))));
  }

  @Override
  public void reference(Call c) {
    Shape y = c.outShape(0);
    long n = c.inShape(0).dim(axis);
    long m = y.dim(axis);
    long unit = y.elems(axis + 1, y.rank()) * c.dtype().bytes();
    Indices.check(this, c, 1, n);
    for (long row = 0, rows = y.elems(0, axis) * m; row < rows; row++) {
      long from = row / m * n + c.inSpec(1).dtype().readLong(c.in(1), row % m);
      MemorySegment.copy(c.in(0), from * unit, c.out(0), row * unit, unit);
    }
  }

  @Override
  public void simd(Call c, Workers w) {
    IndicesSimd.check(this, c, 1, c.inShape(0).dim(axis));
    GatherSimd.select(c, w, axis);
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClIndex.select(this, d, in, infer(in).get(0));
  }

  @Override
  public Keep keep() {
    return Keep.inputs(1);
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    long size = n.inSpec(0).shape().dim(axis);
    return List.of(dy.get(0).map(d -> new Grad(axis, size).of(d, n.in(1))), Optional.empty());
  }

  @Override
  public Cost cost(List<Spec> in) {
    return new Cost(0, 2.0 * infer(in).get(0).bytes() + in.get(1).bytes());
  }

  /// `dx [.., n, ..]` from `dy [.., m, ..]` and `indices [m]`: rows of `dy` added up by index. F32
  /// and F64. Error: as a sum of as many elements.
  ///
  /// @param n size of the axis of `dx`
  public record Grad(int axis, long n) implements Kernel {
    private static final String NAMES = "dy indices";

    @Override
    public List<Spec> infer(List<Spec> in) {
      Rules.count(2, this, NAMES, in);
      Spec dy = in.get(0);
      Rules.require(dy.dtype().computes(), this, "dy must be F32 or F64", NAMES, in);
      Rules.require(in.get(1).dtype().indexes(), this, "indices must be I32 or I64", NAMES, in);
      Rules.require(
          axis >= 0
              && axis < dy.shape().rank()
              && in.get(1).shape().equals(Shape.of(dy.shape().dim(axis))),
          this,
          "dy must have an index for each element of the axis",
          NAMES,
          in);
      return List.of(dy.withShape(dy.shape().with(axis, n)));
    }

    @Override
    public void reference(Call c) {
      Shape dx = c.outShape(0);
      long m = c.inShape(0).dim(axis);
      long inner = dx.elems(axis + 1, dx.rank());
      Indices.check(this, c, 1, n);
      double[] sum = new double[Math.toIntExact(n)];
      for (long run = 0, runs = dx.elems(0, axis) * inner; run < runs; run++) {
        Arrays.fill(sum, 0);
        for (long j = 0; j < m; j++) {
          int index = (int) c.inSpec(1).dtype().readLong(c.in(1), j);
          sum[index] += c.get(0, (run / inner * m + j) * inner + run % inner);
        }
        for (int k = 0; k < n; k++) {
          c.set(0, (run / inner * n + k) * inner + run % inner, sum[k]);
        }
      }
    }

    @Override
    public void simd(Call c, Workers w) {
      IndicesSimd.check(this, c, 1, n);
      ScatterSimd.addRows(c, w, axis);
    }

    @Override
    public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
      return ClIndex.added(this, d, axis, n, false, in);
    }

    @Override
    public Keep keep() {
      return Keep.inputs(1);
    }

    /// Linear in `dy`: its transpose is the selection.
    @Override
    public List<Optional<Tensor>> vjp(Node node, List<Optional<Tensor>> dy) {
      return List.of(dy.get(0).map(g -> new IndexSelect(axis).of(g, node.in(1))), Optional.empty());
    }

    @Override
    public Cost cost(List<Spec> in) {
      return Cost.streaming(0, in, infer(in));
    }
  }
}
