package dev.gatun.op.random;

import dev.gatun.device.DeviceInfo;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.op.Launch;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import java.util.List;

/// Uniform numbers in [0, 1), multiples of 2^-24 (F32) or 2^-53 (F64).
///
/// With `w0 .. w3` the words of block `b` of Philox4x32-10 (key: `seed`, low word first; counter:
/// `b` in its two low words, zero above): F32: element `4b + j` is `(w_j >>> 8) 2^-24`. F64:
/// element `2b + j` is `((w_{2j} >>> 5) 2^26 + (w_{2j+1} >>> 6)) 2^-53`.
///
/// The same bits on every device and thread count. No gradient.
///
/// @param dtype F32 or F64
public record Uniform(DType dtype, Shape shape, long seed) implements Random {
  @Override
  public Workers.Body body() {
    return Uniform::fill;
  }

  @Override
  public void simd(Call c, Workers w) {
    run(c, w, isFew() ? body() : RandomSimd.UNIFORM);
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClRandom.uniform(d, this);
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
      if (t == DType.F32) {
        long w = Philox.words(seed, at / 4, (int) (at / 2 & 1));
        double a = ((int) w >>> 8) * 0x1p-24;
        Random.store(t, c.out(0), at, end, a, (w >>> 40) * 0x1p-24);
      } else {
        double a = f64(Philox.words(seed, at / 2, 0));
        Random.store(t, c.out(0), at, end, a, f64(Philox.words(seed, at / 2, 1)));
      }
    }
  }

  /// 53 bits of two words, 27 of the first above 26 of the second.
  static double f64(long words) {
    return (((long) ((int) words >>> 5) << 26) + (words >>> 38)) * 0x1p-53;
  }
}
