package dev.gatun.cpu.simd;

import static dev.gatun.cpu.simd.Lanes.F32;
import static dev.gatun.cpu.simd.Lanes.FLOAT;
import static dev.gatun.cpu.simd.Lanes.ORDER;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;

/// Weighted sums of many F32 values for few queries, at the speed at which memory streams: `o[r] =
/// f[r] o[r] + sum p[r, j] v[j]`. Offsets and strides are in bytes.
///
/// Values come as four streams `vApart` apart, read in step. The weight of value `i` of stream `s`
/// and row `r` is at `pAt + s pApart + i pKey + 4 r`. A tile is one row and eight vectors, which
/// reads values once and in order, or four rows and two vectors; the values of a call then stay in
/// the first-level cache between tiles. The sum starts at zero, so that no FMA waits for `o`. Each
/// element is one chain of FMAs: the same bits in every tile.
public final class DecodeValuesF32 {
  private static final int L = F32.length();
  private static final int W = F32.vectorByteSize();
  private static final long SIZE = Float.BYTES;

  /// Only an aligned number is loaded and broadcast by one instruction; weights lie in scratch.
  private static final ValueLayout.OfFloat ALIGNED = ValueLayout.JAVA_FLOAT;

  private DecodeValuesF32() {}

  /// `count` values of each stream, `rows` rows `oRow` apart; `f[r]` is at `fAt + 4 r`.
  public static void add(
      MemorySegment p,
      long pAt,
      long pKey,
      long pApart,
      MemorySegment v,
      long vAt,
      long vRow,
      long vApart,
      int count,
      int rows,
      int dv,
      MemorySegment o,
      long oAt,
      long oRow,
      long fAt) {
    int full = dv - dv % L;
    int r = 0;
    for (; r + 4 <= rows; r += 4) {
      long pr = pAt + r * SIZE;
      long or = oAt + r * oRow;
      long fr = fAt + r * SIZE;
      int x = 0;
      for (; x + 2 * L <= full; x += 2 * L) {
        long at = x * SIZE;
        rows4(p, pr, pKey, pApart, v, vAt + at, vRow, vApart, count, o, or + at, oRow, fr);
      }
      if (x < full) {
        long at = x * SIZE;
        narrow4(p, pr, pKey, pApart, v, vAt + at, vRow, vApart, count, o, or + at, oRow, fr);
      }
    }
    for (; r < rows; r++) {
      long pr = pAt + r * SIZE;
      long or = oAt + r * oRow;
      long fr = fAt + r * SIZE;
      int x = 0;
      for (; x + 8 * L <= full; x += 8 * L) {
        long at = x * SIZE;
        wide(p, pr, pKey, pApart, v, vAt + at, vRow, vApart, count, o, or + at, fr);
      }
      for (; x < full; x += L) {
        long at = x * SIZE;
        narrow(p, pr, pKey, pApart, v, vAt + at, vRow, vApart, count, o, or + at, fr);
      }
    }
    for (r = 0; r < rows && full < dv; r++) {
      tail(
          p,
          pAt + r * SIZE,
          pKey,
          pApart,
          v,
          vAt,
          vRow,
          vApart,
          count,
          full,
          dv,
          o,
          oAt + r * oRow,
          fAt + r * SIZE);
    }
  }

  /// Four rows, two vectors.
  private static void rows4(
      MemorySegment p,
      long pAt,
      long pKey,
      long pApart,
      MemorySegment v,
      long vAt,
      long vRow,
      long vApart,
      int count,
      MemorySegment o,
      long oAt,
      long oRow,
      long fAt) {
    p = Lanes.offHeap(p);
    v = Lanes.offHeap(v);
    o = Lanes.offHeap(o);
    FloatVector s00 = FloatVector.zero(F32);
    FloatVector s01 = s00;
    FloatVector s10 = s00;
    FloatVector s11 = s00;
    FloatVector s20 = s00;
    FloatVector s21 = s00;
    FloatVector s30 = s00;
    FloatVector s31 = s00;
    long pi = pAt;
    long vi = vAt;
    long pBack = pKey - 3 * pApart;
    long vBack = vRow - 3 * vApart;
    for (int i = 0; i < 4 * count; i++) {
      FloatVector v0 = FloatVector.fromMemorySegment(F32, v, vi, ORDER);
      FloatVector v1 = FloatVector.fromMemorySegment(F32, v, vi + W, ORDER);
      FloatVector w0 = FloatVector.broadcast(F32, p.get(ALIGNED, pi));
      s00 = v0.fma(w0, s00);
      s01 = v1.fma(w0, s01);
      FloatVector w1 = FloatVector.broadcast(F32, p.get(ALIGNED, pi + SIZE));
      s10 = v0.fma(w1, s10);
      s11 = v1.fma(w1, s11);
      FloatVector w2 = FloatVector.broadcast(F32, p.get(ALIGNED, pi + 2 * SIZE));
      s20 = v0.fma(w2, s20);
      s21 = v1.fma(w2, s21);
      FloatVector w3 = FloatVector.broadcast(F32, p.get(ALIGNED, pi + 3 * SIZE));
      s30 = v0.fma(w3, s30);
      s31 = v1.fma(w3, s31);
      boolean next = (i & 3) == 3;
      pi += next ? pBack : pApart;
      vi += next ? vBack : vApart;
    }
    long at = oAt;
    FloatVector f0 = FloatVector.broadcast(F32, p.get(ALIGNED, fAt));
    FloatVector.fromMemorySegment(F32, o, at, ORDER).fma(f0, s00).intoMemorySegment(o, at, ORDER);
    FloatVector.fromMemorySegment(F32, o, at + W, ORDER)
        .fma(f0, s01)
        .intoMemorySegment(o, at + W, ORDER);
    at += oRow;
    FloatVector f1 = FloatVector.broadcast(F32, p.get(ALIGNED, fAt + SIZE));
    FloatVector.fromMemorySegment(F32, o, at, ORDER).fma(f1, s10).intoMemorySegment(o, at, ORDER);
    FloatVector.fromMemorySegment(F32, o, at + W, ORDER)
        .fma(f1, s11)
        .intoMemorySegment(o, at + W, ORDER);
    at += oRow;
    FloatVector f2 = FloatVector.broadcast(F32, p.get(ALIGNED, fAt + 2 * SIZE));
    FloatVector.fromMemorySegment(F32, o, at, ORDER).fma(f2, s20).intoMemorySegment(o, at, ORDER);
    FloatVector.fromMemorySegment(F32, o, at + W, ORDER)
        .fma(f2, s21)
        .intoMemorySegment(o, at + W, ORDER);
    at += oRow;
    FloatVector f3 = FloatVector.broadcast(F32, p.get(ALIGNED, fAt + 3 * SIZE));
    FloatVector.fromMemorySegment(F32, o, at, ORDER).fma(f3, s30).intoMemorySegment(o, at, ORDER);
    FloatVector.fromMemorySegment(F32, o, at + W, ORDER)
        .fma(f3, s31)
        .intoMemorySegment(o, at + W, ORDER);
  }

  /// Four rows, one vector.
  private static void narrow4(
      MemorySegment p,
      long pAt,
      long pKey,
      long pApart,
      MemorySegment v,
      long vAt,
      long vRow,
      long vApart,
      int count,
      MemorySegment o,
      long oAt,
      long oRow,
      long fAt) {
    p = Lanes.offHeap(p);
    v = Lanes.offHeap(v);
    o = Lanes.offHeap(o);
    FloatVector s00 = FloatVector.zero(F32);
    FloatVector s10 = s00;
    FloatVector s20 = s00;
    FloatVector s30 = s00;
    long pi = pAt;
    long vi = vAt;
    long pBack = pKey - 3 * pApart;
    long vBack = vRow - 3 * vApart;
    for (int i = 0; i < 4 * count; i++) {
      FloatVector v0 = FloatVector.fromMemorySegment(F32, v, vi, ORDER);
      FloatVector w0 = FloatVector.broadcast(F32, p.get(ALIGNED, pi));
      s00 = v0.fma(w0, s00);
      FloatVector w1 = FloatVector.broadcast(F32, p.get(ALIGNED, pi + SIZE));
      s10 = v0.fma(w1, s10);
      FloatVector w2 = FloatVector.broadcast(F32, p.get(ALIGNED, pi + 2 * SIZE));
      s20 = v0.fma(w2, s20);
      FloatVector w3 = FloatVector.broadcast(F32, p.get(ALIGNED, pi + 3 * SIZE));
      s30 = v0.fma(w3, s30);
      boolean next = (i & 3) == 3;
      pi += next ? pBack : pApart;
      vi += next ? vBack : vApart;
    }
    long at = oAt;
    FloatVector f0 = FloatVector.broadcast(F32, p.get(ALIGNED, fAt));
    FloatVector.fromMemorySegment(F32, o, at, ORDER).fma(f0, s00).intoMemorySegment(o, at, ORDER);
    at += oRow;
    FloatVector f1 = FloatVector.broadcast(F32, p.get(ALIGNED, fAt + SIZE));
    FloatVector.fromMemorySegment(F32, o, at, ORDER).fma(f1, s10).intoMemorySegment(o, at, ORDER);
    at += oRow;
    FloatVector f2 = FloatVector.broadcast(F32, p.get(ALIGNED, fAt + 2 * SIZE));
    FloatVector.fromMemorySegment(F32, o, at, ORDER).fma(f2, s20).intoMemorySegment(o, at, ORDER);
    at += oRow;
    FloatVector f3 = FloatVector.broadcast(F32, p.get(ALIGNED, fAt + 3 * SIZE));
    FloatVector.fromMemorySegment(F32, o, at, ORDER).fma(f3, s30).intoMemorySegment(o, at, ORDER);
  }

  /// One row, eight vectors.
  private static void wide(
      MemorySegment p,
      long pAt,
      long pKey,
      long pApart,
      MemorySegment v,
      long vAt,
      long vRow,
      long vApart,
      int count,
      MemorySegment o,
      long oAt,
      long fAt) {
    p = Lanes.offHeap(p);
    v = Lanes.offHeap(v);
    o = Lanes.offHeap(o);
    FloatVector s0 = FloatVector.zero(F32);
    FloatVector s1 = s0;
    FloatVector s2 = s0;
    FloatVector s3 = s0;
    FloatVector s4 = s0;
    FloatVector s5 = s0;
    FloatVector s6 = s0;
    FloatVector s7 = s0;
    long pi = pAt;
    long vi = vAt;
    long pBack = pKey - 3 * pApart;
    long vBack = vRow - 3 * vApart;
    for (int i = 0; i < 4 * count; i++) {
      FloatVector w = FloatVector.broadcast(F32, p.get(ALIGNED, pi));
      s0 = FloatVector.fromMemorySegment(F32, v, vi, ORDER).fma(w, s0);
      s1 = FloatVector.fromMemorySegment(F32, v, vi + W, ORDER).fma(w, s1);
      s2 = FloatVector.fromMemorySegment(F32, v, vi + 2 * W, ORDER).fma(w, s2);
      s3 = FloatVector.fromMemorySegment(F32, v, vi + 3 * W, ORDER).fma(w, s3);
      s4 = FloatVector.fromMemorySegment(F32, v, vi + 4 * W, ORDER).fma(w, s4);
      s5 = FloatVector.fromMemorySegment(F32, v, vi + 5 * W, ORDER).fma(w, s5);
      s6 = FloatVector.fromMemorySegment(F32, v, vi + 6 * W, ORDER).fma(w, s6);
      s7 = FloatVector.fromMemorySegment(F32, v, vi + 7 * W, ORDER).fma(w, s7);
      boolean next = (i & 3) == 3;
      pi += next ? pBack : pApart;
      vi += next ? vBack : vApart;
    }
    FloatVector f = FloatVector.broadcast(F32, p.get(ALIGNED, fAt));
    FloatVector.fromMemorySegment(F32, o, oAt, ORDER).fma(f, s0).intoMemorySegment(o, oAt, ORDER);
    FloatVector.fromMemorySegment(F32, o, oAt + W, ORDER)
        .fma(f, s1)
        .intoMemorySegment(o, oAt + W, ORDER);
    FloatVector.fromMemorySegment(F32, o, oAt + 2 * W, ORDER)
        .fma(f, s2)
        .intoMemorySegment(o, oAt + 2 * W, ORDER);
    FloatVector.fromMemorySegment(F32, o, oAt + 3 * W, ORDER)
        .fma(f, s3)
        .intoMemorySegment(o, oAt + 3 * W, ORDER);
    FloatVector.fromMemorySegment(F32, o, oAt + 4 * W, ORDER)
        .fma(f, s4)
        .intoMemorySegment(o, oAt + 4 * W, ORDER);
    FloatVector.fromMemorySegment(F32, o, oAt + 5 * W, ORDER)
        .fma(f, s5)
        .intoMemorySegment(o, oAt + 5 * W, ORDER);
    FloatVector.fromMemorySegment(F32, o, oAt + 6 * W, ORDER)
        .fma(f, s6)
        .intoMemorySegment(o, oAt + 6 * W, ORDER);
    FloatVector.fromMemorySegment(F32, o, oAt + 7 * W, ORDER)
        .fma(f, s7)
        .intoMemorySegment(o, oAt + 7 * W, ORDER);
  }

  /// One row, one vector.
  private static void narrow(
      MemorySegment p,
      long pAt,
      long pKey,
      long pApart,
      MemorySegment v,
      long vAt,
      long vRow,
      long vApart,
      int count,
      MemorySegment o,
      long oAt,
      long fAt) {
    p = Lanes.offHeap(p);
    v = Lanes.offHeap(v);
    o = Lanes.offHeap(o);
    FloatVector s0 = FloatVector.zero(F32);
    long pi = pAt;
    long vi = vAt;
    long pBack = pKey - 3 * pApart;
    long vBack = vRow - 3 * vApart;
    for (int i = 0; i < 4 * count; i++) {
      FloatVector w = FloatVector.broadcast(F32, p.get(ALIGNED, pi));
      s0 = FloatVector.fromMemorySegment(F32, v, vi, ORDER).fma(w, s0);
      boolean next = (i & 3) == 3;
      pi += next ? pBack : pApart;
      vi += next ? vBack : vApart;
    }
    FloatVector f = FloatVector.broadcast(F32, p.get(ALIGNED, fAt));
    FloatVector.fromMemorySegment(F32, o, oAt, ORDER).fma(f, s0).intoMemorySegment(o, oAt, ORDER);
  }

  /// Columns `full` to `dv` of one row, one by one.
  private static void tail(
      MemorySegment p,
      long pAt,
      long pKey,
      long pApart,
      MemorySegment v,
      long vAt,
      long vRow,
      long vApart,
      int count,
      int full,
      int dv,
      MemorySegment o,
      long oAt,
      long fAt) {
    p = Lanes.offHeap(p);
    v = Lanes.offHeap(v);
    o = Lanes.offHeap(o);
    float f = p.get(FLOAT, fAt);
    for (int x = full; x < dv; x++) {
      long at = x * SIZE;
      float s = 0;
      for (int i = 0; i < count; i++) {
        long pi = pAt + i * pKey;
        long vi = vAt + i * vRow + at;
        s = Math.fma(v.get(FLOAT, vi), p.get(FLOAT, pi), s);
        s = Math.fma(v.get(FLOAT, vi + vApart), p.get(FLOAT, pi + pApart), s);
        s = Math.fma(v.get(FLOAT, vi + 2 * vApart), p.get(FLOAT, pi + 2 * pApart), s);
        s = Math.fma(v.get(FLOAT, vi + 3 * vApart), p.get(FLOAT, pi + 3 * pApart), s);
      }
      o.set(FLOAT, oAt + at, Math.fma(o.get(FLOAT, oAt + at), f, s));
    }
  }
}
