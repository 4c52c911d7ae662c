package dev.gatun.cpu.simd;

import static dev.gatun.cpu.simd.Lanes.DOUBLE;
import static dev.gatun.cpu.simd.Lanes.F64;
import static dev.gatun.cpu.simd.Lanes.ORDER;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;

/// Products of many F64 keys with few queries, at the speed at which memory streams. Offsets and
/// strides are in bytes.
///
/// Keys come as four streams `kApart` apart, read in step. The score of key `i` of stream `s` and
/// query `r` goes to `y + s yApart + i yKey + 8 r`. One or two queries: lanes run along the width
/// ([#dots]). More: lanes are queries, transposed and padded to whole vectors, and numbers of the
/// keys are broadcast, which needs no sum over lanes ([#lanes]); what is stored for queries that
/// are not there is overwritten by the next key.
public final class DecodeScoresF64 {
  private static final int L = F64.length();
  private static final int W = F64.vectorByteSize();
  private static final long SIZE = Double.BYTES;

  private DecodeScoresF64() {}

  /// `count` keys of each stream with the query at `qAt`.
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
    for (int i = 0; i < count; i++) {
      dots4(k, kAt + i * kRow, kApart, q, qAt, SIZE, d, y, yAt + i * yKey, yApart);
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
      long yApart) {
    k = Lanes.offHeap(k);
    q = Lanes.offHeap(q);
    y = Lanes.offHeap(y);
    long k1 = kAt + kApart;
    long k2 = k1 + kApart;
    long k3 = k2 + kApart;
    DoubleVector s00 = DoubleVector.zero(F64);
    DoubleVector s01 = s00;
    DoubleVector s10 = s00;
    DoubleVector s11 = s00;
    DoubleVector s20 = s00;
    DoubleVector s21 = s00;
    DoubleVector s30 = s00;
    DoubleVector s31 = s00;
    int full = d - d % (2 * L);
    for (int e = 0; e < full; e += 2 * L) {
      long qe = qAt + e * qStep;
      long ke = e * SIZE;
      DoubleVector q0 = DoubleVector.fromMemorySegment(F64, q, qe, ORDER);
      DoubleVector q1 = DoubleVector.fromMemorySegment(F64, q, qe + W, ORDER);
      s00 = DoubleVector.fromMemorySegment(F64, k, kAt + ke, ORDER).fma(q0, s00);
      s01 = DoubleVector.fromMemorySegment(F64, k, kAt + ke + W, ORDER).fma(q1, s01);
      s10 = DoubleVector.fromMemorySegment(F64, k, k1 + ke, ORDER).fma(q0, s10);
      s11 = DoubleVector.fromMemorySegment(F64, k, k1 + ke + W, ORDER).fma(q1, s11);
      s20 = DoubleVector.fromMemorySegment(F64, k, k2 + ke, ORDER).fma(q0, s20);
      s21 = DoubleVector.fromMemorySegment(F64, k, k2 + ke + W, ORDER).fma(q1, s21);
      s30 = DoubleVector.fromMemorySegment(F64, k, k3 + ke, ORDER).fma(q0, s30);
      s31 = DoubleVector.fromMemorySegment(F64, k, k3 + ke + W, ORDER).fma(q1, s31);
    }
    double d0 = Fold.sum(s00.add(s01));
    double d1 = Fold.sum(s10.add(s11));
    double d2 = Fold.sum(s20.add(s21));
    double d3 = Fold.sum(s30.add(s31));
    for (int e = full; e < d; e++) {
      double qe = q.get(DOUBLE, qAt + e * SIZE);
      long ke = e * SIZE;
      d0 = Math.fma(k.get(DOUBLE, kAt + ke), qe, d0);
      d1 = Math.fma(k.get(DOUBLE, k1 + ke), qe, d1);
      d2 = Math.fma(k.get(DOUBLE, k2 + ke), qe, d2);
      d3 = Math.fma(k.get(DOUBLE, k3 + ke), qe, d3);
    }
    y.set(DOUBLE, yAt, d0);
    y.set(DOUBLE, yAt + yApart, d1);
    y.set(DOUBLE, yAt + 2 * yApart, d2);
    y.set(DOUBLE, yAt + 3 * yApart, d3);
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
    int i = 0;
    for (; i + 2 <= count; i += 2) {
      eight(k, kAt + i * kRow, kRow, kApart, q, qAt, qRow, d, y, yAt + i * yKey, yKey, yApart);
    }
    if (i < count) {
      single(k, kAt + i * kRow, kApart, q, qAt, qRow, d, y, yAt + i * yKey, yApart);
    }
  }

  /// Two keys of each stream, one vector of queries: eight chains cover the latency.
  private static void eight(
      MemorySegment k,
      long kAt,
      long kRow,
      long kApart,
      MemorySegment q,
      long qAt,
      long qRow,
      int d,
      MemorySegment y,
      long yAt,
      long yKey,
      long yApart) {
    k = Lanes.offHeap(k);
    q = Lanes.offHeap(q);
    y = Lanes.offHeap(y);
    long k1 = kAt + kApart;
    long k2 = k1 + kApart;
    long k3 = k2 + kApart;
    long k4 = kAt + kRow;
    long k5 = k1 + kRow;
    long k6 = k2 + kRow;
    long k7 = k3 + kRow;
    DoubleVector s0 = DoubleVector.zero(F64);
    DoubleVector s1 = s0;
    DoubleVector s2 = s0;
    DoubleVector s3 = s0;
    DoubleVector s4 = s0;
    DoubleVector s5 = s0;
    DoubleVector s6 = s0;
    DoubleVector s7 = s0;
    long qe = qAt;
    for (int e = 0; e < d; e++) {
      long ke = e * SIZE;
      DoubleVector x = DoubleVector.fromMemorySegment(F64, q, qe, ORDER);
      s0 = DoubleVector.broadcast(F64, k.get(DOUBLE, kAt + ke)).fma(x, s0);
      s1 = DoubleVector.broadcast(F64, k.get(DOUBLE, k1 + ke)).fma(x, s1);
      s2 = DoubleVector.broadcast(F64, k.get(DOUBLE, k2 + ke)).fma(x, s2);
      s3 = DoubleVector.broadcast(F64, k.get(DOUBLE, k3 + ke)).fma(x, s3);
      s4 = DoubleVector.broadcast(F64, k.get(DOUBLE, k4 + ke)).fma(x, s4);
      s5 = DoubleVector.broadcast(F64, k.get(DOUBLE, k5 + ke)).fma(x, s5);
      s6 = DoubleVector.broadcast(F64, k.get(DOUBLE, k6 + ke)).fma(x, s6);
      s7 = DoubleVector.broadcast(F64, k.get(DOUBLE, k7 + ke)).fma(x, s7);
      qe += qRow;
    }
    long y1 = yAt + yApart;
    long y2 = y1 + yApart;
    long y3 = y2 + yApart;
    s0.intoMemorySegment(y, yAt, ORDER);
    s1.intoMemorySegment(y, y1, ORDER);
    s2.intoMemorySegment(y, y2, ORDER);
    s3.intoMemorySegment(y, y3, ORDER);
    s4.intoMemorySegment(y, yAt + yKey, ORDER);
    s5.intoMemorySegment(y, y1 + yKey, ORDER);
    s6.intoMemorySegment(y, y2 + yKey, ORDER);
    s7.intoMemorySegment(y, y3 + yKey, ORDER);
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
    DoubleVector s00 = DoubleVector.zero(F64);
    DoubleVector s01 = s00;
    DoubleVector s10 = s00;
    DoubleVector s11 = s00;
    DoubleVector s20 = s00;
    DoubleVector s21 = s00;
    DoubleVector s30 = s00;
    DoubleVector s31 = s00;
    long qe = qAt;
    for (int e = 0; e < d; e++) {
      long ke = e * SIZE;
      DoubleVector q0 = DoubleVector.fromMemorySegment(F64, q, qe, ORDER);
      DoubleVector q1 = DoubleVector.fromMemorySegment(F64, q, qe + W, ORDER);
      DoubleVector x0 = DoubleVector.broadcast(F64, k.get(DOUBLE, kAt + ke));
      s00 = x0.fma(q0, s00);
      s01 = x0.fma(q1, s01);
      DoubleVector x1 = DoubleVector.broadcast(F64, k.get(DOUBLE, k1 + ke));
      s10 = x1.fma(q0, s10);
      s11 = x1.fma(q1, s11);
      DoubleVector x2 = DoubleVector.broadcast(F64, k.get(DOUBLE, k2 + ke));
      s20 = x2.fma(q0, s20);
      s21 = x2.fma(q1, s21);
      DoubleVector x3 = DoubleVector.broadcast(F64, k.get(DOUBLE, k3 + ke));
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

  /// One key of each stream, one vector of queries.
  private static void single(
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
    DoubleVector s0 = DoubleVector.zero(F64);
    DoubleVector s1 = s0;
    DoubleVector s2 = s0;
    DoubleVector s3 = s0;
    long qe = qAt;
    for (int e = 0; e < d; e++) {
      long ke = e * SIZE;
      DoubleVector x = DoubleVector.fromMemorySegment(F64, q, qe, ORDER);
      s0 = DoubleVector.broadcast(F64, k.get(DOUBLE, kAt + ke)).fma(x, s0);
      s1 = DoubleVector.broadcast(F64, k.get(DOUBLE, k1 + ke)).fma(x, s1);
      s2 = DoubleVector.broadcast(F64, k.get(DOUBLE, k2 + ke)).fma(x, s2);
      s3 = DoubleVector.broadcast(F64, k.get(DOUBLE, k3 + ke)).fma(x, s3);
      qe += qRow;
    }
    s0.intoMemorySegment(y, yAt, ORDER);
    s1.intoMemorySegment(y, yAt + yApart, ORDER);
    s2.intoMemorySegment(y, yAt + 2 * yApart, ORDER);
    s3.intoMemorySegment(y, yAt + 3 * yApart, ORDER);
  }
}
