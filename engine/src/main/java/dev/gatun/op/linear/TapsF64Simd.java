package dev.gatun.op.linear;

import dev.gatun.cpu.simd.Lanes;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/// A row of windows over a band in F64: sums with weights, plain sums and maxima, and what goes
/// back through them. Offsets are in bytes; tap `t` of output `i` is element `i` from `band +
/// table[t]` on. Every output is one chain in the order of the taps.
final class TapsF64Simd {
  private static final int LANES = Lanes.F64.length();
  private static final ValueLayout.OfLong I64 = ValueLayout.JAVA_LONG_UNALIGNED;

  private TapsF64Simd() {}

  /// `y[i] = bias + sum_t w[t] x[i, t]`. The last vectors start earlier, or, in rows shorter than
  /// one, go to `spare`.
  static void weigh(
      MemorySegment scratch,
      long band,
      long table,
      int taps,
      MemorySegment weights,
      long wAt,
      double bias,
      MemorySegment result,
      long yAt,
      int n,
      long spare) {
    MemorySegment s = Lanes.offHeap(scratch);
    MemorySegment w = Lanes.offHeap(weights);
    MemorySegment y = Lanes.offHeap(result);
    int i = 0;
    for (; n >= 4 * LANES && i < n; i += 4 * LANES) {
      int j = Math.min(i, n - 4 * LANES);
      DoubleVector s0 = DoubleVector.broadcast(Lanes.F64, bias);
      DoubleVector s1 = s0;
      DoubleVector s2 = s0;
      DoubleVector s3 = s0;
      for (int t = 0; t < taps; t++) {
        long o = band + s.get(I64, table + t * 8L) + j * 8L;
        DoubleVector v = DoubleVector.broadcast(Lanes.F64, w.get(Lanes.DOUBLE, wAt + t * 8L));
        s0 = DoubleVector.fromMemorySegment(Lanes.F64, s, o, Lanes.ORDER).fma(v, s0);
        s1 = DoubleVector.fromMemorySegment(Lanes.F64, s, o + 8L * LANES, Lanes.ORDER).fma(v, s1);
        s2 = DoubleVector.fromMemorySegment(Lanes.F64, s, o + 16L * LANES, Lanes.ORDER).fma(v, s2);
        s3 = DoubleVector.fromMemorySegment(Lanes.F64, s, o + 24L * LANES, Lanes.ORDER).fma(v, s3);
      }
      long o = yAt + j * 8L;
      s0.intoMemorySegment(y, o, Lanes.ORDER);
      s1.intoMemorySegment(y, o + 8L * LANES, Lanes.ORDER);
      s2.intoMemorySegment(y, o + 16L * LANES, Lanes.ORDER);
      s3.intoMemorySegment(y, o + 24L * LANES, Lanes.ORDER);
    }
    boolean wide = n >= LANES;
    MemorySegment to = wide ? y : s;
    long toAt = wide ? yAt : spare;
    for (; i < n; i += LANES) {
      int j = wide ? Math.min(i, n - LANES) : 0;
      DoubleVector sum = DoubleVector.broadcast(Lanes.F64, bias);
      for (int t = 0; t < taps; t++) {
        long o = band + s.get(I64, table + t * 8L) + j * 8L;
        DoubleVector v = DoubleVector.broadcast(Lanes.F64, w.get(Lanes.DOUBLE, wAt + t * 8L));
        sum = DoubleVector.fromMemorySegment(Lanes.F64, s, o, Lanes.ORDER).fma(v, sum);
      }
      sum.intoMemorySegment(to, toAt + j * 8L, Lanes.ORDER);
    }
    narrow(s, spare, y, yAt, n);
  }

  private static void narrow(MemorySegment s, long spare, MemorySegment y, long yAt, int n) {
    for (int i = 0; n < LANES && i < n; i++) {
      y.set(Lanes.DOUBLE, yAt + i * 8L, s.get(Lanes.DOUBLE, spare + i * 8L));
    }
  }

  /// `y[i] = sum_t x[i, t] / (columns[i] rows)`
  static void mean(
      MemorySegment scratch,
      long band,
      long table,
      int taps,
      long columns,
      double rows,
      MemorySegment result,
      long yAt,
      int n,
      long spare) {
    MemorySegment s = Lanes.offHeap(scratch);
    MemorySegment y = Lanes.offHeap(result);
    boolean wide = n >= LANES;
    MemorySegment to = wide ? y : s;
    long toAt = wide ? yAt : spare;
    for (int i = 0; i < n; i += LANES) {
      int j = wide ? Math.min(i, n - LANES) : 0;
      DoubleVector sum = DoubleVector.zero(Lanes.F64);
      for (int t = 0; t < taps; t++) {
        long o = band + s.get(I64, table + t * 8L) + j * 8L;
        sum = sum.add(DoubleVector.fromMemorySegment(Lanes.F64, s, o, Lanes.ORDER));
      }
      DoubleVector count =
          DoubleVector.fromMemorySegment(Lanes.F64, s, columns + j * 8L, Lanes.ORDER).mul(rows);
      sum.div(count).intoMemorySegment(to, toAt + j * 8L, Lanes.ORDER);
    }
    narrow(s, spare, y, yAt, n);
  }

  /// `y[i] = max_t x[i, t]`, NaN above all.
  static void max(
      MemorySegment scratch,
      long band,
      long table,
      int taps,
      MemorySegment result,
      long yAt,
      int n,
      long spare) {
    MemorySegment s = Lanes.offHeap(scratch);
    MemorySegment y = Lanes.offHeap(result);
    boolean wide = n >= LANES;
    MemorySegment to = wide ? y : s;
    long toAt = wide ? yAt : spare;
    for (int i = 0; i < n; i += LANES) {
      int j = wide ? Math.min(i, n - LANES) : 0;
      DoubleVector most = DoubleVector.broadcast(Lanes.F64, Double.NEGATIVE_INFINITY);
      for (int t = 0; t < taps; t++) {
        long o = band + s.get(I64, table + t * 8L) + j * 8L;
        most = most.max(DoubleVector.fromMemorySegment(Lanes.F64, s, o, Lanes.ORDER));
      }
      most.intoMemorySegment(to, toAt + j * 8L, Lanes.ORDER);
    }
    narrow(s, spare, y, yAt, n);
  }

  /// `dx[i, t] += w[t] dy[i]`
  static void weighBack(
      MemorySegment scratch,
      long band,
      long table,
      int taps,
      MemorySegment weights,
      long wAt,
      MemorySegment gradient,
      long dyAt,
      int n) {
    MemorySegment s = Lanes.offHeap(scratch);
    MemorySegment w = Lanes.offHeap(weights);
    MemorySegment dy = Lanes.offHeap(gradient);
    for (int t = 0; t < taps; t++) {
      long o = band + s.get(I64, table + t * 8L);
      double v = w.get(Lanes.DOUBLE, wAt + t * 8L);
      DoubleVector all = DoubleVector.broadcast(Lanes.F64, v);
      int i = 0;
      for (; i + LANES <= n; i += LANES) {
        DoubleVector d = DoubleVector.fromMemorySegment(Lanes.F64, dy, dyAt + i * 8L, Lanes.ORDER);
        DoubleVector sum = DoubleVector.fromMemorySegment(Lanes.F64, s, o + i * 8L, Lanes.ORDER);
        d.fma(all, sum).intoMemorySegment(s, o + i * 8L, Lanes.ORDER);
      }
      for (; i < n; i++) {
        double d = dy.get(Lanes.DOUBLE, dyAt + i * 8L);
        s.set(Lanes.DOUBLE, o + i * 8L, Math.fma(d, v, s.get(Lanes.DOUBLE, o + i * 8L)));
      }
    }
  }

  /// `dx[i, t] += dy[i] / (columns[i] rows)`
  static void meanBack(
      MemorySegment scratch,
      long band,
      long table,
      int taps,
      long columns,
      double rows,
      MemorySegment gradient,
      long dyAt,
      int n) {
    MemorySegment s = Lanes.offHeap(scratch);
    MemorySegment dy = Lanes.offHeap(gradient);
    for (int t = 0; t < taps; t++) {
      long o = band + s.get(I64, table + t * 8L);
      int i = 0;
      for (; i + LANES <= n; i += LANES) {
        DoubleVector d = DoubleVector.fromMemorySegment(Lanes.F64, dy, dyAt + i * 8L, Lanes.ORDER);
        DoubleVector count =
            DoubleVector.fromMemorySegment(Lanes.F64, s, columns + i * 8L, Lanes.ORDER).mul(rows);
        DoubleVector.fromMemorySegment(Lanes.F64, s, o + i * 8L, Lanes.ORDER)
            .add(d.div(count))
            .intoMemorySegment(s, o + i * 8L, Lanes.ORDER);
      }
      for (; i < n; i++) {
        double d =
            dy.get(Lanes.DOUBLE, dyAt + i * 8L) / (s.get(Lanes.DOUBLE, columns + i * 8L) * rows);
        s.set(Lanes.DOUBLE, o + i * 8L, s.get(Lanes.DOUBLE, o + i * 8L) + d);
      }
    }
  }

  /// `dx[i, t] += dy[i]` for the first tap with `x[i, t] = y[i]`, or that is NaN.
  static void maxBack(
      MemorySegment scratch,
      long band,
      long second,
      long table,
      int taps,
      MemorySegment maxima,
      MemorySegment gradient,
      long at,
      int n) {
    MemorySegment s = Lanes.offHeap(scratch);
    MemorySegment y = Lanes.offHeap(maxima);
    MemorySegment dy = Lanes.offHeap(gradient);
    DoubleVector zero = DoubleVector.zero(Lanes.F64);
    int i = 0;
    for (; i + LANES <= n; i += LANES) {
      DoubleVector rest = DoubleVector.fromMemorySegment(Lanes.F64, dy, at + i * 8L, Lanes.ORDER);
      DoubleVector most = DoubleVector.fromMemorySegment(Lanes.F64, y, at + i * 8L, Lanes.ORDER);
      for (int t = 0; t < taps; t++) {
        long o = s.get(I64, table + t * 8L) + i * 8L;
        DoubleVector x = DoubleVector.fromMemorySegment(Lanes.F64, s, band + o, Lanes.ORDER);
        VectorMask<Double> here =
            x.compare(VectorOperators.EQ, most).or(x.compare(VectorOperators.NE, x));
        DoubleVector.fromMemorySegment(Lanes.F64, s, second + o, Lanes.ORDER)
            .add(zero.blend(rest, here))
            .intoMemorySegment(s, second + o, Lanes.ORDER);
        rest = rest.blend(zero, here);
      }
    }
    for (; i < n; i++) {
      double most = y.get(Lanes.DOUBLE, at + i * 8L);
      for (int t = 0; t < taps; t++) {
        long o = s.get(I64, table + t * 8L) + i * 8L;
        double x = s.get(Lanes.DOUBLE, band + o);
        if (x == most || Double.isNaN(x)) {
          double sum = s.get(Lanes.DOUBLE, second + o) + dy.get(Lanes.DOUBLE, at + i * 8L);
          s.set(Lanes.DOUBLE, second + o, sum);
          break;
        }
      }
    }
  }
}
