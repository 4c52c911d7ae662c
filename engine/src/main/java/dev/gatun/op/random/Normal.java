package dev.gatun.op.random;

import dev.gatun.device.Workers;
import dev.gatun.op.Call;
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
/// The reference takes the functions of [StrictMath], the vector form those of `LogLanes` and
/// `TrigLanes`: they agree within 4 ulp of each number in F64, 1 in F32. The vector form gives the
/// same bits for any number of threads and any width of vectors, as each of its steps is rounded as
/// written and none depends on the lane. No gradient.
///
/// @param dtype F32 or F64
public record Normal(DType dtype, Shape shape, long seed) implements Random {
  @Override
  public Workers.Body body() {
    return Normal::fill;
  }

  @Override
  public void simd(Call c, Workers w) {
    run(c, w, RandomSimd.NORMAL);
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
