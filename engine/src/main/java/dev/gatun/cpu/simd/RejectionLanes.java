package dev.gatun.cpu.simd;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;

/// Proposals of a normal distribution between limits and how far each is from being refused, in
/// place, like [RandomLanes]: a proposal is taken if its slack is 0 or above.
public final class RejectionLanes {
  private static final int N64 = Lanes.F64.length();

  private static final Loop.Unary EXP = Loop.f64(ExpLanes::nonPositiveF64);

  private RejectionLanes() {}

  /// Slack of proposals `z`: their distance from the nearer limit.
  public static void within(MemorySegment x, long z, long slack, int n, double a, double b) {
    x = Lanes.offHeap(x);
    for (int i = 0; i < n; i += N64) {
      DoubleVector v = load(x, z, i);
      DoubleVector above = v.sub(a);
      DoubleVector.broadcast(Lanes.F64, b)
          .sub(v)
          .min(above)
          .intoMemorySegment(x, slack + (long) i * 8, Lanes.ORDER);
    }
  }

  /// Proposals `z = a - log / rate` of `log` of a uniform number, and `-(z - rate)^2 / 2`, whose
  /// exponential is the chance to be taken.
  public static void tail(MemorySegment x, long z, long chance, int n, double a, double rate) {
    x = Lanes.offHeap(x);
    for (int i = 0; i < n; i += N64) {
      DoubleVector v = DoubleVector.broadcast(Lanes.F64, a).sub(load(x, z, i).div(rate));
      v.intoMemorySegment(x, z + (long) i * 8, Lanes.ORDER);
      DoubleVector d = v.sub(rate);
      d.mul(d).mul(-0.5).intoMemorySegment(x, chance + (long) i * 8, Lanes.ORDER);
    }
  }

  /// Proposals `z = a + u (b - a)` of uniform numbers, and the logarithm of the density at `z` over
  /// the largest between the limits, which is the chance to be taken.
  public static void between(MemorySegment x, long z, long chance, int n, double a, double b) {
    x = Lanes.offHeap(x);
    DoubleVector nearest = DoubleVector.broadcast(Lanes.F64, Math.max(0, a));
    for (int i = 0; i < n; i += N64) {
      DoubleVector v = load(x, z, i).mul(b - a).add(a);
      v.intoMemorySegment(x, z + (long) i * 8, Lanes.ORDER);
      nearest
          .sub(v)
          .mul(nearest.add(v))
          .mul(0.5)
          .intoMemorySegment(x, chance + (long) i * 8, Lanes.ORDER);
    }
  }

  /// Slack of proposals `z`, in the place of a uniform number: from that to the chance, of which
  /// there is the logarithm, and to `b`. The exponential is a loop of its own, as it is as much as
  /// C2 takes into one.
  public static void chance(MemorySegment x, long z, long chance, long slack, int n, double b) {
    EXP.run(x, chance / 8, x, chance / 8, n);
    x = Lanes.offHeap(x);
    for (int i = 0; i < n; i += N64) {
      DoubleVector below = DoubleVector.broadcast(Lanes.F64, b).sub(load(x, z, i));
      load(x, chance, i)
          .sub(load(x, slack, i))
          .min(below)
          .intoMemorySegment(x, slack + (long) i * 8, Lanes.ORDER);
    }
  }

  /// Numbers `z` become `mean + std z`, held between `low` and `high`.
  public static void place(
      MemorySegment x, long z, int n, double mean, double std, double low, double high) {
    x = Lanes.offHeap(x);
    for (int i = 0; i < n; i += N64) {
      load(x, z, i)
          .mul(std)
          .add(mean)
          .min(high)
          .max(low)
          .intoMemorySegment(x, z + (long) i * 8, Lanes.ORDER);
    }
  }

  private static DoubleVector load(MemorySegment x, long at, int i) {
    return DoubleVector.fromMemorySegment(Lanes.F64, x, at + (long) i * 8, Lanes.ORDER);
  }
}
