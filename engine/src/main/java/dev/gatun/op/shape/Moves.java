package dev.gatun.op.shape;

import dev.gatun.device.DeviceInfo;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.op.Cost;
import dev.gatun.op.Kernel;
import dev.gatun.op.Launch;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// An op that moves elements along each axis by a rule of its own, or takes a constant where a
/// source is missing: `y[i0, i1, ..] = x[source(0, i0), source(1, i1), ..]`. Every type.
///
/// The rule of an axis is given element by element for the reference, and as at most
/// [MovesSimd#RUNS] runs, along which the source advances by 1, 0 or -1, for the vector form, which
/// moves runs as a whole.
interface Moves extends Kernel {
  /// There is no source: the constant.
  long NONE = -1;

  /// False if `axis` stays as it is.
  boolean moves(int axis);

  /// Where element `i` of `axis` of `y` comes from; `dim` is the size of that axis of `x`.
  long source(int axis, long dim, long i);

  /// Where the run ends (exclusive) that element `i` of `axis` of `y` belongs to.
  long end(int axis, long dim, long i);

  /// What stands where there is no source.
  default double constant() {
    return 0;
  }

  @Override
  default void reference(Call c) {
    int bytes = c.dtype().bytes();
    for (long i = 0, n = c.outShape(0).elems(); i < n; i++) {
      long from = from(c.inShape(0), c.outShape(0), i);
      if (from == NONE) {
        c.set(0, i, constant());
      } else {
        MemorySegment.copy(c.in(0), from * bytes, c.out(0), i * bytes, bytes);
      }
    }
  }

  private long from(Shape x, Shape y, long i) {
    long from = 0;
    long stride = 1;
    for (int a = y.rank() - 1; a >= 0; a--) {
      long at = source(a, x.dim(a), i % y.dim(a));
      if (at == NONE) {
        return NONE;
      }
      from += at * stride;
      stride *= x.dim(a);
      i /= y.dim(a);
    }
    return from;
  }

  @Override
  default void simd(Call c, Workers w) {
    MovesSimd.run(this, c, w);
  }

  @Override
  default List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClMoves.moves(this, d, in.get(0), infer(in).get(0));
  }

  @Override
  default long scratch(List<Spec> in, int workers) {
    return MovesSimd.scratch(in.get(0).shape().rank());
  }

  @Override
  default Cost cost(List<Spec> in) {
    return Cost.streaming(0, in, infer(in));
  }
}
