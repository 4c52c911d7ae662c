package dev.gatun.cpu.simd;

import static dev.gatun.cpu.simd.FastWeightsF32.at;
import static dev.gatun.cpu.simd.FastWeightsF32.store;
import static jdk.incubator.vector.VectorOperators.LT;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/// Loops of `dev.gatun.op.sequence.linear.FastWeights` over rows, F32, as [FastWeightsF32] has them
/// over states.
public final class FastRowsF32 {
  private static final int LANES = Lanes.F32.length();
  private static final long SIZE = Float.BYTES;

  /// Below this a number of a state counts as 0: products of such are a hundred times slower.
  private static final float LEAST = 1e-30f;

  private FastRowsF32() {}

  /// `x = v`
  public static void fill(MemorySegment w, long x, float v, int n) {
    w = Lanes.offHeap(w);
    for (int i = 0; i < n; i += LANES) {
      store(FloatVector.broadcast(Lanes.F32, v), w, x + i);
    }
  }

  /// `x = exp(x)`
  public static void exp(MemorySegment w, long x, int n) {
    w = Lanes.offHeap(w);
    for (int i = 0; i < n; i += LANES) {
      store(ExpLanes.f32(at(w, x + i)), w, x + i);
    }
  }

  /// What is almost 0 becomes 0.
  public static void flush(MemorySegment w, long x, int n) {
    w = Lanes.offHeap(w);
    for (int i = 0; i < n; i += LANES) {
      FloatVector v = at(w, x + i);
      store(v.blend(0f, v.abs().compare(LT, LEAST)), w, x + i);
    }
  }

  /// `y = a b`
  public static void mul(MemorySegment w, long a, long b, long y, int n) {
    w = Lanes.offHeap(w);
    for (int i = 0; i < n; i += LANES) {
      store(at(w, a + i).mul(at(w, b + i)), w, y + i);
    }
  }

  /// `y += a b`
  public static void addMul(MemorySegment w, long a, long b, long y, int n) {
    w = Lanes.offHeap(w);
    for (int i = 0; i < n; i += LANES) {
      store(at(w, a + i).fma(at(w, b + i), at(w, y + i)), w, y + i);
    }
  }

  /// `y += a c`, `c` a number
  public static void addScaled(MemorySegment w, long a, float c, long y, int n) {
    w = Lanes.offHeap(w);
    for (int i = 0; i < n; i += LANES) {
      store(at(w, a + i).fma(FloatVector.broadcast(Lanes.F32, c), at(w, y + i)), w, y + i);
    }
  }

  /// `y = a - b`
  public static void sub(MemorySegment w, long a, long b, long y, int n) {
    w = Lanes.offHeap(w);
    for (int i = 0; i < n; i += LANES) {
      store(at(w, a + i).sub(at(w, b + i)), w, y + i);
    }
  }

  /// `y = -a b`
  public static void mulNegated(MemorySegment w, long a, long b, long y, int n) {
    w = Lanes.offHeap(w);
    for (int i = 0; i < n; i += LANES) {
      store(at(w, a + i).mul(at(w, b + i)).neg(), w, y + i);
    }
  }

  /// The sum of `n` elements of each of `rows` rows, to numbers `stride` apart.
  public static void sums(
      MemorySegment w, long x, int width, MemorySegment y, long to, long stride, int rows, int n) {
    for (int t = 0; t < rows; t++) {
      float total = 0;
      for (int i = 0; i < n; i++) {
        total += w.get(Lanes.FLOAT, (x + (long) t * width + i) * SIZE);
      }
      y.set(Lanes.FLOAT, (to + t * stride) * SIZE, total);
    }
  }

  /// `sum a b c`
  public static float sum3(MemorySegment w, long a, long b, long c, int n) {
    w = Lanes.offHeap(w);
    FloatVector sum = FloatVector.zero(Lanes.F32);
    for (int i = 0; i < n; i += LANES) {
      sum = at(w, a + i).mul(at(w, b + i)).fma(at(w, c + i), sum);
    }
    return Fold.sum(sum);
  }

  /// `sum a b`
  public static float sum2(MemorySegment w, long a, long b, int n) {
    w = Lanes.offHeap(w);
    FloatVector sum = FloatVector.zero(Lanes.F32);
    int i = 0;
    for (int full = n - LANES; i <= full; i += LANES) {
      sum = at(w, a + i).fma(at(w, b + i), sum);
    }
    float total = Fold.sum(sum);
    for (; i < n; i++) {
      total += w.get(Lanes.FLOAT, (a + i) * SIZE) * w.get(Lanes.FLOAT, (b + i) * SIZE);
    }
    return total;
  }
}
