package dev.gatun.op.random;

import dev.gatun.device.DeviceInfo;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.op.Launch;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import java.util.List;

/// Standard normal numbers (Box and Muller, Ann. Math. Stat. 29, 1958).
///
/// With `u0, u1` elements `2p` and `2p + 1` of [Uniform] in F64 under the same seed, whatever the
/// type asked for: `r = sqrt(-2 log(1 - u0))`, element `2p` is `r cos(2 pi u1)` and element `2p +
/// 1` is `r sin(2 pi u1)`, in double precision, then rounded to the type. The largest magnitude is
/// 8.6.
///
/// Logarithm, sine and cosine are polynomials whose steps are the same one by one and in vectors,
/// so that the bits do not depend on the CPU, the width of its vectors or the number of threads.
/// Within 4 ulp of the exact numbers in F64, 1 in F32; other devices agree to the last ulps of
/// theirs. No gradient.
///
/// @param dtype F32 or F64
public record Normal(DType dtype, Shape shape, long seed) implements Random {
  @Override
  public Workers.Body body() {
    return Normal::fill;
  }

  @Override
  public void simd(Call c, Workers w) {
    run(c, w, isFew() ? body() : RandomSimd.NORMAL);
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClRandom.normal(d, this);
  }

  @Override
  public long scratch(List<Spec> in, int workers) {
    return Piece.scratch(workers);
  }

  private static void fill(Call c, long phase, int block, int worker) {
    long seed = c.registers()[0];
    DType t = c.dtype();
    long end = Random.end(c, block);
    for (long at = (long) block * BLOCK; at < end; at += 2) {
      double log = Elementary.log(1 - Uniform.f64(Philox.words(seed, at / 2, 0)));
      double turns = Uniform.f64(Philox.words(seed, at / 2, 1));
      double radius = Math.sqrt(-2 * log);
      double a = radius * Elementary.cosine(turns);
      Random.store(t, c.out(0), at, end, a, radius * Elementary.sine(turns));
    }
  }
}
