package dev.gatun.op.random;

import static dev.gatun.op.random.Piece.FIRST;
import static dev.gatun.op.random.Piece.NUMBERS;
import static dev.gatun.op.random.Piece.RESULT;
import static dev.gatun.op.random.Piece.SECOND;
import static dev.gatun.op.random.Random.BLOCK;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import dev.gatun.cpu.simd.Convert;
import dev.gatun.cpu.simd.Lanes;
import dev.gatun.cpu.simd.PhiloxLanes;
import dev.gatun.cpu.simd.RandomLanes;
import dev.gatun.cpu.simd.RejectionLanes;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import java.lang.foreign.MemorySegment;

/// Vector form of [TruncatedNormal]: an attempt at all elements of a piece, the next one at those
/// that are left, closed up, and so on.
final class TruncatedNormalSimd {
  /// The half of the result's place that is free until all are drawn.
  private static final int CHANCE = RESULT + Piece.BLOCKS * 8;

  static final Workers.Body BODY = TruncatedNormalSimd::fill;

  private TruncatedNormalSimd() {}

  private static double number(Call c, int register) {
    return Double.longBitsToDouble(c.registers()[register]);
  }

  private static void fill(Call c, long phase, int block, int worker) {
    double mean = number(c, TruncatedNormal.MEAN);
    double std = number(c, TruncatedNormal.STD);
    double low = number(c, TruncatedNormal.LOW);
    double high = number(c, TruncatedNormal.HIGH);
    double a = (low - mean) / std;
    double b = (high - mean) / std;
    // Below the mean the mirror image is drawn.
    boolean mirrored = b < 0;
    double from = mirrored ? -b : a;
    double to = mirrored ? -a : b;
    MemorySegment x = c.scratch();
    long s = Piece.at(worker);
    long end = Random.end(c, block);
    for (long at = (long) block * BLOCK; at < end; at += Piece.BLOCKS) {
      int n = Piece.elems(c, block, at, 1);
      draw(c, at, n, from, to, s);
      int steps = Piece.blocks(n, 1);
      RejectionLanes.place(x, s + RESULT, steps, mean, mirrored ? -std : std, low, high);
      if (c.dtype() == DType.F32) {
        Convert.f64ToF32(x, s + RESULT, c.out(0), at * 4, n);
      } else {
        MemorySegment.copy(x, s + RESULT, c.out(0), at * 8, n * 8L);
      }
    }
  }

  /// Numbers between `a` and `b`, of which `b` is above 0, for elements `at` to `at + n`.
  private static void draw(Call c, long at, int n, double a, double b, long s) {
    MemorySegment x = c.scratch();
    boolean around = a <= 0 && b - a >= 2.5;
    double rate = (a + Math.sqrt(a * a + 4)) / 2;
    boolean tail = a > 0 && b - a > 1 / rate;
    PhiloxLanes.count(at, Piece.blocks(n, 1), x, s + NUMBERS);
    int left = n;
    for (int k = 0; k < TruncatedNormal.ATTEMPTS && left > 0; k++) {
      int m = Piece.blocks(left, 1);
      PhiloxLanes.words(c.registers()[0], k, m, x, s + NUMBERS, s + FIRST, s + SECOND);
      RandomLanes.uniformF64(x, s + FIRST, m);
      RandomLanes.uniformF64(x, s + SECOND, m);
      if (around) {
        RandomLanes.log(x, s + FIRST, m);
        RandomLanes.turn(x, s + FIRST, s + SECOND, m);
        RejectionLanes.within(x, s + FIRST, s + SECOND, m, a, b);
      } else if (tail) {
        RandomLanes.log(x, s + FIRST, m);
        RejectionLanes.tail(x, s + FIRST, s + CHANCE, m, a, rate);
        RejectionLanes.chance(x, s + FIRST, s + CHANCE, s + SECOND, m, b);
      } else {
        RejectionLanes.between(x, s + FIRST, s + CHANCE, m, a, b);
        // Rounding may put a proposal beyond the limit; it is held there afterwards.
        RejectionLanes.chance(x, s + FIRST, s + CHANCE, s + SECOND, m, Double.POSITIVE_INFINITY);
      }
      left = take(x, s, left, at);
    }
    for (int i = 0; i < left; i++) {
      long element = x.get(JAVA_LONG_UNALIGNED, s + NUMBERS + i * 8L) - at;
      x.set(JAVA_DOUBLE_UNALIGNED, s + RESULT + element * 8, Math.max(0, a));
    }
  }

  /// Stores the proposals for `n` elements and closes up those whose slack is not 0 or above, to
  /// which another will be made; returns how many.
  private static int take(MemorySegment x, long s, int n, long at) {
    x = Lanes.offHeap(x);
    int left = 0;
    for (int i = 0; i < n; i++) {
      long element = x.get(JAVA_LONG_UNALIGNED, s + NUMBERS + i * 8L);
      double z = x.get(JAVA_DOUBLE_UNALIGNED, s + FIRST + i * 8L);
      x.set(JAVA_DOUBLE_UNALIGNED, s + RESULT + (element - at) * 8, z);
      x.set(JAVA_LONG_UNALIGNED, s + NUMBERS + left * 8L, element);
      left += x.get(JAVA_DOUBLE_UNALIGNED, s + SECOND + i * 8L) >= 0 ? 0 : 1;
    }
    return left;
  }
}
