package dev.gatun.op.random;

import dev.gatun.device.DeviceInfo;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.op.Launch;
import dev.gatun.op.Rules;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import java.lang.foreign.ValueLayout;
import java.util.List;

/// Integers in `[low, high)`, each as likely as the others but for less than `(high - low) 2^-64`.
///
/// With the words of block `b` of Philox4x32-10 as in [Uniform], joined to 64-bit numbers `u0 = w0
/// + 2^32 w1` and `u1 = w2 + 2^32 w3`: element `2b + j` is `low + floor(u_j (high - low) 2^-64)`.
///   The same bits on every device and thread count. No gradient.
///
/// @param dtype I32 or I64
/// @param low least number
/// @param high above all numbers
public record RandomInt(DType dtype, Shape shape, long low, long high, long seed)
    implements Random {
  @Override
  public List<Spec> infer(List<Spec> in) {
    Rules.count(0, this, "", in);
    List<Spec> out = List.of(new Spec(dtype, shape));
    Rules.require(dtype.indexes(), this, "dtype must be I32 or I64", "result", out);
    boolean fits = dtype == DType.I64 || low >= Integer.MIN_VALUE && high - 1 <= Integer.MAX_VALUE;
    Rules.require(
        low < high && high - low > 0 && fits,
        this,
        "low must be less than high, by less than 2^63, and both fit the dtype",
        "result",
        out);
    return out;
  }

  @Override
  public Workers.Body body() {
    return RandomInt::fill;
  }

  @Override
  public void reference(Call c) {
    c.registers()[1] = low;
    c.registers()[2] = high - low;
    Random.super.reference(c);
  }

  @Override
  public void simd(Call c, Workers w) {
    c.registers()[1] = low;
    c.registers()[2] = high - low;
    run(c, w, isFew() ? body() : RandomSimd.RANDOM_INT);
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClRandom.integers(d, this);
  }

  @Override
  public long scratch(List<Spec> in, int workers) {
    return Piece.scratch(workers);
  }

  private static void fill(Call c, long phase, int block, int worker) {
    long[] r = c.registers();
    boolean wide = c.dtype() == DType.I64;
    long end = Random.end(c, block);
    for (long at = (long) block * BLOCK; at < end; at++) {
      long u = Philox.words(r[0], at / 2, (int) (at & 1));
      long v = r[1] + Math.unsignedMultiplyHigh(u, r[2]);
      if (wide) {
        c.out(0).set(ValueLayout.JAVA_LONG_UNALIGNED, at * 8, v);
      } else {
        c.out(0).set(ValueLayout.JAVA_INT_UNALIGNED, at * 4, (int) v);
      }
    }
  }
}
