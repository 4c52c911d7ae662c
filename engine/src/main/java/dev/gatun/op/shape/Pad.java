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
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/// `x` with `before.get(a)` elements in front of axis `a` and `after.get(a)` behind it, taken from
/// where `mode` says. Every type and rank.
///
/// Error: none. Gradient: each element gets the sum of `dy` over the places it went to; for a
/// constant that is a slice. Cost: one read, one write.
///
/// @param before one per axis, not negative
/// @param after one per axis, not negative
/// @param value what [Mode#CONSTANT] adds, rounded as [dev.gatun.tensor.DType#write] says
public record Pad(List<Long> before, List<Long> after, Mode mode, double value) implements Moves {
  /// What the new elements are, for an axis `a b c d` with two on each side.
  public enum Mode {
    /// `v v | a b c d | v v`
    CONSTANT,
    /// `c b | a b c d | c b`: mirrored at the last element; less is added than the axis has.
    REFLECT,
    /// `a a | a b c d | d d`; the axis has an element.
    REPLICATE,
    /// `c d | a b c d | a b`; at most as much is added as the axis has.
    CIRCULAR;

    /// Where in an axis of size `dim` the element at `i` comes from, which may lie outside.
    long source(long i, long dim) {
      if (i >= 0 && i < dim) {
        return i;
      }
      return switch (this) {
        case CONSTANT -> NONE;
        case REFLECT -> i < 0 ? -i : 2 * (dim - 1) - i;
        case REPLICATE -> i < 0 ? 0 : dim - 1;
        case CIRCULAR -> i < 0 ? i + dim : i - dim;
      };
    }

    private boolean allows(long added, long dim) {
      return switch (this) {
        case CONSTANT -> true;
        case REFLECT -> added < Math.max(1, dim);
        case REPLICATE -> added == 0 || dim > 0;
        case CIRCULAR -> added <= dim;
      };
    }
  }

  /// Copies `before` and `after`.
  public Pad {
    before = List.copyOf(before);
    after = List.copyOf(after);
  }

  /// Padding of one axis of a tensor of `rank` axes.
  ///
  /// @param axis counted from 0
  public static Pad axis(int rank, int axis, long before, long after, Mode mode, double value) {
    return new Pad(only(rank, axis, before), only(rank, axis, after), mode, value);
  }

  private static List<Long> only(int rank, int axis, long n) {
    return IntStream.range(0, rank).mapToObj(a -> a == axis ? n : 0L).toList();
  }

  @Override
  public List<Spec> infer(List<Spec> in) {
    Rules.count(1, this, "x", in);
    Shape x = in.get(0).shape();
    Rules.require(
        before.size() == x.rank() && after.size() == x.rank(),
        this,
        "before and after must name every axis",
        "x",
        in);
    long[] dims = x.dims();
    for (int a = 0; a < dims.length; a++) {
      long b = before.get(a);
      long e = after.get(a);
      Rules.require(
          Math.min(b, e) >= 0 && Math.max(b, e) < 1L << 60 && mode.allows(Math.max(b, e), dims[a]),
          this,
          "what is added must not be negative, and the axis must have enough to copy",
          "x",
          in);
      dims[a] += b + e;
    }
    return List.of(in.get(0).withShape(Shape.of(dims)));
  }

  @Override
  public boolean moves(int axis) {
    return before.get(axis) != 0 || after.get(axis) != 0;
  }

  @Override
  public long source(int axis, long dim, long i) {
    return mode.source(i - before.get(axis), dim);
  }

  @Override
  public long end(int axis, long dim, long i) {
    long b = before.get(axis);
    return i < b ? b : i < b + dim ? b + dim : b + dim + after.get(axis);
  }

  @Override
  public double constant() {
    return value;
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    Tensor d = dy.get(0).orElseThrow();
    Shape x = n.inSpec(0).shape();
    for (int a = 0; a < x.rank(); a++) {
      if (moves(a)) {
        d =
            mode == Mode.CONSTANT
                ? new Slice(a, x.dim(a) == 0 ? 0 : before.get(a), x.dim(a), 1).of(d)
                : new Grad(a, before.get(a), after.get(a), mode).of(d);
      }
    }
    return List.of(Optional.of(d));
  }

  @Override
  public Keep keep() {
    return Keep.NOTHING;
  }

  /// `dx` from `dy`, for one axis: every element of `dy` added where [Pad] took it from. F32 and
  /// F64. Error: as a sum of as many elements.
  public record Grad(int axis, long before, long after, Mode mode) implements Kernel {
    @Override
    public List<Spec> infer(List<Spec> in) {
      Rules.count(1, this, "dy", in);
      Rules.computing(this, "dy", in);
      Shape dy = in.get(0).shape();
      Rules.require(axis >= 0 && axis < dy.rank(), this, "axis must exist", "dy", in);
      long dim = dy.dim(axis) - before - after;
      Rules.require(
          dim >= 0 && mode.allows(Math.max(before, after), dim),
          this,
          "dy must have the size of a padded axis",
          "dy",
          in);
      return List.of(in.get(0).withShape(dy.with(axis, dim)));
    }

    @Override
    public void reference(Call c) {
      Shape dx = c.outShape(0);
      long dim = dx.dim(axis);
      long inner = dx.elems(axis + 1, dx.rank());
      double[] sum = new double[Math.toIntExact(dim)];
      for (long run = 0, runs = dx.elems(0, axis) * inner; run < runs; run++) {
        Arrays.fill(sum, 0);
        long from = run / inner * (before + dim + after) * inner + run % inner;
        for (long i = 0; i < before + dim + after; i++) {
          long j = mode.source(i - before, dim);
          if (j != NONE) {
            sum[(int) j] += c.get(0, from + i * inner);
          }
        }
        for (int j = 0; j < dim; j++) {
          c.set(0, run / inner * dim * inner + j * inner + run % inner, sum[j]);
        }
      }
    }

    @Override
    public void simd(Call c, Workers w) {
      PadGradSimd.run(this, c, w);
    }

    @Override
    public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
      return ClMoves.padGradient(this, d, in.get(0));
    }

    @Override
    public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
      return List.of(
          dy.get(0).map(d -> Pad.axis(d.shape().rank(), axis, before, after, mode, 0).of(d)));
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
}
