package dev.gatun.cpu.simd;

import static dev.gatun.cpu.simd.FastWeightsF64.at;
import static dev.gatun.cpu.simd.FastWeightsF64.store;
import static jdk.incubator.vector.VectorOperators.LT;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;

/// Loops of `dev.gatun.op.sequence.linear.FastWeights` over rows, F64, as [FastWeightsF64] has them
/// over states.
public final class FastRowsF64 {
  private static final int LANES = Lanes.F64.length();
  private static final long SIZE = Double.BYTES;

  /// Below this a number of a state counts as 0: products of such are a hundred times slower.
  private static final double LEAST = 1e-30;

  private FastRowsF64() {}

  /// `x = v`
  public static void fill(MemorySegment w, long x, double v, int n) {
    w = Lanes.offHeap(w);
    for (int i = 0; i < n; i += LANES) {
      store(DoubleVector.broadcast(Lanes.F64, v), w, x + i);
    }
  }

  /// `x = exp(x)`
  public static void exp(MemorySegment w, long x, int n) {
    w = Lanes.offHeap(w);
    for (int i = 0; i < n; i += LANES) {
      store(ExpLanes.f64(at(w, x + i)), w, x + i);
    }
  }

  /// What is almost 0 becomes 0.
  public static void flush(MemorySegment w, long x, int n) {
    w = Lanes.offHeap(w);
    for (int i = 0; i < n; i += LANES) {
      DoubleVector v = at(w, x + i);
      store(v.blend(0.0, v.abs().compare(LT, LEAST)), w, x + i);
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
  public static void addScaled(MemorySegment w, long a, double c, long y, int n) {
    w = Lanes.offHeap(w);
    for (int i = 0; i < n; i += LANES) {
      store(at(w, a + i).fma(DoubleVector.broadcast(Lanes.F64, c), at(w, y + i)), w, y + i);
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
      double total = 0;
      for (int i = 0; i < n; i++) {
        total += w.get(Lanes.DOUBLE, (x + (long) t * width + i) * SIZE);
      }
      y.set(Lanes.DOUBLE, (to + t * stride) * SIZE, total);
    }
  }

  /// `sum a b c`
  public static double sum3(MemorySegment w, long a, long b, long c, int n) {
    w = Lanes.offHeap(w);
    DoubleVector sum = DoubleVector.zero(Lanes.F64);
    for (int i = 0; i < n; i += LANES) {
      sum = at(w, a + i).mul(at(w, b + i)).fma(at(w, c + i), sum);
    }
    return Fold.sum(sum);
  }

  /// `sum a b`
  public static double sum2(MemorySegment w, long a, long b, int n) {
    w = Lanes.offHeap(w);
    DoubleVector sum = DoubleVector.zero(Lanes.F64);
    int i = 0;
    for (int full = n - LANES; i <= full; i += LANES) {
      sum = at(w, a + i).fma(at(w, b + i), sum);
    }
    double total = Fold.sum(sum);
    for (; i < n; i++) {
      total += w.get(Lanes.DOUBLE, (a + i) * SIZE) * w.get(Lanes.DOUBLE, (b + i) * SIZE);
    }
    return total;
  }
}
