package dev.gatun.op.random;

import dev.gatun.device.DeviceInfo;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.op.Launch;
import dev.gatun.op.Rules;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import java.util.List;

/// 1 with probability `p`, to the next multiple of 2^-32, else 0.
///
/// Element `64 g + 16 j + l` is 1 if word `j` of block `16 g + l` of Philox4x32-10, unsigned, is
/// less than `p 2^32`, with key and counter as in [Uniform]. The same bits on every device and
/// thread count. No gradient.
///
/// @param dtype F32 or F64
/// @param p in [0, 1]
public record Bernoulli(DType dtype, Shape shape, double p, long seed) implements Random {
  /// `p` as a number of 32 bits, 2^32 for 1.
  public static long threshold(double p) {
    return Math.round(p * 0x1p32);
  }

  @Override
  public List<Spec> infer(List<Spec> in) {
    List<Spec> out = Random.super.infer(in);
    Rules.require(p >= 0 && p <= 1, this, "p must lie in [0, 1]", "result", out);
    return out;
  }

  @Override
  public void reference(Call c) {
    for (long i = 0, n = shape.elems(); i < n; i++) {
      c.set(0, i, Integer.toUnsignedLong(Philox.word(seed, i)) < threshold(p) ? 1 : 0);
    }
  }

  @Override
  public Workers.Body body() {
    return MaskSimd.BERNOULLI;
  }

  @Override
  public void simd(Call c, Workers w) {
    MaskSimd.plan(c, p, seed, 1, 0);
    w.run(body(), c, 0, Mask.blocks(shape.elems()));
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClRandom.bernoulli(d, this);
  }

  @Override
  public long scratch(List<Spec> in, int workers) {
    return Mask.scratch(dtype, workers);
  }
}
