package dev.gatun.op.math;

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
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/// `y = not x`: logic on BOOL, every bit turned on I32 and I64.
///
/// Shapes: `x`, `y` any. No gradient.
public record Not() implements Kernel {
  @Override
  public List<Spec> infer(List<Spec> in) {
    Rules.count(1, this, "x", in);
    Rules.require(
        Pairs.BITS.contains(in.get(0).dtype()), this, "dtype must be BOOL, I32 or I64", "x", in);
    return in;
  }

  @Override
  public void reference(Call c) {
    DType t = c.dtype();
    for (long i = 0, n = c.outShape(0).elems(); i < n; i++) {
      long x = t.readLong(c.in(0), i);
      t.writeLong(c.out(0), i, t == DType.BOOL ? 1 - x : ~x);
    }
  }

  @Override
  public void simd(Call c, Workers w) {
    w.run(NotSimd.BODY, c, 0, Elementwise.blocks(c.inShape(0)));
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClMap.unary(
        d,
        in.get(0).dtype() == DType.BOOL ? "return 1 - x;" : "return ~x;",
        in.get(0),
        in.get(0).dtype(),
        0,
        0);
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    return Pairs.noGradient(n);
  }

  @Override
  public Keep keep() {
    return Keep.NOTHING;
  }

  @Override
  public Cost cost(List<Spec> in) {
    return Cost.streaming(1, in, in);
  }
}
