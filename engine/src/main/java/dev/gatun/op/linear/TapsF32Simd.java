package dev.gatun.op.linear;

import dev.gatun.cpu.simd.Lanes;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/// A row of windows over a band in F32: sums with weights, plain sums and maxima, and what goes
/// back through them. Offsets are in bytes; tap `t` of output `i` is element `i` from `band +
/// table[t]` on. Every output is one chain in the order of the taps.
final class TapsF32Simd {
  private static final int LANES = Lanes.F32.length();
  private static final ValueLayout.OfLong I64 = ValueLayout.JAVA_LONG_UNALIGNED;

  private TapsF32Simd() {}

  /// `y[i] = bias + sum_t w[t] x[i, t]`. The last vectors start earlier, or, in rows shorter than
  /// one, go to `spare`.
  static void weigh(
      MemorySegment scratch,
      long band,
      long table,
      int taps,
      MemorySegment weights,
      long wAt,
      float bias,
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
      FloatVector s0 = FloatVector.broadcast(Lanes.F32, bias);
      FloatVector s1 = s0;
      FloatVector s2 = s0;
      FloatVector s3 = s0;
      for (int t = 0; t < taps; t++) {
        long o = band + s.get(I64, table + t * 8L) + j * 4L;
        FloatVector v = FloatVector.broadcast(Lanes.F32, w.get(Lanes.FLOAT, wAt + t * 4L));
        s0 = FloatVector.fromMemorySegment(Lanes.F32, s, o, Lanes.ORDER).fma(v, s0);
        s1 = FloatVector.fromMemorySegment(Lanes.F32, s, o + 4L * LANES, Lanes.ORDER).fma(v, s1);
        s2 = FloatVector.fromMemorySegment(Lanes.F32, s, o + 8L * LANES, Lanes.ORDER).fma(v, s2);
        s3 = FloatVector.fromMemorySegment(Lanes.F32, s, o + 12L * LANES, Lanes.ORDER).fma(v, s3);
      }
      long o = yAt + j * 4L;
      s0.intoMemorySegment(y, o, Lanes.ORDER);
      s1.intoMemorySegment(y, o + 4L * LANES, Lanes.ORDER);
      s2.intoMemorySegment(y, o + 8L * LANES, Lanes.ORDER);
      s3.intoMemorySegment(y, o + 12L * LANES, Lanes.ORDER);
    }
    boolean wide = n >= LANES;
    MemorySegment to = wide ? y : s;
    long toAt = wide ? yAt : spare;
    for (; i < n; i += LANES) {
      int j = wide ? Math.min(i, n - LANES) : 0;
      FloatVector sum = FloatVector.broadcast(Lanes.F32, bias);
      for (int t = 0; t < taps; t++) {
        long o = band + s.get(I64, table + t * 8L) + j * 4L;
        FloatVector v = FloatVector.broadcast(Lanes.F32, w.get(Lanes.FLOAT, wAt + t * 4L));
        sum = FloatVector.fromMemorySegment(Lanes.F32, s, o, Lanes.ORDER).fma(v, sum);
      }
      sum.intoMemorySegment(to, toAt + j * 4L, Lanes.ORDER);
    }
    narrow(s, spare, y, yAt, n);
  }

  private static void narrow(MemorySegment s, long spare, MemorySegment y, long yAt, int n) {
    for (int i = 0; n < LANES && i < n; i++) {
      y.set(Lanes.FLOAT, yAt + i * 4L, s.get(Lanes.FLOAT, spare + i * 4L));
    }
  }

  /// `y[i] = sum_t x[i, t] / (columns[i] rows)`
  static void mean(
      MemorySegment scratch,
      long band,
      long table,
      int taps,
      long columns,
      float rows,
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
      FloatVector sum = FloatVector.zero(Lanes.F32);
      for (int t = 0; t < taps; t++) {
        long o = band + s.get(I64, table + t * 8L) + j * 4L;
        sum = sum.add(FloatVector.fromMemorySegment(Lanes.F32, s, o, Lanes.ORDER));
      }
      FloatVector count =
          FloatVector.fromMemorySegment(Lanes.F32, s, columns + j * 4L, Lanes.ORDER).mul(rows);
      sum.div(count).intoMemorySegment(to, toAt + j * 4L, Lanes.ORDER);
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
      FloatVector most = FloatVector.broadcast(Lanes.F32, Float.NEGATIVE_INFINITY);
      for (int t = 0; t < taps; t++) {
        long o = band + s.get(I64, table + t * 8L) + j * 4L;
        most = most.max(FloatVector.fromMemorySegment(Lanes.F32, s, o, Lanes.ORDER));
      }
      most.intoMemorySegment(to, toAt + j * 4L, Lanes.ORDER);
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
      float v = w.get(Lanes.FLOAT, wAt + t * 4L);
      FloatVector all = FloatVector.broadcast(Lanes.F32, v);
      int i = 0;
      for (; i + LANES <= n; i += LANES) {
        FloatVector d = FloatVector.fromMemorySegment(Lanes.F32, dy, dyAt + i * 4L, Lanes.ORDER);
        FloatVector sum = FloatVector.fromMemorySegment(Lanes.F32, s, o + i * 4L, Lanes.ORDER);
        d.fma(all, sum).intoMemorySegment(s, o + i * 4L, Lanes.ORDER);
      }
      for (; i < n; i++) {
        float d = dy.get(Lanes.FLOAT, dyAt + i * 4L);
        s.set(Lanes.FLOAT, o + i * 4L, Math.fma(d, v, s.get(Lanes.FLOAT, o + i * 4L)));
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
      float rows,
      MemorySegment gradient,
      long dyAt,
      int n) {
    MemorySegment s = Lanes.offHeap(scratch);
    MemorySegment dy = Lanes.offHeap(gradient);
    for (int t = 0; t < taps; t++) {
      long o = band + s.get(I64, table + t * 8L);
      int i = 0;
      for (; i + LANES <= n; i += LANES) {
        FloatVector d = FloatVector.fromMemorySegment(Lanes.F32, dy, dyAt + i * 4L, Lanes.ORDER);
        FloatVector count =
            FloatVector.fromMemorySegment(Lanes.F32, s, columns + i * 4L, Lanes.ORDER).mul(rows);
        FloatVector.fromMemorySegment(Lanes.F32, s, o + i * 4L, Lanes.ORDER)
            .add(d.div(count))
            .intoMemorySegment(s, o + i * 4L, Lanes.ORDER);
      }
      for (; i < n; i++) {
        float d =
            dy.get(Lanes.FLOAT, dyAt + i * 4L) / (s.get(Lanes.FLOAT, columns + i * 4L) * rows);
        s.set(Lanes.FLOAT, o + i * 4L, s.get(Lanes.FLOAT, o + i * 4L) + d);
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
    FloatVector zero = FloatVector.zero(Lanes.F32);
    int i = 0;
    for (; i + LANES <= n; i += LANES) {
      FloatVector rest = FloatVector.fromMemorySegment(Lanes.F32, dy, at + i * 4L, Lanes.ORDER);
      FloatVector most = FloatVector.fromMemorySegment(Lanes.F32, y, at + i * 4L, Lanes.ORDER);
      for (int t = 0; t < taps; t++) {
        long o = s.get(I64, table + t * 8L) + i * 4L;
        FloatVector x = FloatVector.fromMemorySegment(Lanes.F32, s, band + o, Lanes.ORDER);
        VectorMask<Float> here =
            x.compare(VectorOperators.EQ, most).or(x.compare(VectorOperators.NE, x));
        FloatVector.fromMemorySegment(Lanes.F32, s, second + o, Lanes.ORDER)
            .add(zero.blend(rest, here))
            .intoMemorySegment(s, second + o, Lanes.ORDER);
        rest = rest.blend(zero, here);
      }
    }
    for (; i < n; i++) {
      float most = y.get(Lanes.FLOAT, at + i * 4L);
      for (int t = 0; t < taps; t++) {
        long o = s.get(I64, table + t * 8L) + i * 4L;
        float x = s.get(Lanes.FLOAT, band + o);
        if (x == most || Float.isNaN(x)) {
          float sum = s.get(Lanes.FLOAT, second + o) + dy.get(Lanes.FLOAT, at + i * 4L);
          s.set(Lanes.FLOAT, second + o, sum);
          break;
        }
      }
    }
  }
}
