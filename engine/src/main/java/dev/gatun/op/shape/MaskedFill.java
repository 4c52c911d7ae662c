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
import java.util.List;
import java.util.Optional;

/// `y = mask ? value : x`.
///
/// Shapes: `x` of every type, `mask` BOOL of the shape of the last axes of `x` and repeated over
/// those before. Error: none. Gradient: `dy` with 0 where the mask is set. Cost: one read, one
/// write.
///
/// @param value rounded as [DType#write] says
public record MaskedFill(double value) implements Kernel {
  private static final String NAMES = "x mask";

  @Override
  public List<Spec> infer(List<Spec> in) {
    Rules.count(2, this, NAMES, in);
    Rules.require(in.get(1).dtype() == DType.BOOL, this, "mask must be BOOL", NAMES, in);
    Shape x = in.get(0).shape();
    Shape mask = in.get(1).shape();
    int lead = x.rank() - mask.rank();
    boolean fits = lead >= 0;
    for (int a = 0; a < mask.rank() && fits; a++) {
      fits = mask.dim(a) == x.dim(a + lead);
    }
    Rules.require(fits, this, "mask must have the last axes of x", NAMES, in);
    return List.of(in.get(0));
  }

  @Override
  public void reference(Call c) {
    int bytes = c.dtype().bytes();
    long period = c.inShape(1).elems();
    for (long i = 0, n = c.inShape(0).elems(); i < n; i++) {
      if (c.get(1, i % period) != 0) {
        c.set(0, i, value);
      } else {
        MemorySegment.copy(c.in(0), i * bytes, c.out(0), i * bytes, bytes);
      }
    }
  }

  @Override
  public void simd(Call c, Workers w) {
    MaskedFillSimd.run(c, w, value);
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClMoves.mask(d, in.get(0), in.get(1), value);
  }

  @Override
  public long scratch(List<Spec> in, int workers) {
    return 8;
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    return List.of(dy.get(0).map(d -> new MaskedFill(0).of(d, n.in(1))), Optional.empty());
  }

  @Override
  public Keep keep() {
    return Keep.inputs(1);
  }

  @Override
  public Cost cost(List<Spec> in) {
    return Cost.streaming(0, in, infer(in));
  }
}
