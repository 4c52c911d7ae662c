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
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/// The elements of `x` as type `to`, for every pair of types.
///
/// Floats to floats and integers to floats are rounded to nearest even, once, from the exact value;
/// floats to integers are cut towards zero and saturate, NaN being 0; integers to integers keep the
/// low bits; everything to BOOL is true unless zero, NaN too; BOOL gives 0 and 1. Gradient: `dy`
/// cast back, where both types compute.
public record Cast(DType to) implements Kernel {
  static final int BLOCK = 16_384;

  @Override
  public List<Spec> infer(List<Spec> in) {
    Rules.count(1, this, "x", in);
    return List.of(new Spec(to, in.get(0).shape()));
  }

  @Override
  public void reference(Call c) {
    DType from = c.dtype();
    for (long i = 0, n = c.outShape(0).elems(); i < n; i++) {
      if (isFloat(from)) {
        to.write(c.out(0), i, from.read(c.in(0), i));
      } else {
        to.writeLong(c.out(0), i, from.readLong(c.in(0), i));
      }
    }
  }

  private static boolean isFloat(DType t) {
    return switch (t) {
      case F32, F64, BF16, F16 -> true;
      case I8, U8, I32, I64, BOOL -> false;
    };
  }

  @Override
  public void simd(Call c, Workers w) {
    int blocks = Math.toIntExact((c.outShape(0).elems() + BLOCK - 1) / BLOCK);
    w.run(CastSimd.BODY, c, 0, blocks);
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClCast.cast(d, in.get(0), to);
  }

  @Override
  public long scratch(List<Spec> in, int workers) {
    return CastSimd.scratch(workers);
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
