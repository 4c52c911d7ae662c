package dev.gatun.cpu.simd;

import static dev.gatun.cpu.simd.Lanes.F32;
import static dev.gatun.cpu.simd.Lanes.FLOAT;
import static dev.gatun.cpu.simd.Lanes.ORDER;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;

/// Products of many F32 keys with few queries, at the speed at which memory streams. Offsets and
/// strides are in bytes.
///
/// Keys come as four streams `kApart` apart, read in step. The score of key `i` of stream `s` and
/// query `r` goes to `y + s yApart + i yKey + 4 r`. One or two queries: lanes run along the width
/// ([#dots]). More: lanes are queries, transposed and padded to whole vectors, and numbers of the
/// keys are broadcast, which needs no sum over lanes ([#lanes]); what is stored for queries that
/// are not there is overwritten by the next key.
public final class DecodeScoresF32 {
  private static final int L = F32.length();
  private static final int W = F32.vectorByteSize();
  private static final long SIZE = Float.BYTES;

  /// Only an aligned number is loaded and broadcast by one instruction.
  private static final ValueLayout.OfFloat ALIGNED = ValueLayout.JAVA_FLOAT;

  private DecodeScoresF32() {}

  /// `count` keys of each stream with the query at `qAt`: eight vectors of the query at a time stay
  /// in registers; what is left of it goes key by key.
  public static void dots(
      MemorySegment k,
      long kAt,
      long kRow,
      long kApart,
      MemorySegment q,
      long qAt,
      int d,
      int count,
      MemorySegment y,
      long yAt,
      long yKey,
      long yApart) {
    int full = d - d % (8 * L);
    for (int e = 0; e < full; e += 8 * L) {
      long at = e * SIZE;
      dots8(k, kAt + at, kRow, kApart, q, qAt + at, count, y, yAt, yKey, yApart, e > 0);
    }
    if (full < d) {
      long at = full * SIZE;
      for (int i = 0; i < count; i++) {
        long ki = kAt + at + i * kRow;
        long yi = yAt + i * yKey;
        dots4(k, ki, kApart, q, qAt + at, SIZE, d - full, y, yi, yApart, full > 0);
      }
    }
  }

  private static void dots8(
      MemorySegment k,
      long kAt,
      long kRow,
      long kApart,
      MemorySegment q,
      long qAt,
      int count,
      MemorySegment y,
      long yAt,
      long yKey,
      long yApart,
      boolean more) {
    k = Lanes.offHeap(k);
    q = Lanes.offHeap(q);
    y = Lanes.offHeap(y);
    FloatVector q0 = FloatVector.fromMemorySegment(F32, q, qAt, ORDER);
    FloatVector q1 = FloatVector.fromMemorySegment(F32, q, qAt + W, ORDER);
    FloatVector q2 = FloatVector.fromMemorySegment(F32, q, qAt + 2 * W, ORDER);
    FloatVector q3 = FloatVector.fromMemorySegment(F32, q, qAt + 3 * W, ORDER);
    FloatVector q4 = FloatVector.fromMemorySegment(F32, q, qAt + 4 * W, ORDER);
    FloatVector q5 = FloatVector.fromMemorySegment(F32, q, qAt + 5 * W, ORDER);
    FloatVector q6 = FloatVector.fromMemorySegment(F32, q, qAt + 6 * W, ORDER);
    FloatVector q7 = FloatVector.fromMemorySegment(F32, q, qAt + 7 * W, ORDER);
    long ki = kAt;
    long yi = yAt;
    long kBack = kRow - 3 * kApart;
    long yBack = yKey - 3 * yApart;
    for (int i = 0; i < 4 * count; i++) {
      FloatVector s = FloatVector.fromMemorySegment(F32, k, ki, ORDER).mul(q0);
      FloatVector t = FloatVector.fromMemorySegment(F32, k, ki + W, ORDER).mul(q1);
      s = FloatVector.fromMemorySegment(F32, k, ki + 2 * W, ORDER).fma(q2, s);
      t = FloatVector.fromMemorySegment(F32, k, ki + 3 * W, ORDER).fma(q3, t);
      s = FloatVector.fromMemorySegment(F32, k, ki + 4 * W, ORDER).fma(q4, s);
      t = FloatVector.fromMemorySegment(F32, k, ki + 5 * W, ORDER).fma(q5, t);
      s = FloatVector.fromMemorySegment(F32, k, ki + 6 * W, ORDER).fma(q6, s);
      t = FloatVector.fromMemorySegment(F32, k, ki + 7 * W, ORDER).fma(q7, t);
      float sum = Fold.sum(s.add(t));
      y.set(FLOAT, yi, more ? y.get(FLOAT, yi) + sum : sum);
      boolean next = (i & 3) == 3;
      ki += next ? kBack : kApart;
      yi += next ? yBack : yApart;
    }
  }

  /// One key of each stream. `qStep`, the size of a number, is a variable so that C2 leaves the
  /// loop as it is: unrolled, it spills.
  private static void dots4(
      MemorySegment k,
      long kAt,
      long kApart,
      MemorySegment q,
      long qAt,
      long qStep,
      int d,
      MemorySegment y,
      long yAt,
      long yApart,
      boolean more) {
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
    int full = d - d % (2 * L);
    for (int e = 0; e < full; e += 2 * L) {
      long qe = qAt + e * qStep;
      long ke = e * SIZE;
      FloatVector q0 = FloatVector.fromMemorySegment(F32, q, qe, ORDER);
      FloatVector q1 = FloatVector.fromMemorySegment(F32, q, qe + W, ORDER);
      s00 = FloatVector.fromMemorySegment(F32, k, kAt + ke, ORDER).fma(q0, s00);
      s01 = FloatVector.fromMemorySegment(F32, k, kAt + ke + W, ORDER).fma(q1, s01);
      s10 = FloatVector.fromMemorySegment(F32, k, k1 + ke, ORDER).fma(q0, s10);
      s11 = FloatVector.fromMemorySegment(F32, k, k1 + ke + W, ORDER).fma(q1, s11);
      s20 = FloatVector.fromMemorySegment(F32, k, k2 + ke, ORDER).fma(q0, s20);
      s21 = FloatVector.fromMemorySegment(F32, k, k2 + ke + W, ORDER).fma(q1, s21);
      s30 = FloatVector.fromMemorySegment(F32, k, k3 + ke, ORDER).fma(q0, s30);
      s31 = FloatVector.fromMemorySegment(F32, k, k3 + ke + W, ORDER).fma(q1, s31);
    }
    float d0 = Fold.sum(s00.add(s01));
    float d1 = Fold.sum(s10.add(s11));
    float d2 = Fold.sum(s20.add(s21));
    float d3 = Fold.sum(s30.add(s31));
    for (int e = full; e < d; e++) {
      float qe = q.get(FLOAT, qAt + e * SIZE);
      long ke = e * SIZE;
      d0 = Math.fma(k.get(FLOAT, kAt + ke), qe, d0);
      d1 = Math.fma(k.get(FLOAT, k1 + ke), qe, d1);
      d2 = Math.fma(k.get(FLOAT, k2 + ke), qe, d2);
      d3 = Math.fma(k.get(FLOAT, k3 + ke), qe, d3);
    }
    long y1 = yAt + yApart;
    long y2 = y1 + yApart;
    long y3 = y2 + yApart;
    y.set(FLOAT, yAt, more ? y.get(FLOAT, yAt) + d0 : d0);
    y.set(FLOAT, y1, more ? y.get(FLOAT, y1) + d1 : d1);
    y.set(FLOAT, y2, more ? y.get(FLOAT, y2) + d2 : d2);
    y.set(FLOAT, y3, more ? y.get(FLOAT, y3) + d3 : d3);
  }

  /// `count` keys of each stream with the queries of `vectors` vectors; number `e` of all queries
  /// is at `qAt + e vectors W`.
  public static void lanes(
      MemorySegment k,
      long kAt,
      long kRow,
      long kApart,
      MemorySegment q,
      long qAt,
      int vectors,
      int d,
      int count,
      MemorySegment y,
      long yAt,
      long yKey,
      long yApart) {
    long qRow = (long) vectors * W;
    if (vectors > 1) {
      for (int i = 0; i < count; i++) {
        for (int v = 0; v < vectors; v += 2) {
          long at = (long) v * W;
          four(k, kAt + i * kRow, kApart, q, qAt + at, qRow, d, y, yAt + i * yKey + at, yApart);
        }
      }
      return;
    }
    for (int i = 0; i < count; i++) {
      chains(k, kAt + i * kRow, kApart, q, qAt, qRow, d, y, yAt + i * yKey, yApart);
    }
  }

  /// One key of each stream, one vector of queries, even and odd numbers in chains of their own:
  /// eight cover the latency.
  private static void chains(
      MemorySegment k,
      long kAt,
      long kApart,
      MemorySegment q,
      long qAt,
      long qRow,
      int d,
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
    int pairs = d / 2;
    for (int e = 0; e < pairs; e++) {
      long ke = e * (2 * SIZE);
      FloatVector x = FloatVector.fromMemorySegment(F32, q, qe, ORDER);
      s00 = FloatVector.broadcast(F32, k.get(ALIGNED, kAt + ke)).fma(x, s00);
      s10 = FloatVector.broadcast(F32, k.get(ALIGNED, k1 + ke)).fma(x, s10);
      s20 = FloatVector.broadcast(F32, k.get(ALIGNED, k2 + ke)).fma(x, s20);
      s30 = FloatVector.broadcast(F32, k.get(ALIGNED, k3 + ke)).fma(x, s30);
      x = FloatVector.fromMemorySegment(F32, q, qe + qRow, ORDER);
      s01 = FloatVector.broadcast(F32, k.get(ALIGNED, kAt + ke + SIZE)).fma(x, s01);
      s11 = FloatVector.broadcast(F32, k.get(ALIGNED, k1 + ke + SIZE)).fma(x, s11);
      s21 = FloatVector.broadcast(F32, k.get(ALIGNED, k2 + ke + SIZE)).fma(x, s21);
      s31 = FloatVector.broadcast(F32, k.get(ALIGNED, k3 + ke + SIZE)).fma(x, s31);
      qe += 2 * qRow;
    }
    s00 = s00.add(s01);
    s10 = s10.add(s11);
    s20 = s20.add(s21);
    s30 = s30.add(s31);
    if (d % 2 > 0) {
      long ke = (d - 1) * SIZE;
      FloatVector x = FloatVector.fromMemorySegment(F32, q, qe, ORDER);
      s00 = FloatVector.broadcast(F32, k.get(ALIGNED, kAt + ke)).fma(x, s00);
      s10 = FloatVector.broadcast(F32, k.get(ALIGNED, k1 + ke)).fma(x, s10);
      s20 = FloatVector.broadcast(F32, k.get(ALIGNED, k2 + ke)).fma(x, s20);
      s30 = FloatVector.broadcast(F32, k.get(ALIGNED, k3 + ke)).fma(x, s30);
    }
    s00.intoMemorySegment(y, yAt, ORDER);
    s10.intoMemorySegment(y, yAt + yApart, ORDER);
    s20.intoMemorySegment(y, yAt + 2 * yApart, ORDER);
    s30.intoMemorySegment(y, yAt + 3 * yApart, ORDER);
  }

  /// One key of each stream, two vectors of queries.
  private static void four(
      MemorySegment k,
      long kAt,
      long kApart,
      MemorySegment q,
      long qAt,
      long qRow,
      int d,
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
    for (int e = 0; e < d; e++) {
      long ke = e * SIZE;
      FloatVector q0 = FloatVector.fromMemorySegment(F32, q, qe, ORDER);
      FloatVector q1 = FloatVector.fromMemorySegment(F32, q, qe + W, ORDER);
      FloatVector x0 = FloatVector.broadcast(F32, k.get(ALIGNED, kAt + ke));
      s00 = x0.fma(q0, s00);
      s01 = x0.fma(q1, s01);
      FloatVector x1 = FloatVector.broadcast(F32, k.get(ALIGNED, k1 + ke));
      s10 = x1.fma(q0, s10);
      s11 = x1.fma(q1, s11);
      FloatVector x2 = FloatVector.broadcast(F32, k.get(ALIGNED, k2 + ke));
      s20 = x2.fma(q0, s20);
      s21 = x2.fma(q1, s21);
      FloatVector x3 = FloatVector.broadcast(F32, k.get(ALIGNED, k3 + ke));
      s30 = x3.fma(q0, s30);
      s31 = x3.fma(q1, s31);
      qe += qRow;
    }
    s00.intoMemorySegment(y, yAt, ORDER);
    s01.intoMemorySegment(y, yAt + W, ORDER);
    long at = yAt + yApart;
    s10.intoMemorySegment(y, at, ORDER);
    s11.intoMemorySegment(y, at + W, ORDER);
    at += yApart;
    s20.intoMemorySegment(y, at, ORDER);
    s21.intoMemorySegment(y, at + W, ORDER);
    at += yApart;
    s30.intoMemorySegment(y, at, ORDER);
    s31.intoMemorySegment(y, at + W, ORDER);
  }
}
