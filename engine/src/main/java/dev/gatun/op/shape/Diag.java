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

/// Vectors as diagonals of matrices of zeros: `y[.., i, i + offset] = x[.., i]`, counted from the
/// row or column where that diagonal starts.
///
/// Shapes: `x [.., d]` of every type, `y [.., rows, columns]`, whose diagonal has `d` elements.
/// Error: none. Gradient: that diagonal of `dy`. Cost: one write of `y`.
///
/// @param offset 0 for the main diagonal, above it if positive
public record Diag(long offset, long rows, long columns) implements Kernel {
  /// The smallest square matrices with diagonals of `size` elements.
  public static Diag square(long size, long offset) {
    return new Diag(offset, size + Math.abs(offset), size + Math.abs(offset));
  }

  /// Diagonal `offset` of the last two axes of `x [.., m, n]`: a view, where `x` is contiguous.
  ///
  /// @throws IllegalArgumentException if `x` has fewer than two axes or no such diagonal
  public static Tensor diagonal(Tensor x, long offset) {
    Shape s = x.shape();
    if (s.rank() < 2 || offset < -s.dim(-2) || offset > s.dim(-1)) {
      throw new IllegalArgumentException(
          "Diag: x must have two axes and a diagonal %d; got x %s".formatted(offset, x.spec()));
    }
    long n = s.dim(-1);
    Diag diag = new Diag(offset, s.dim(-2), n);
    long[] dims = Arrays.copyOf(s.dims(), s.rank() - 1);
    dims[s.rank() - 2] = s.dim(-2) * n;
    long size = diag.size();
    long start = size == 0 ? 0 : offset >= 0 ? offset : -offset * n;
    return new Slice(s.rank() - 2, start, size, n + 1).of(x.reshape(dims));
  }

  /// Elements of the diagonal.
  private long size() {
    return Math.max(0, Math.min(rows + Math.min(0, offset), columns - Math.max(0, offset)));
  }

  @Override
  public List<Spec> infer(List<Spec> in) {
    Rules.count(1, this, "x", in);
    Shape x = in.get(0).shape();
    Rules.require(
        rows >= 0 && columns >= 0 && x.rank() > 0 && x.dim(-1) == size(),
        this,
        "x must have the elements of the diagonal",
        "x",
        in);
    long[] dims = Arrays.copyOf(x.dims(), x.rank() + 1);
    dims[x.rank() - 1] = rows;
    dims[x.rank()] = columns;
    return List.of(in.get(0).withShape(Shape.of(dims)));
  }

  @Override
  public void reference(Call c) {
    int bytes = c.dtype().bytes();
    c.out(0).fill((byte) 0);
    for (long i = 0, n = c.inShape(0).elems(); i < n; i++) {
      long row = i % size() + Math.max(0, -offset);
      long column = i % size() + Math.max(0, offset);
      long to = (i / size() * rows + row) * columns + column;
      MemorySegment.copy(c.in(0), i * bytes, c.out(0), to * bytes, bytes);
    }
  }

  @Override
  public void simd(Call c, Workers w) {
    PlaceSimd.diag(c, w, offset, rows, columns, size());
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return List.of(
        ClMoves.fill(d, infer(in).get(0), 0).get(0),
        ClMoves.spread(
            d,
            0,
            in.get(0),
            1,
            size(),
            Math.max(0, -offset) * columns + Math.max(0, offset),
            rows * columns,
            columns + 1));
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    return List.of(dy.get(0).map(d -> diagonal(d, offset)));
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
