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

/// Normal numbers with mean `mean` and deviation `std`, given that they lie in `[low, high]`.
///
/// By rejection, with `a` and `b` the limits in deviations from the mean. Attempt `k` at element
/// `i` has the two numbers `u`, `v` of [Uniform] in F64 from block `i` of Philox4x32-10 under the
/// counter's third word `k`. Proposals: where `[a, b]` contains 0 and is at least 2.5 long, Box and
/// Muller's `z` of `u` and `v`, taken if it lies between them; where it lies above 0 and is long
/// against `1 / a`, `z = a - log(1 - u) / c` with `c = (a + sqrt(a^2 + 4)) / 2`, taken if `z <= b`
/// and `v <= e^(-(z - c)^2 / 2)`, mirrored below 0; else `z = a + u (b - a)`, taken if `v` is at
/// most the density at `z` over the largest between the limits. Two attempts or fewer are expected
/// for most limits, 4 for the worst.
///
/// Worked out in doubles by the steps of [Normal], held between the limits and rounded to the type:
/// the same bits on every CPU, for any number of threads and any width of vectors. No gradient.
/// Source: Robert, Simulation of truncated normal variables, Statistics and Computing 5, 1995.
///
/// @param dtype F32 or F64
/// @param mean of the whole distribution
/// @param std its deviation, above 0
/// @param low least number
/// @param high greatest number, above `low`
public record TruncatedNormal(
    DType dtype, Shape shape, double mean, double std, double low, double high, long seed)
    implements Random {
  /// Attempts after which the nearest to 0 between the limits is taken; of probability 0 but for
  /// limits beyond all doubles.
  static final int ATTEMPTS = 10_000;

  // Registers, doubles as bits.
  static final int MEAN = 1;
  static final int STD = 2;
  static final int LOW = 3;
  static final int HIGH = 4;

  @Override
  public List<Spec> infer(List<Spec> in) {
    List<Spec> out = Random.super.infer(in);
    Rules.require(
        Double.isFinite(mean) && std > 0 && std < Double.POSITIVE_INFINITY && low < high,
        this,
        "mean must be finite, std above 0 and low less than high",
        "result",
        out);
    return out;
  }

  private void registers(long[] r) {
    r[MEAN] = Double.doubleToRawLongBits(mean);
    r[STD] = Double.doubleToRawLongBits(std);
    r[LOW] = Double.doubleToRawLongBits(low);
    r[HIGH] = Double.doubleToRawLongBits(high);
  }

  @Override
  public void reference(Call c) {
    registers(c.registers());
    Random.super.reference(c);
  }

  @Override
  public void simd(Call c, Workers w) {
    registers(c.registers());
    run(c, w, isFew() ? body() : TruncatedNormalSimd.BODY);
  }

  @Override
  public List<Launch> openCl(DeviceInfo d, List<Spec> in) {
    return ClRandom.truncated(d, this);
  }

  @Override
  public long scratch(List<Spec> in, int workers) {
    return Piece.scratch(workers);
  }

  @Override
  public Workers.Body body() {
    return TruncatedNormal::fill;
  }

  private static void fill(Call c, long phase, int block, int worker) {
    long[] r = c.registers();
    double mean = Double.longBitsToDouble(r[MEAN]);
    double std = Double.longBitsToDouble(r[STD]);
    double low = Double.longBitsToDouble(r[LOW]);
    double high = Double.longBitsToDouble(r[HIGH]);
    double a = (low - mean) / std;
    double b = (high - mean) / std;
    long end = Random.end(c, block);
    for (long at = (long) block * BLOCK; at < end; at++) {
      // Below the mean the mirror image is drawn.
      double z = b < 0 ? -draw(r[0], at, -b, -a) : draw(r[0], at, a, b);
      c.set(0, at, Math.max(low, Math.min(high, mean + std * z)));
    }
  }

  /// A number between `a` and `b`, of which `b` is above 0.
  private static double draw(long seed, long element, double a, double b) {
    boolean around = a <= 0 && b - a >= 2.5;
    double c = (a + Math.sqrt(a * a + 4)) / 2;
    boolean tail = a > 0 && b - a > 1 / c;
    for (int k = 0; k < ATTEMPTS; k++) {
      double u = Uniform.f64(Philox.words(seed, element, 0, k));
      double v = Uniform.f64(Philox.words(seed, element, 1, k));
      double z;
      boolean taken;
      if (around) {
        z = Math.sqrt(-2 * Elementary.log(1 - u)) * Elementary.cosine(v);
        taken = z >= a && z <= b;
      } else if (tail) {
        z = a - Elementary.log(1 - u) / c;
        taken = z <= b && v <= Elementary.exp(-(z - c) * (z - c) / 2);
      } else {
        z = a + u * (b - a);
        double nearest = Math.max(0, a);
        taken = v <= Elementary.exp((nearest - z) * (nearest + z) / 2);
      }
      if (taken) {
        return z;
      }
    }
    return Math.max(0, a);
  }
}
