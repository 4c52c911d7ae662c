package dev.gatun.op.linear;

import dev.gatun.cpu.simd.Lanes;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/// `y[t] = b + sum_k w[k] x[t + k]` for short filters, and the inner product. Offsets are in
/// elements. Every element is a chain of fused multiply-adds in the order of `k`, so its bits do
/// not depend on where a row is cut.
final class CorrelateSimd {
  private static final int LANES_F = Lanes.F32.length();
  private static final int LANES = Lanes.F64.length();

  private CorrelateSimd() {}

  /// Filter taps `wAt`, `wAt + wStep`, ...: a step of -1 runs the filter backwards.
  static void f32(
      MemorySegment x,
      long xAt,
      MemorySegment w,
      long wAt,
      int wStep,
      int taps,
      float b,
      MemorySegment y,
      long yAt,
      int n) {
    int i = 0;
    for (; i + 4 * LANES_F <= n; i += 4 * LANES_F) {
      FloatVector s0 = FloatVector.broadcast(Lanes.F32, b);
      FloatVector s1 = s0;
      FloatVector s2 = s0;
      FloatVector s3 = s0;
      for (int k = 0; k < taps; k++) {
        long o = (xAt + i + k) * 4;
        FloatVector v =
            FloatVector.broadcast(Lanes.F32, w.get(Lanes.FLOAT, (wAt + (long) k * wStep) * 4));
        s0 = FloatVector.fromMemorySegment(Lanes.F32, x, o, Lanes.ORDER).fma(v, s0);
        s1 = FloatVector.fromMemorySegment(Lanes.F32, x, o + 4L * LANES_F, Lanes.ORDER).fma(v, s1);
        s2 = FloatVector.fromMemorySegment(Lanes.F32, x, o + 8L * LANES_F, Lanes.ORDER).fma(v, s2);
        s3 = FloatVector.fromMemorySegment(Lanes.F32, x, o + 12L * LANES_F, Lanes.ORDER).fma(v, s3);
      }
      long o = (yAt + i) * 4;
      s0.intoMemorySegment(y, o, Lanes.ORDER);
      s1.intoMemorySegment(y, o + 4L * LANES_F, Lanes.ORDER);
      s2.intoMemorySegment(y, o + 8L * LANES_F, Lanes.ORDER);
      s3.intoMemorySegment(y, o + 12L * LANES_F, Lanes.ORDER);
    }
    for (; i + LANES_F <= n; i += LANES_F) {
      FloatVector s = FloatVector.broadcast(Lanes.F32, b);
      for (int k = 0; k < taps; k++) {
        float v = w.get(Lanes.FLOAT, (wAt + (long) k * wStep) * 4);
        s =
            FloatVector.fromMemorySegment(Lanes.F32, x, (xAt + i + k) * 4, Lanes.ORDER)
                .fma(FloatVector.broadcast(Lanes.F32, v), s);
      }
      s.intoMemorySegment(y, (yAt + i) * 4, Lanes.ORDER);
    }
    for (; i < n; i++) {
      float s = b;
      for (int k = 0; k < taps; k++) {
        float v = w.get(Lanes.FLOAT, (wAt + (long) k * wStep) * 4);
        s = Math.fma(x.get(Lanes.FLOAT, (xAt + i + k) * 4), v, s);
      }
      y.set(Lanes.FLOAT, (yAt + i) * 4, s);
    }
  }

  /// As [#f32].
  static void f64(
      MemorySegment x,
      long xAt,
      MemorySegment w,
      long wAt,
      int wStep,
      int taps,
      double b,
      MemorySegment y,
      long yAt,
      int n) {
    int i = 0;
    for (; i + 4 * LANES <= n; i += 4 * LANES) {
      DoubleVector s0 = DoubleVector.broadcast(Lanes.F64, b);
      DoubleVector s1 = s0;
      DoubleVector s2 = s0;
      DoubleVector s3 = s0;
      for (int k = 0; k < taps; k++) {
        long o = (xAt + i + k) * 8;
        DoubleVector v =
            DoubleVector.broadcast(Lanes.F64, w.get(Lanes.DOUBLE, (wAt + (long) k * wStep) * 8));
        s0 = DoubleVector.fromMemorySegment(Lanes.F64, x, o, Lanes.ORDER).fma(v, s0);
        s1 = DoubleVector.fromMemorySegment(Lanes.F64, x, o + 8L * LANES, Lanes.ORDER).fma(v, s1);
        s2 = DoubleVector.fromMemorySegment(Lanes.F64, x, o + 16L * LANES, Lanes.ORDER).fma(v, s2);
        s3 = DoubleVector.fromMemorySegment(Lanes.F64, x, o + 24L * LANES, Lanes.ORDER).fma(v, s3);
      }
      long o = (yAt + i) * 8;
      s0.intoMemorySegment(y, o, Lanes.ORDER);
      s1.intoMemorySegment(y, o + 8L * LANES, Lanes.ORDER);
      s2.intoMemorySegment(y, o + 16L * LANES, Lanes.ORDER);
      s3.intoMemorySegment(y, o + 24L * LANES, Lanes.ORDER);
    }
    for (; i + LANES <= n; i += LANES) {
      DoubleVector s = DoubleVector.broadcast(Lanes.F64, b);
      for (int k = 0; k < taps; k++) {
        double v = w.get(Lanes.DOUBLE, (wAt + (long) k * wStep) * 8);
        s =
            DoubleVector.fromMemorySegment(Lanes.F64, x, (xAt + i + k) * 8, Lanes.ORDER)
                .fma(DoubleVector.broadcast(Lanes.F64, v), s);
      }
      s.intoMemorySegment(y, (yAt + i) * 8, Lanes.ORDER);
    }
    for (; i < n; i++) {
      double s = b;
      for (int k = 0; k < taps; k++) {
        double v = w.get(Lanes.DOUBLE, (wAt + (long) k * wStep) * 8);
        s = Math.fma(x.get(Lanes.DOUBLE, (xAt + i + k) * 8), v, s);
      }
      y.set(Lanes.DOUBLE, (yAt + i) * 8, s);
    }
  }

  /// Elements whose products are added in F32 before the sum goes on in doubles.
  private static final int LEAF = 1024;

  /// `sum x y`
  static double dotF32(MemorySegment x, long xAt, MemorySegment y, long yAt, int n) {
    double sum = 0;
    for (int i = 0; i < n; i += LEAF) {
      sum += leafF32(x, xAt + i, y, yAt + i, Math.min(LEAF, n - i));
    }
    return sum;
  }

  private static double leafF32(MemorySegment x, long xAt, MemorySegment y, long yAt, int n) {
    FloatVector s0 = FloatVector.zero(Lanes.F32);
    FloatVector s1 = s0;
    int i = 0;
    for (; i + 2 * LANES_F <= n; i += 2 * LANES_F) {
      long p = (xAt + i) * 4;
      long q = (yAt + i) * 4;
      s0 =
          FloatVector.fromMemorySegment(Lanes.F32, x, p, Lanes.ORDER)
              .fma(FloatVector.fromMemorySegment(Lanes.F32, y, q, Lanes.ORDER), s0);
      s1 =
          FloatVector.fromMemorySegment(Lanes.F32, x, p + 4L * LANES_F, Lanes.ORDER)
              .fma(FloatVector.fromMemorySegment(Lanes.F32, y, q + 4L * LANES_F, Lanes.ORDER), s1);
    }
    double sum = i == 0 ? 0 : total(s0.add(s1));
    for (; i < n; i++) {
      sum += x.get(Lanes.FLOAT, (xAt + i) * 4) * (double) y.get(Lanes.FLOAT, (yAt + i) * 4);
    }
    return sum;
  }

  /// Lane by lane: `reduceLanes` adds in another order once compiled, and bits would change.
  private static double total(FloatVector v) {
    double sum = 0;
    for (int i = 0; i < LANES_F; i++) {
      sum += v.lane(i);
    }
    return sum;
  }

  /// `sum x y`
  static double dotF64(MemorySegment x, long xAt, MemorySegment y, long yAt, int n) {
    DoubleVector s0 = DoubleVector.zero(Lanes.F64);
    DoubleVector s1 = s0;
    int i = 0;
    for (; i + 2 * LANES <= n; i += 2 * LANES) {
      long p = (xAt + i) * 8;
      long q = (yAt + i) * 8;
      s0 =
          DoubleVector.fromMemorySegment(Lanes.F64, x, p, Lanes.ORDER)
              .fma(DoubleVector.fromMemorySegment(Lanes.F64, y, q, Lanes.ORDER), s0);
      s1 =
          DoubleVector.fromMemorySegment(Lanes.F64, x, p + 8L * LANES, Lanes.ORDER)
              .fma(DoubleVector.fromMemorySegment(Lanes.F64, y, q + 8L * LANES, Lanes.ORDER), s1);
    }
    double sum = i == 0 ? 0 : total(s0.add(s1));
    for (; i < n; i++) {
      sum += x.get(Lanes.DOUBLE, (xAt + i) * 8) * y.get(Lanes.DOUBLE, (yAt + i) * 8);
    }
    return sum;
  }

  private static double total(DoubleVector v) {
    double sum = 0;
    for (int i = 0; i < LANES; i++) {
      sum += v.lane(i);
    }
    return sum;
  }
}
