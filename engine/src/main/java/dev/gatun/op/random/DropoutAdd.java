package dev.gatun.op.random;

import dev.gatun.autograd.Node;
import dev.gatun.device.DeviceInfo;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.op.Cost;
import dev.gatun.op.Keep;
import dev.gatun.op.Kernel;
import dev.gatun.op.Launch;
import dev.gatun.op.Rules;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/// `residual + dropout(x)` in one pass, with the mask of [Dropout].
///
/// Shapes: `x` and `residual` agree, F32 or F64. Gradient: [Dropout] of `dy` for `x`, `dy` for the
/// residual. Cost: two reads and one write, and Philox. Error: rounded to nearest.
///
/// @param p in [0, 1]
/// @param seed of the mask
public record DropoutAdd(double p, long seed) implements Kernel {
  /// @throws IllegalArgumentException unless `p` lies in [0, 1]
  public DropoutAdd {
    Dropout.require("DropoutAdd", p);
  }

  @Override
  public List<Spec> infer(List<Spec> in) {
    Rules.count(2, this, "x residual", in);
    Rules.computing(this, "x residual", in);
    Rules.require(in.get(0).equals(in.get(1)), this, "shapes must agree", "x residual", in);
    return List.of(in.get(0));
  }

  @Override
  public void reference(Call c) {
    for (long i = 0, n = c.inShape(0).elems(); i < n; i++) {
      c.set(0, i, c.get(0, i) * Dropout.factor(p, seed, i) + c.get(1, i));
    }
  }

  @Override
  public void simd(Call c, Workers w) {
    MaskSimd.plan(c, p, seed, 0, Dropout.scale(p));
    w.run(MaskSimd.DROPOUT_ADD, c, 0, Mask.blocks(c.inShape(0).elems()));
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClRandom.dropout(d, p, seed, in.get(0), true);
  }

  @Override
  public long scratch(List<Spec> in, int workers) {
    return Mask.scratch(in.get(0).dtype(), workers);
  }

  @Override
  public Keep keep() {
    return Keep.NOTHING;
  }

  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    Tensor d = dy.get(0).orElseThrow();
    return List.of(
        n.needs(0) ? Optional.of(new Dropout(p, seed).of(d)) : Optional.empty(), Optional.of(d));
  }

  @Override
  public Cost cost(List<Spec> in) {
    return Cost.streaming(2, in, infer(in));
  }
}
