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
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/// The elements of each run along `axis` in order, and where each of them stood.
///
/// Shapes: `x` and the result agree, F32, F64, an integer or BOOL; the places are I64 of the same
/// shape. Equal elements keep their order in both directions, -0 and +0 being equal; NaN are
/// greater than all numbers. Error: none. Gradient: each `dy` goes back to its place. Cost: linear:
/// a radix sort by bytes.
///
/// @param axis counted from 0
/// @param descending whether the greatest come first
public record Sort(int axis, boolean descending) implements Ordered {
  @Override
  public long taken(long n) {
    return n;
  }

  /// `dx [.., size, ..]` from `dy [.., k, ..]` and the places it came from along `axis`: zeros, to
  /// which each `dy` is added at its place, in their order. Also the gradient of [TopK] and
  /// [dev.gatun.op.reduce.CumMax].
  ///
  /// Throws [IllegalArgumentException] while it runs if a place lies outside `[0, size)`.
  ///
  /// @param axis counted from 0
  /// @param size of `axis` in the result
  public record Grad(int axis, long size) implements Kernel {
    private static final String NAMES = "dy places";

    @Override
    public List<Spec> infer(List<Spec> in) {
      Rules.count(2, this, NAMES, in);
      Spec dy = in.get(0);
      Rules.require(dy.dtype().computes(), this, "dy must be F32 or F64", NAMES, in);
      Rules.require(in.get(1).dtype() == DType.I64, this, "places must be I64", NAMES, in);
      Rules.require(dy.shape().equals(in.get(1).shape()), this, "shapes must agree", NAMES, in);
      Rules.require(axis >= 0 && axis < dy.shape().rank(), this, "axis must exist", NAMES, in);
      return List.of(dy.withShape(dy.shape().with(axis, size)));
    }

    @Override
    public void reference(Call c) {
      Shape dy = c.inShape(0);
      long inner = dy.elems(axis + 1, dy.rank());
      for (long r = 0, runs = dy.elems(0, axis) * inner; r < runs; r++) {
        run(c, r, dy.dim(axis), size, inner);
      }
    }

    /// Blocks of runs; each is gone through by one worker.
    @Override
    public void simd(Call c, Workers w) {
      Shape dy = c.inShape(0);
      long[] r = c.registers();
      r[RadixSort.TAKEN] = dy.dim(axis);
      r[RadixSort.N] = size;
      r[RadixSort.INNER] = dy.elems(axis + 1, dy.rank());
      r[RadixSort.RUNS] = dy.elems(0, axis) * r[RadixSort.INNER];
      w.run(RadixSort.SCATTER, c, 0, RadixSort.blocks(r));
    }

    static void run(Call c, long run, long k, long size, long inner) {
      long to = run / inner * size * inner + run % inner;
      for (long i = 0; i < size; i++) {
        c.set(0, to + i * inner, 0);
      }
      long from = run / inner * k * inner + run % inner;
      DType t = c.outSpec(0).dtype();
      for (long i = 0; i < k; i++) {
        long place = c.inSpec(1).dtype().readLong(c.in(1), from + i * inner);
        if (place < 0 || place >= size) {
          throw new IllegalArgumentException(
              "Sort.Grad: places must lie in [0, %d); got %d".formatted(size, place));
        }
        long at = to + place * inner;
        c.set(0, at, t.read(c.out(0), at) + c.get(0, from + i * inner));
      }
    }

    @Override
    public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
      return ClIndex.added(this, d, axis, size, true, in);
    }

    @Override
    public Keep keep() {
      return Keep.NOTHING;
    }

    /// Not differentiated again.
    @Override
    public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
      return List.of(Optional.empty(), Optional.empty());
    }

    @Override
    public Cost cost(List<Spec> in) {
      return Cost.streaming(1, in, infer(in));
    }
  }
}
