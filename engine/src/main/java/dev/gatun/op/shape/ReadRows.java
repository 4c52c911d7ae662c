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

/// Gathers rows that [WriteRows] placed, `unit` neighbours at a time: unit `s` of `x` is rows `s
/// unit` to `(s + 1) unit` of all, counted through `P` and `N`; `y[b, h, i unit + r]` is row `r` of
/// unit `places[b, i]`, for every head `h`, and 0 where the place is -1.
///
/// Shapes: `x [P, H, N, D]` of every type, `N` a multiple of `unit`, `places [B, m]` I32 or I64, `y
/// [B, H, m unit, D]`. No gradient. Error: none. Cost: one read and one write of `y`.
///
/// Throws [IllegalArgumentException] while it runs if a place lies outside `[-1, P N / unit)`.
///
/// @param unit rows that a place names
public record ReadRows(long unit) implements Kernel {
  private static final String NAMES = "x places";

  @Override
  public List<Spec> infer(List<Spec> in) {
    Rules.count(2, this, NAMES, in);
    Shape x = in.get(0).shape();
    Rules.require(
        unit > 0 && x.rank() == 4 && x.dim(2) % unit == 0,
        this,
        "x must be [P, H, N, D] with N a multiple of unit > 0",
        NAMES,
        in);
    Shape places = in.get(1).shape();
    Rules.require(
        in.get(1).dtype().indexes() && places.rank() == 2,
        this,
        "places must be [B, m], I32 or I64",
        NAMES,
        in);
    Shape y = Shape.of(places.dim(0), x.dim(1), places.dim(1) * unit, x.dim(3));
    return List.of(in.get(0).withShape(y));
  }

  @Override
  public void reference(Call c) {
    Shape x = c.inShape(0);
    Shape y = c.outShape(0);
    long n = x.dim(2) / unit;
    long m = c.inShape(1).dim(1);
    WriteRows.check(this, c, 1, x.dim(0) * n);
    long bytes = unit * x.dim(3) * c.dtype().bytes();
    for (long i = 0, all = y.elems(0, 2) * m; i < all; i++) {
      long b = i / m / y.dim(1);
      long h = i / m % y.dim(1);
      long s = c.inSpec(1).dtype().readLong(c.in(1), b * m + i % m);
      if (s < 0) {
        c.out(0).asSlice(i * bytes, bytes).fill((byte) 0);
      } else {
        long from = (s / n * x.dim(1) + h) * n + s % n;
        MemorySegment.copy(c.in(0), from * bytes, c.out(0), i * bytes, bytes);
      }
    }
  }

  @Override
  public void simd(Call c, Workers w) {
    RowsSimd.read(this, c, w);
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClIndex.readRows(this, d, in);
  }

  /// @throws IllegalStateException always
  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    throw new IllegalStateException(
        Rules.name(this) + ": rows of a cache have no gradient; got a request for one");
  }

  @Override
  public Keep keep() {
    return Keep.NOTHING;
  }

  @Override
  public Cost cost(List<Spec> in) {
    return new Cost(0, 2.0 * infer(in).get(0).bytes() + in.get(1).bytes());
  }
}
