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

/// Matrices with zeros on one side of a diagonal: `y[.., i, j] = x[.., i, j]` where `j - i <=
/// diagonal` (lower) or `j - i >= diagonal` (upper), else 0.
///
/// Shapes: `x [.., m, n]` of every type. Error: none. Gradient: the same of `dy`. Cost: one read,
/// one write.
///
/// @param lower which side stays
/// @param diagonal 0 for the main diagonal, above it if positive; it stays in either case
public record Triangle(boolean lower, long diagonal) implements Kernel {
  @Override
  public List<Spec> infer(List<Spec> in) {
    Rules.count(1, this, "x", in);
    Rules.require(in.get(0).shape().rank() >= 2, this, "x must be [.., m, n]", "x", in);
    return in;
  }

  @Override
  public void reference(Call c) {
    Shape x = c.inShape(0);
    int bytes = c.dtype().bytes();
    c.out(0).fill((byte) 0);
    for (long i = 0, n = x.elems(); i < n; i++) {
      long over = i % x.dim(-1) - i / x.dim(-1) % x.dim(-2);
      if (lower ? over <= diagonal : over >= diagonal) {
        MemorySegment.copy(c.in(0), i * bytes, c.out(0), i * bytes, bytes);
      }
    }
  }

  @Override
  public void simd(Call c, Workers w) {
    TriangleSimd.run(c, w, lower, diagonal);
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClMoves.triangle(d, in.get(0), lower, diagonal);
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    return List.of(dy.get(0).map(d -> of(d)));
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
