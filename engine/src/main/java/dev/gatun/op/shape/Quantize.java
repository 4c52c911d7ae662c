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
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/// Whole numbers of 8 or 4 bits with a scale for each group of `group` neighbours: `scale = max |x|
/// / L` and `code = round(x / scale)`, to nearest even, with `L` 127 or 7. [Dequantize] gives `code
/// scale` back.
///
/// Shapes: `x [.., D]` F32 or F64, which is rounded to F32 first, `D` a multiple of `group`;
/// results `codes` I8 `[.., D bits / 8]` and `scale` F32 `[.., D / group]`. Of 4 bits, byte `j` of
/// a group holds number `j` in its low half and number `j + group / 2` in its high one, in two's
/// complement. A group whose greatest magnitude is below `2^-100` becomes 0, one with a number that
/// is not finite NaN.
///
/// Error: at most half a scale, `max |x| / 254` or `max |x| / 14` of the group, and `2^-22 max |x|`
/// for roundings. No gradient: a storage format. Cost: one read of `x`, one write.
///
/// @param bits 8 or 4
/// @param group numbers that share a scale, even for 4 bits
public record Quantize(int bits, long group) implements Kernel {
  /// Groups below this become 0: their inverse scale might be infinite.
  static final float LEAST = 0x1p-100f;

  /// The numbers as codes, and the scales.
  public record Result(Tensor codes, Tensor scale) {}

  /// Quantizes `x`.
  ///
  /// @throws IllegalArgumentException if shape or type do not fit
  public static Result of(Tensor x, int bits, long group) {
    List<Tensor> out = new Quantize(bits, group).apply(x);
    return new Result(out.get(0), out.get(1));
  }

  /// The greatest code.
  static float limit(int bits) {
    return bits == 8 ? 127 : 7;
  }

  /// Whether there are such groups.
  static boolean isFormat(int bits, long group) {
    return group > 0 && (bits == 8 || bits == 4 && group % 2 == 0);
  }

  @Override
  public List<Spec> infer(List<Spec> in) {
    Rules.count(1, this, "x", in);
    Rules.computing(this, "x", in);
    Rules.require(
        isFormat(bits, group), this, "bits must be 8, or 4 with groups that are even", "x", in);
    Shape x = in.get(0).shape();
    Rules.require(
        x.rank() > 0 && x.dim(-1) % group == 0, this, "D must be a multiple of group", "x", in);
    int last = x.rank() - 1;
    return List.of(
        new Spec(DType.I8, x.with(last, x.dim(last) / 8 * bits + x.dim(last) % 8 * bits / 8)),
        new Spec(DType.F32, x.with(last, x.dim(last) / group)));
  }

  @Override
  public void reference(Call c) {
    for (long g = 0, groups = c.outShape(1).elems(); g < groups; g++) {
      float max = 0;
      for (long i = 0; i < group; i++) {
        max = Math.max(max, Math.abs((float) c.get(0, g * group + i)));
      }
      boolean sound = max < Float.POSITIVE_INFINITY;
      float inverse = sound && max >= LEAST ? limit(bits) / max : 0;
      c.set(1, g, sound ? (max >= LEAST ? max / limit(bits) : 0) : Double.NaN);
      long half = group / 2;
      for (long i = 0; i < (bits == 8 ? group : half); i++) {
        int code = sound ? code(c, g * group + i, inverse) : 0;
        if (bits == 8) {
          c.set(0, g * group + i, code);
        } else {
          int high = sound ? code(c, g * group + half + i, inverse) : 0;
          c.set(0, g * half + i, (byte) (code & 15 | high << 4));
        }
      }
    }
  }

  private static int code(Call c, long i, float inverse) {
    return (int) Math.rint((float) c.get(0, i) * inverse);
  }

  @Override
  public void simd(Call c, Workers w) {
    QuantizeSimd.quantize(this, c, w);
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClQuantize.quantize(this, d, in.get(0));
  }

  @Override
  public long scratch(List<Spec> in, int workers) {
    return QuantizeSimd.scratch(in.get(0).dtype(), group, workers);
  }

  /// @throws IllegalStateException always
  @Override
  public List<Optional<Tensor>> vjp(Node n, List<Optional<Tensor>> dy) {
    throw new IllegalStateException(
        Rules.name(this) + ": codes have no gradient; got a request for one; detach x");
  }

  @Override
  public Keep keep() {
    return Keep.NOTHING;
  }

  @Override
  public Cost cost(List<Spec> in) {
    return Cost.streaming(4, in, infer(in));
  }
}
