package dev.gatun.op.shape;

import dev.gatun.autograd.Node;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.op.Cost;
import dev.gatun.op.Keep;
import dev.gatun.op.Kernel;
import dev.gatun.op.Rules;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/// The elements as type `to`: floats round to nearest even, floats to integers truncate and
/// saturate with NaN as 0, integers to integers saturate. F64 and I64 reach F16 and BF16 through
/// F32, rounded twice. Gradient: `dy` cast back, where both types compute.
public record Cast(DType to) implements Kernel {
  static final int BLOCK = 16_384;
  private static final Workers.Body SCALAR = Cast::scalar;

  @Override
  public List<Spec> infer(List<Spec> in) {
    Rules.count(1, this, "x", in);
    return List.of(new Spec(to, in.get(0).shape()));
  }

  @Override
  public void reference(Call c) {
    range(c, 0, c.outShape(0).elems());
  }

  private static void range(Call c, long from, long end) {
    if (c.dtype() == c.outSpec(0).dtype()) {
      // Not through double, which has too few digits for I64.
      long bytes = c.dtype().bytes();
      MemorySegment.copy(c.in(0), from * bytes, c.out(0), from * bytes, (end - from) * bytes);
      return;
    }
    for (long i = from; i < end; i++) {
      c.set(0, i, c.get(0, i));
    }
  }

  @Override
  public void simd(Call c, Workers w) {
    int blocks = Math.toIntExact((c.outShape(0).elems() + BLOCK - 1) / BLOCK);
    w.run(CastSimd.has(c.dtype(), to) ? CastSimd.BODY : SCALAR, c, 0, blocks);
  }

  private static void scalar(Call c, long phase, int block, int worker) {
    long from = (long) block * BLOCK;
    range(c, from, Math.min(from + BLOCK, c.outShape(0).elems()));
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    return List.of(dy.get(0).map(d -> d.to(n.inSpec(0).dtype())));
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
