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
import java.lang.foreign.MemorySegment;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/// Writes rows of `x` into variable `y`, in place: `y[s / N, h, s mod N] = x[b, h, t]` for every
/// head `h`, with `s = places[b, t]`; a row whose place is -1 is left out. Where places repeat, the
/// last row stays. A cache of one buffer a sequence has places `b N + position`, one of pages has
/// `page N + row`.
///
/// Shapes: `y [P, H, N, D]` and `x [B, H, n, D]` of one type, any, `places [B, n]` I32 or I64.
/// Nothing is recorded. Error: none. Cost: one read of `x` and as much written.
///
/// Throws [IllegalArgumentException] while it runs, before it writes, if a place lies outside `[-1,
/// P N)`.
public record WriteRows() implements Kernel {
  private static final String NAMES = "y x places";

  @Override
  public List<Spec> infer(List<Spec> in) {
    Rules.count(3, this, NAMES, in);
    Shape y = in.get(0).shape();
    Shape x = in.get(1).shape();
    Rules.require(
        y.rank() == 4
            && in.get(1).equals(in.get(0).withShape(x))
            && x.rank() == 4
            && x.dim(1) == y.dim(1)
            && x.dim(3) == y.dim(3),
        this,
        "y must be [P, H, N, D] and x [B, H, n, D] of its type",
        NAMES,
        in);
    Rules.require(
        in.get(2).dtype().indexes() && in.get(2).shape().equals(Shape.of(x.dim(0), x.dim(2))),
        this,
        "places must be [B, n], I32 or I64",
        NAMES,
        in);
    return List.of();
  }

  /// Checks input `i`, element by element.
  ///
  /// @throws IllegalArgumentException that names the first place outside `[-1, end)`
  static void check(Kernel op, Call c, int i, long end) {
    DType t = c.inSpec(i).dtype();
    for (long j = 0, n = c.inShape(i).elems(); j < n; j++) {
      long place = t.readLong(c.in(i), j);
      if (place < -1 || place >= end) {
        throw new IllegalArgumentException(
            "%s: places must lie in [-1, %d); got %d as element %d of places %s"
                .formatted(op, end, place, j, c.inSpec(i)));
      }
    }
  }

  @Override
  public void reference(Call c) {
    Shape y = c.inShape(0);
    Shape x = c.inShape(1);
    check(this, c, 2, y.dim(0) * y.dim(2));
    long unit = y.dim(3) * c.dtype().bytes();
    for (long row = 0, rows = x.elems(0, 3); row < rows; row++) {
      long b = row / x.dim(2) / x.dim(1);
      long h = row / x.dim(2) % x.dim(1);
      long s = c.inSpec(2).dtype().readLong(c.in(2), b * x.dim(2) + row % x.dim(2));
      if (s >= 0) {
        long to = (s / y.dim(2) * y.dim(1) + h) * y.dim(2) + s % y.dim(2);
        MemorySegment.copy(c.in(1), row * unit, c.in(0), to * unit, unit);
      }
    }
  }

  @Override
  public void simd(Call c, Workers w) {
    RowsSimd.write(this, c, w);
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClIndex.writeRows(this, d, in);
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    return Collections.nCopies(n.inputs(), Optional.empty());
  }

  @Override
  public Keep keep() {
    return Keep.NOTHING;
  }

  @Override
  public Cost cost(List<Spec> in) {
    return new Cost(0, 2.0 * in.get(1).bytes() + in.get(2).bytes());
  }
}
