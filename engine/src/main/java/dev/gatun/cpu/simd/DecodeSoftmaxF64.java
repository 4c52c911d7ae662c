package dev.gatun.cpu.simd;

import static dev.gatun.cpu.simd.Lanes.DOUBLE;
import static dev.gatun.cpu.simd.Lanes.F64;
import static dev.gatun.cpu.simd.Lanes.ORDER;
import static jdk.incubator.vector.VectorOperators.GT;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;

/// What happens to the F64 scores of a chunk of keys between the products: addends, maxima,
/// exponentials.
///
/// Scores of four streams lie `apart` bytes apart, those of a stream key by key, `pitch` rows for
/// each, a power of two: number `i` of a stream belongs to row `i % pitch`. So a vector of as many
/// lanes, or as many vectors as hold `pitch` lanes, meet the same row in the same lane all along.
public final class DecodeSoftmaxF64 {
  private static final int L = F64.length();
  private static final long SIZE = Double.BYTES;

  /// The softcap's function.
  private static final Loop.Unary TANH = Loop.f64(TanhLanes::f64);

  private DecodeSoftmaxF64() {}

  /// Vectors that hold a row of scores.
  public static int vectors(int pitch) {
    return Math.max(1, pitch / L);
  }

  /// Numbers after which the same rows meet the same lanes.
  private static int period(int pitch) {
    return Math.max(pitch, L);
  }

  /// Copies `rows` queries of `d` numbers times `factor` for [DecodeScoresF64], transposed if
  /// `lanes`.
  public static void pack(
      MemorySegment q,
      long qAt,
      int rows,
      int d,
      double factor,
      boolean lanes,
      int pitch,
      MemorySegment y,
      long yAt) {
    q = Lanes.offHeap(q);
    y = Lanes.offHeap(y);
    int width = period(pitch);
    for (int r = 0; r < rows; r++) {
      for (int e = 0; e < d; e++) {
        double v = q.get(DOUBLE, qAt + ((long) r * d + e) * SIZE) * factor;
        long at = lanes ? (long) e * width + r : (long) r * d + e;
        y.set(DOUBLE, yAt + at * SIZE, v);
      }
    }
    for (int r = rows; lanes && r < width; r++) {
      for (int e = 0; e < d; e++) {
        y.set(DOUBLE, yAt + ((long) e * width + r) * SIZE, 0);
      }
    }
  }

  /// `x = cap tanh(x)` for `n` scores.
  public static void cap(MemorySegment x, long at, int n, double cap) {
    TANH.run(x, at / SIZE, x, at / SIZE, n);
    x = Lanes.offHeap(x);
    for (int i = 0; i < n; i++) {
      x.set(DOUBLE, at + i * SIZE, x.get(DOUBLE, at + i * SIZE) * cap);
    }
  }

  /// `x[i] -= slope |distance - i|` for `count` keys of one row.
  public static void slope(
      MemorySegment x, long at, int pitch, int count, double slope, double distance) {
    x = Lanes.offHeap(x);
    double s = slope;
    double from = distance;
    for (int i = 0; i < count; i++) {
      long o = at + (long) i * pitch * SIZE;
      x.set(DOUBLE, o, x.get(DOUBLE, o) - s * Math.abs(from - i));
    }
  }

  /// `x[i] += of - decay[i]` for `count` keys of one row.
  public static void decay(
      MemorySegment x, long at, int pitch, int count, double of, MemorySegment decay, long from) {
    x = Lanes.offHeap(x);
    decay = Lanes.offHeap(decay);
    for (int i = 0; i < count; i++) {
      long o = at + (long) i * pitch * SIZE;
      double term = of - decay.get(DOUBLE, from + i * SIZE);
      x.set(DOUBLE, o, (x.get(DOUBLE, o) + term));
    }
  }

  /// Sets what follows the `count` keys of each stream, up to a whole vector, to -inf.
  public static void finish(MemorySegment x, long at, long apart, int pitch, int count) {
    x = Lanes.offHeap(x);
    int n = count * pitch;
    int full = (n + L - 1) / L * L;
    for (int s = 0; s < 4; s++) {
      for (int i = n; i < full; i++) {
        x.set(DOUBLE, at + s * apart + i * SIZE, Double.NEGATIVE_INFINITY);
      }
    }
  }

  /// Greatest scores lane by lane, NaN ignored, to the period's numbers at `to`.
  public static void greatest(MemorySegment x, long at, long apart, int pitch, int count, long to) {
    x = Lanes.offHeap(x);
    int n = count * pitch;
    int period = period(pitch);
    long x1 = at + apart;
    long x2 = x1 + apart;
    long x3 = x2 + apart;
    for (int v = 0; v < period; v += L) {
      DoubleVector a = DoubleVector.broadcast(F64, Double.NEGATIVE_INFINITY);
      DoubleVector b = a;
      DoubleVector c = a;
      DoubleVector d = a;
      for (int i = v; i < n; i += period) {
        long o = i * SIZE;
        DoubleVector y = DoubleVector.fromMemorySegment(F64, x, at + o, ORDER);
        a = a.blend(y, y.compare(GT, a));
        y = DoubleVector.fromMemorySegment(F64, x, x1 + o, ORDER);
        b = b.blend(y, y.compare(GT, b));
        y = DoubleVector.fromMemorySegment(F64, x, x2 + o, ORDER);
        c = c.blend(y, y.compare(GT, c));
        y = DoubleVector.fromMemorySegment(F64, x, x3 + o, ORDER);
        d = d.blend(y, y.compare(GT, d));
      }
      a = a.blend(b, b.compare(GT, a));
      c = c.blend(d, d.compare(GT, c));
      a = a.blend(c, c.compare(GT, a));
      a.intoMemorySegment(x, to + v * SIZE, ORDER);
    }
  }

  /// `x = exp(x - top)` for one stream, the period's `top` at `topAt`; adds the sums lane by lane
  /// to those at `to`.
  public static void exp(MemorySegment x, long at, int pitch, int count, long topAt, long to) {
    x = Lanes.offHeap(x);
    int n = count * pitch;
    int period = period(pitch);
    for (int v = 0; v < period; v += L) {
      DoubleVector top = DoubleVector.fromMemorySegment(F64, x, topAt + v * SIZE, ORDER);
      DoubleVector sum = DoubleVector.zero(F64);
      for (int i = v; i < n; i += period) {
        DoubleVector y = DoubleVector.fromMemorySegment(F64, x, at + i * SIZE, ORDER);
        DoubleVector e = ExpLanes.nonPositiveF64(y.sub(top));
        e.intoMemorySegment(x, at + i * SIZE, ORDER);
        sum = sum.add(e);
      }
      DoubleVector.fromMemorySegment(F64, x, to + v * SIZE, ORDER)
          .add(sum)
          .intoMemorySegment(x, to + v * SIZE, ORDER);
    }
  }

  /// Greatest of the lanes of row `r`.
  public static double greatestOf(MemorySegment x, long at, int pitch, int r) {
    double most = Double.NEGATIVE_INFINITY;
    for (int i = r; i < period(pitch); i += pitch) {
      double v = x.get(DOUBLE, at + i * SIZE);
      most = v > most ? v : most;
    }
    return most;
  }

  /// Sum of the lanes of row `r`.
  public static double sumOf(MemorySegment x, long at, int pitch, int r) {
    double sum = 0;
    for (int i = r; i < period(pitch); i += pitch) {
      sum += x.get(DOUBLE, at + i * SIZE);
    }
    return sum;
  }

  /// Sets the lanes of row `r` to `value`.
  public static void fill(MemorySegment x, long at, int pitch, int r, double value) {
    for (int i = r; i < period(pitch); i += pitch) {
      x.set(DOUBLE, at + i * SIZE, value);
    }
  }
}
