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

/// Each element of `x` times 0 with probability `p`, else times `1 / (1 - p)`, so that its mean
/// stays. The elements that go are those that [Bernoulli] makes 1 under the same seed.
///
/// Shapes: any, F32 or F64. Gradient: the same op on `dy`: the mask is made again, not kept. Cost:
/// one read and one write, and Philox. Error: rounded to nearest; NaN and infinities that go become
/// NaN. The same mask on every device and thread count. A new seed for every call is the caller's
/// business. Source: Srivastava et al., JMLR 15, 2014.
///
/// @param p in [0, 1]
/// @param seed of the mask
public record Dropout(double p, long seed) implements Kernel {
  /// @throws IllegalArgumentException unless `p` lies in [0, 1]
  public Dropout {
    require("Dropout", p);
  }

  static void require(String name, double p) {
    if (!(p >= 0 && p <= 1)) {
      throw new IllegalArgumentException(name + ": p must lie in [0, 1]; got " + p);
    }
  }

  /// Factor on what stays.
  public static double scale(double p) {
    return p == 1 ? 0 : 1 / (1 - p);
  }

  /// Factor on element `i` under `seed`: 0 or `1 / (1 - p)`.
  public static double factor(double p, long seed, long i) {
    long word = Integer.toUnsignedLong(Philox.word(seed, i));
    return word < Bernoulli.threshold(p) ? 0 : scale(p);
  }

  @Override
  public List<Spec> infer(List<Spec> in) {
    Rules.count(1, this, "x", in);
    Rules.computing(this, "x", in);
    return in;
  }

  @Override
  public void reference(Call c) {
    for (long i = 0, n = c.inShape(0).elems(); i < n; i++) {
      c.set(0, i, c.get(0, i) * factor(p, seed, i));
    }
  }

  @Override
  public void simd(Call c, Workers w) {
    MaskSimd.plan(c, p, seed, 0, scale(p));
    w.run(MaskSimd.DROPOUT, c, 0, Mask.blocks(c.inShape(0).elems()));
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClRandom.dropout(d, p, seed, in.get(0), false);
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
    return List.of(dy.get(0).map(this::of));
  }

  @Override
  public Cost cost(List<Spec> in) {
    return Cost.streaming(1, in, in);
  }
}
