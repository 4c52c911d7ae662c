package dev.gatun.cpu.simd;

import static dev.gatun.cpu.simd.Lanes.F32;
import static dev.gatun.cpu.simd.Lanes.F64;
import static dev.gatun.cpu.simd.Lanes.ORDER;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;

/// As [DecodeScoresF32#lanes] for as many queries as a vector has lanes, or half as many: two
/// neighbouring numbers of a key are broadcast at once, as a double, and two neighbouring lanes
/// belong to one query. One broadcast then serves two vectors, or half a vector is not wasted.
public final class DecodePairsF32 {
  private static final int L = F32.length();
  private static final int W = F32.vectorByteSize();

  /// Only an aligned number is loaded and broadcast by one instruction.
  private static final ValueLayout.OfDouble PAIR = ValueLayout.JAVA_DOUBLE;

  private static final VectorMask<Float> ODD = VectorMask.fromLong(F32, 0xaaaaaaaaaaaaaaaaL);
  private static final VectorShuffle<Float> SWAP = VectorShuffle.fromOp(F32, i -> i ^ 1);

  /// Even lanes, then odd ones.
  private static final VectorShuffle<Float> SORT =
      VectorShuffle.fromOp(F32, i -> i < L / 2 ? 2 * i : 2 * i - L + 1);

  private DecodePairsF32() {}

  /// Whether keys of `d` numbers from `k + kAt` can be read so for `pitch` queries.
  public static boolean applies(MemorySegment k, int d, int pitch) {
    return (pitch == L || 2 * pitch == L) && d % 2 == 0 && k.address() % Double.BYTES == 0;
  }

  /// Copies `rows` queries times `factor`: the pair `e` of query `r` goes to lanes `2 r` and `2 r +
  /// 1` of row `e`.
  public static void pack(
      MemorySegment q,
      long qAt,
      int rows,
      int d,
      float factor,
      int pitch,
      MemorySegment y,
      long yAt) {
    for (int e = 0; e < d; e++) {
      long to = yAt + ((long) (e / 2) * 2 * pitch + e % 2) * Float.BYTES;
      for (int r = 0; r < pitch; r++) {
        float v = r < rows ? q.get(Lanes.FLOAT, qAt + ((long) r * d + e) * Float.BYTES) : 0;
        y.set(Lanes.FLOAT, to + 2L * r * Float.BYTES, v * factor);
      }
    }
  }

  /// `count` keys of each stream.
  public static void products(
      MemorySegment k,
      long kAt,
      long kRow,
      long kApart,
      MemorySegment q,
      long qAt,
      int pitch,
      int d,
      int count,
      MemorySegment y,
      long yAt,
      long yKey,
      long yApart) {
    for (int i = 0; i < count; i++) {
      long ki = kAt + i * kRow;
      if (pitch == L) {
        full(k, ki, kApart, q, qAt, 2 * W, d / 2, y, yAt + i * yKey, yApart);
      } else {
        half(k, ki, kApart, q, qAt, W, d / 2, y, yAt + i * yKey, yApart);
      }
    }
  }

  private static void full(
      MemorySegment k,
      long kAt,
      long kApart,
      MemorySegment q,
      long qAt,
      long qRow,
      int pairs,
      MemorySegment y,
      long yAt,
      long yApart) {
    k = Lanes.offHeap(k);
    q = Lanes.offHeap(q);
    y = Lanes.offHeap(y);
    long k1 = kAt + kApart;
    long k2 = k1 + kApart;
    long k3 = k2 + kApart;
    FloatVector s00 = FloatVector.zero(F32);
    FloatVector s01 = s00;
    FloatVector s10 = s00;
    FloatVector s11 = s00;
    FloatVector s20 = s00;
    FloatVector s21 = s00;
    FloatVector s30 = s00;
    FloatVector s31 = s00;
    long qe = qAt;
    for (int e = 0; e < pairs; e++) {
      long ke = e * 8L;
      FloatVector q0 = FloatVector.fromMemorySegment(F32, q, qe, ORDER);
      FloatVector q1 = FloatVector.fromMemorySegment(F32, q, qe + W, ORDER);
      FloatVector x0 = DoubleVector.broadcast(F64, k.get(PAIR, kAt + ke)).reinterpretAsFloats();
      s00 = x0.fma(q0, s00);
      s01 = x0.fma(q1, s01);
      FloatVector x1 = DoubleVector.broadcast(F64, k.get(PAIR, k1 + ke)).reinterpretAsFloats();
      s10 = x1.fma(q0, s10);
      s11 = x1.fma(q1, s11);
      FloatVector x2 = DoubleVector.broadcast(F64, k.get(PAIR, k2 + ke)).reinterpretAsFloats();
      s20 = x2.fma(q0, s20);
      s21 = x2.fma(q1, s21);
      FloatVector x3 = DoubleVector.broadcast(F64, k.get(PAIR, k3 + ke)).reinterpretAsFloats();
      s30 = x3.fma(q0, s30);
      s31 = x3.fma(q1, s31);
      qe += qRow;
    }
    sums(s00, s01).intoMemorySegment(y, yAt, ORDER);
    sums(s10, s11).intoMemorySegment(y, yAt + yApart, ORDER);
    sums(s20, s21).intoMemorySegment(y, yAt + 2 * yApart, ORDER);
    sums(s30, s31).intoMemorySegment(y, yAt + 3 * yApart, ORDER);
  }

  private static void half(
      MemorySegment k,
      long kAt,
      long kApart,
      MemorySegment q,
      long qAt,
      long qRow,
      int pairs,
      MemorySegment y,
      long yAt,
      long yApart) {
    k = Lanes.offHeap(k);
    q = Lanes.offHeap(q);
    y = Lanes.offHeap(y);
    long k1 = kAt + kApart;
    long k2 = k1 + kApart;
    long k3 = k2 + kApart;
    FloatVector s0 = FloatVector.zero(F32);
    FloatVector s1 = s0;
    FloatVector s2 = s0;
    FloatVector s3 = s0;
    long qe = qAt;
    for (int e = 0; e < pairs; e++) {
      long ke = e * 8L;
      FloatVector x = FloatVector.fromMemorySegment(F32, q, qe, ORDER);
      s0 = DoubleVector.broadcast(F64, k.get(PAIR, kAt + ke)).reinterpretAsFloats().fma(x, s0);
      s1 = DoubleVector.broadcast(F64, k.get(PAIR, k1 + ke)).reinterpretAsFloats().fma(x, s1);
      s2 = DoubleVector.broadcast(F64, k.get(PAIR, k2 + ke)).reinterpretAsFloats().fma(x, s2);
      s3 = DoubleVector.broadcast(F64, k.get(PAIR, k3 + ke)).reinterpretAsFloats().fma(x, s3);
      qe += qRow;
    }
    sums(s0, s0).intoMemorySegment(y, yAt, ORDER);
    sums(s1, s1).intoMemorySegment(y, yAt + yApart, ORDER);
    sums(s2, s2).intoMemorySegment(y, yAt + 2 * yApart, ORDER);
    sums(s3, s3).intoMemorySegment(y, yAt + 3 * yApart, ORDER);
  }

  /// Sums of the pairs of `a`, then of `b`.
  private static FloatVector sums(FloatVector a, FloatVector b) {
    FloatVector own = a.blend(b, ODD);
    FloatVector other = b.blend(a, ODD).rearrange(SWAP);
    return own.add(other).rearrange(SORT);
  }
}
