package dev.gatun.op.random;

import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;

/// Standard normal numbers (Box and Muller, Ann. Math. Stat. 29, 1958).
///
/// With `u0, u1` elements `2p` and `2p + 1` of [Uniform] in F64 under the same seed, whatever the
/// type asked for: `r = sqrt(-2 log(1 - u0))`, element `2p` is `r cos(2 pi u1)` and element `2p +
/// 1` is `r sin(2 pi u1)`, in double precision by the functions of [StrictMath], then rounded to
/// the type. The largest magnitude is 8.6.
///
/// The same bits on every CPU and thread count; other devices agree to the last ulp of their `log`,
/// `sin` and `cos`. No gradient.
///
/// @param dtype F32 or F64
public record Normal(DType dtype, Shape shape, long seed) implements Random {
  @Override
  public Workers.Body body() {
    return Normal::fill;
  }

  private static void fill(Call c, long phase, int block, int worker) {
    long seed = c.registers()[0];
    DType t = c.dtype();
    long end = Random.end(c, block);
    for (long at = (long) block * BLOCK; at < end; at += 2) {
      double u = Uniform.f64(Philox.words(seed, at / 2, 0));
      double r = Math.sqrt(-2 * StrictMath.log(1 - u));
      double turns = Uniform.f64(Philox.words(seed, at / 2, 1));
      // The quarter turns come off exactly; within an eighth StrictMath needs no reduction.
      int quarters = (int) (4 * turns + 0.5);
      double angle = 2 * Math.PI * (turns - 0.25 * quarters);
      double cos = r * StrictMath.cos(angle);
      double sin = r * StrictMath.sin(angle);
      double a = (quarters & 1) == 0 ? cos : -sin;
      double b = (quarters & 1) == 0 ? sin : cos;
      boolean back = (quarters & 2) != 0;
      Random.store(t, c.out(0), at, end, back ? -a : a, back ? -b : b);
    }
  }
}
