package dev.gatun.cpu.simd;

import static dev.gatun.cpu.simd.Lanes.F32;
import static dev.gatun.cpu.simd.Lanes.FLOAT;
import static dev.gatun.cpu.simd.Lanes.ORDER;

import java.lang.foreign.MemorySegment;
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
    long v1 = vAt + vApart;
    long v2 = v1 + vApart;
    long v3 = v2 + vApart;
    long p1 = pAt + pApart;
    long p2 = p1 + pApart;
    long p3 = p2 + pApart;
    long pi = 0;
    long vi = 0;
    for (int i = 0; i < count; i++) {
      FloatVector a0 = FloatVector.fromMemorySegment(F32, v, vAt + vi, ORDER);
      FloatVector a1 = FloatVector.fromMemorySegment(F32, v, vAt + vi + W, ORDER);
      long at0 = pAt + pi;
      FloatVector aw0 = FloatVector.broadcast(F32, p.get(FLOAT, at0));
      s00 = a0.fma(aw0, s00);
      s01 = a1.fma(aw0, s01);
      FloatVector aw1 = FloatVector.broadcast(F32, p.get(FLOAT, at0 + SIZE));
      s10 = a0.fma(aw1, s10);
      s11 = a1.fma(aw1, s11);
      FloatVector aw2 = FloatVector.broadcast(F32, p.get(FLOAT, at0 + 2 * SIZE));
      s20 = a0.fma(aw2, s20);
      s21 = a1.fma(aw2, s21);
      FloatVector aw3 = FloatVector.broadcast(F32, p.get(FLOAT, at0 + 3 * SIZE));
      s30 = a0.fma(aw3, s30);
      s31 = a1.fma(aw3, s31);
      FloatVector b0 = FloatVector.fromMemorySegment(F32, v, v1 + vi, ORDER);
      FloatVector b1 = FloatVector.fromMemorySegment(F32, v, v1 + vi + W, ORDER);
      long at1 = p1 + pi;
      FloatVector bw0 = FloatVector.broadcast(F32, p.get(FLOAT, at1));
      s00 = b0.fma(bw0, s00);
      s01 = b1.fma(bw0, s01);
      FloatVector bw1 = FloatVector.broadcast(F32, p.get(FLOAT, at1 + SIZE));
      s10 = b0.fma(bw1, s10);
      s11 = b1.fma(bw1, s11);
      FloatVector bw2 = FloatVector.broadcast(F32, p.get(FLOAT, at1 + 2 * SIZE));
      s20 = b0.fma(bw2, s20);
      s21 = b1.fma(bw2, s21);
      FloatVector bw3 = FloatVector.broadcast(F32, p.get(FLOAT, at1 + 3 * SIZE));
      s30 = b0.fma(bw3, s30);
      s31 = b1.fma(bw3, s31);
      FloatVector c0 = FloatVector.fromMemorySegment(F32, v, v2 + vi, ORDER);
      FloatVector c1 = FloatVector.fromMemorySegment(F32, v, v2 + vi + W, ORDER);
      long at2 = p2 + pi;
      FloatVector cw0 = FloatVector.broadcast(F32, p.get(FLOAT, at2));
      s00 = c0.fma(cw0, s00);
      s01 = c1.fma(cw0, s01);
      FloatVector cw1 = FloatVector.broadcast(F32, p.get(FLOAT, at2 + SIZE));
      s10 = c0.fma(cw1, s10);
      s11 = c1.fma(cw1, s11);
      FloatVector cw2 = FloatVector.broadcast(F32, p.get(FLOAT, at2 + 2 * SIZE));
      s20 = c0.fma(cw2, s20);
      s21 = c1.fma(cw2, s21);
      FloatVector cw3 = FloatVector.broadcast(F32, p.get(FLOAT, at2 + 3 * SIZE));
      s30 = c0.fma(cw3, s30);
      s31 = c1.fma(cw3, s31);
      FloatVector d0 = FloatVector.fromMemorySegment(F32, v, v3 + vi, ORDER);
      FloatVector d1 = FloatVector.fromMemorySegment(F32, v, v3 + vi + W, ORDER);
      long at3 = p3 + pi;
      FloatVector dw0 = FloatVector.broadcast(F32, p.get(FLOAT, at3));
      s00 = d0.fma(dw0, s00);
      s01 = d1.fma(dw0, s01);
      FloatVector dw1 = FloatVector.broadcast(F32, p.get(FLOAT, at3 + SIZE));
      s10 = d0.fma(dw1, s10);
      s11 = d1.fma(dw1, s11);
      FloatVector dw2 = FloatVector.broadcast(F32, p.get(FLOAT, at3 + 2 * SIZE));
      s20 = d0.fma(dw2, s20);
      s21 = d1.fma(dw2, s21);
      FloatVector dw3 = FloatVector.broadcast(F32, p.get(FLOAT, at3 + 3 * SIZE));
      s30 = d0.fma(dw3, s30);
      s31 = d1.fma(dw3, s31);
      pi += pKey;
      vi += vRow;
    }
    long at = oAt;
    FloatVector f0 = FloatVector.broadcast(F32, p.get(FLOAT, fAt));
    FloatVector.fromMemorySegment(F32, o, at, ORDER).fma(f0, s00).intoMemorySegment(o, at, ORDER);
    FloatVector.fromMemorySegment(F32, o, at + W, ORDER)
        .fma(f0, s01)
        .intoMemorySegment(o, at + W, ORDER);
    at += oRow;
    FloatVector f1 = FloatVector.broadcast(F32, p.get(FLOAT, fAt + SIZE));
    FloatVector.fromMemorySegment(F32, o, at, ORDER).fma(f1, s10).intoMemorySegment(o, at, ORDER);
    FloatVector.fromMemorySegment(F32, o, at + W, ORDER)
        .fma(f1, s11)
        .intoMemorySegment(o, at + W, ORDER);
    at += oRow;
    FloatVector f2 = FloatVector.broadcast(F32, p.get(FLOAT, fAt + 2 * SIZE));
    FloatVector.fromMemorySegment(F32, o, at, ORDER).fma(f2, s20).intoMemorySegment(o, at, ORDER);
    FloatVector.fromMemorySegment(F32, o, at + W, ORDER)
        .fma(f2, s21)
        .intoMemorySegment(o, at + W, ORDER);
    at += oRow;
    FloatVector f3 = FloatVector.broadcast(F32, p.get(FLOAT, fAt + 3 * SIZE));
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
    long v1 = vAt + vApart;
    long v2 = v1 + vApart;
    long v3 = v2 + vApart;
    long p1 = pAt + pApart;
    long p2 = p1 + pApart;
    long p3 = p2 + pApart;
    long pi = 0;
    long vi = 0;
    for (int i = 0; i < count; i++) {
      FloatVector a0 = FloatVector.fromMemorySegment(F32, v, vAt + vi, ORDER);
      long at0 = pAt + pi;
      FloatVector aw0 = FloatVector.broadcast(F32, p.get(FLOAT, at0));
      s00 = a0.fma(aw0, s00);
      FloatVector aw1 = FloatVector.broadcast(F32, p.get(FLOAT, at0 + SIZE));
      s10 = a0.fma(aw1, s10);
      FloatVector aw2 = FloatVector.broadcast(F32, p.get(FLOAT, at0 + 2 * SIZE));
      s20 = a0.fma(aw2, s20);
      FloatVector aw3 = FloatVector.broadcast(F32, p.get(FLOAT, at0 + 3 * SIZE));
      s30 = a0.fma(aw3, s30);
      FloatVector b0 = FloatVector.fromMemorySegment(F32, v, v1 + vi, ORDER);
      long at1 = p1 + pi;
      FloatVector bw0 = FloatVector.broadcast(F32, p.get(FLOAT, at1));
      s00 = b0.fma(bw0, s00);
      FloatVector bw1 = FloatVector.broadcast(F32, p.get(FLOAT, at1 + SIZE));
      s10 = b0.fma(bw1, s10);
      FloatVector bw2 = FloatVector.broadcast(F32, p.get(FLOAT, at1 + 2 * SIZE));
      s20 = b0.fma(bw2, s20);
      FloatVector bw3 = FloatVector.broadcast(F32, p.get(FLOAT, at1 + 3 * SIZE));
      s30 = b0.fma(bw3, s30);
      FloatVector c0 = FloatVector.fromMemorySegment(F32, v, v2 + vi, ORDER);
      long at2 = p2 + pi;
      FloatVector cw0 = FloatVector.broadcast(F32, p.get(FLOAT, at2));
      s00 = c0.fma(cw0, s00);
      FloatVector cw1 = FloatVector.broadcast(F32, p.get(FLOAT, at2 + SIZE));
      s10 = c0.fma(cw1, s10);
      FloatVector cw2 = FloatVector.broadcast(F32, p.get(FLOAT, at2 + 2 * SIZE));
      s20 = c0.fma(cw2, s20);
      FloatVector cw3 = FloatVector.broadcast(F32, p.get(FLOAT, at2 + 3 * SIZE));
      s30 = c0.fma(cw3, s30);
      FloatVector d0 = FloatVector.fromMemorySegment(F32, v, v3 + vi, ORDER);
      long at3 = p3 + pi;
      FloatVector dw0 = FloatVector.broadcast(F32, p.get(FLOAT, at3));
      s00 = d0.fma(dw0, s00);
      FloatVector dw1 = FloatVector.broadcast(F32, p.get(FLOAT, at3 + SIZE));
      s10 = d0.fma(dw1, s10);
      FloatVector dw2 = FloatVector.broadcast(F32, p.get(FLOAT, at3 + 2 * SIZE));
      s20 = d0.fma(dw2, s20);
      FloatVector dw3 = FloatVector.broadcast(F32, p.get(FLOAT, at3 + 3 * SIZE));
      s30 = d0.fma(dw3, s30);
      pi += pKey;
      vi += vRow;
    }
    long at = oAt;
    FloatVector f0 = FloatVector.broadcast(F32, p.get(FLOAT, fAt));
    FloatVector.fromMemorySegment(F32, o, at, ORDER).fma(f0, s00).intoMemorySegment(o, at, ORDER);
    at += oRow;
    FloatVector f1 = FloatVector.broadcast(F32, p.get(FLOAT, fAt + SIZE));
    FloatVector.fromMemorySegment(F32, o, at, ORDER).fma(f1, s10).intoMemorySegment(o, at, ORDER);
    at += oRow;
    FloatVector f2 = FloatVector.broadcast(F32, p.get(FLOAT, fAt + 2 * SIZE));
    FloatVector.fromMemorySegment(F32, o, at, ORDER).fma(f2, s20).intoMemorySegment(o, at, ORDER);
    at += oRow;
    FloatVector f3 = FloatVector.broadcast(F32, p.get(FLOAT, fAt + 3 * SIZE));
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
    long v1 = vAt + vApart;
    long v2 = v1 + vApart;
    long v3 = v2 + vApart;
    long p1 = pAt + pApart;
    long p2 = p1 + pApart;
    long p3 = p2 + pApart;
    long pi = 0;
    long vi = 0;
    for (int i = 0; i < count; i++) {
      FloatVector w0 = FloatVector.broadcast(F32, p.get(FLOAT, pAt + pi));
      long at0 = vAt + vi;
      s0 = FloatVector.fromMemorySegment(F32, v, at0, ORDER).fma(w0, s0);
      s1 = FloatVector.fromMemorySegment(F32, v, at0 + W, ORDER).fma(w0, s1);
      s2 = FloatVector.fromMemorySegment(F32, v, at0 + 2 * W, ORDER).fma(w0, s2);
      s3 = FloatVector.fromMemorySegment(F32, v, at0 + 3 * W, ORDER).fma(w0, s3);
      s4 = FloatVector.fromMemorySegment(F32, v, at0 + 4 * W, ORDER).fma(w0, s4);
      s5 = FloatVector.fromMemorySegment(F32, v, at0 + 5 * W, ORDER).fma(w0, s5);
      s6 = FloatVector.fromMemorySegment(F32, v, at0 + 6 * W, ORDER).fma(w0, s6);
      s7 = FloatVector.fromMemorySegment(F32, v, at0 + 7 * W, ORDER).fma(w0, s7);
      FloatVector w1 = FloatVector.broadcast(F32, p.get(FLOAT, p1 + pi));
      long at1 = v1 + vi;
      s0 = FloatVector.fromMemorySegment(F32, v, at1, ORDER).fma(w1, s0);
      s1 = FloatVector.fromMemorySegment(F32, v, at1 + W, ORDER).fma(w1, s1);
      s2 = FloatVector.fromMemorySegment(F32, v, at1 + 2 * W, ORDER).fma(w1, s2);
      s3 = FloatVector.fromMemorySegment(F32, v, at1 + 3 * W, ORDER).fma(w1, s3);
      s4 = FloatVector.fromMemorySegment(F32, v, at1 + 4 * W, ORDER).fma(w1, s4);
      s5 = FloatVector.fromMemorySegment(F32, v, at1 + 5 * W, ORDER).fma(w1, s5);
      s6 = FloatVector.fromMemorySegment(F32, v, at1 + 6 * W, ORDER).fma(w1, s6);
      s7 = FloatVector.fromMemorySegment(F32, v, at1 + 7 * W, ORDER).fma(w1, s7);
      FloatVector w2 = FloatVector.broadcast(F32, p.get(FLOAT, p2 + pi));
      long at2 = v2 + vi;
      s0 = FloatVector.fromMemorySegment(F32, v, at2, ORDER).fma(w2, s0);
      s1 = FloatVector.fromMemorySegment(F32, v, at2 + W, ORDER).fma(w2, s1);
      s2 = FloatVector.fromMemorySegment(F32, v, at2 + 2 * W, ORDER).fma(w2, s2);
      s3 = FloatVector.fromMemorySegment(F32, v, at2 + 3 * W, ORDER).fma(w2, s3);
      s4 = FloatVector.fromMemorySegment(F32, v, at2 + 4 * W, ORDER).fma(w2, s4);
      s5 = FloatVector.fromMemorySegment(F32, v, at2 + 5 * W, ORDER).fma(w2, s5);
      s6 = FloatVector.fromMemorySegment(F32, v, at2 + 6 * W, ORDER).fma(w2, s6);
      s7 = FloatVector.fromMemorySegment(F32, v, at2 + 7 * W, ORDER).fma(w2, s7);
      FloatVector w3 = FloatVector.broadcast(F32, p.get(FLOAT, p3 + pi));
      long at3 = v3 + vi;
      s0 = FloatVector.fromMemorySegment(F32, v, at3, ORDER).fma(w3, s0);
      s1 = FloatVector.fromMemorySegment(F32, v, at3 + W, ORDER).fma(w3, s1);
      s2 = FloatVector.fromMemorySegment(F32, v, at3 + 2 * W, ORDER).fma(w3, s2);
      s3 = FloatVector.fromMemorySegment(F32, v, at3 + 3 * W, ORDER).fma(w3, s3);
      s4 = FloatVector.fromMemorySegment(F32, v, at3 + 4 * W, ORDER).fma(w3, s4);
      s5 = FloatVector.fromMemorySegment(F32, v, at3 + 5 * W, ORDER).fma(w3, s5);
      s6 = FloatVector.fromMemorySegment(F32, v, at3 + 6 * W, ORDER).fma(w3, s6);
      s7 = FloatVector.fromMemorySegment(F32, v, at3 + 7 * W, ORDER).fma(w3, s7);
      pi += pKey;
      vi += vRow;
    }
    FloatVector f = FloatVector.broadcast(F32, p.get(FLOAT, fAt));
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
    long v1 = vAt + vApart;
    long v2 = v1 + vApart;
    long v3 = v2 + vApart;
    long p1 = pAt + pApart;
    long p2 = p1 + pApart;
    long p3 = p2 + pApart;
    long pi = 0;
    long vi = 0;
    for (int i = 0; i < count; i++) {
      FloatVector w0 = FloatVector.broadcast(F32, p.get(FLOAT, pAt + pi));
      long at0 = vAt + vi;
      s0 = FloatVector.fromMemorySegment(F32, v, at0, ORDER).fma(w0, s0);
      FloatVector w1 = FloatVector.broadcast(F32, p.get(FLOAT, p1 + pi));
      long at1 = v1 + vi;
      s0 = FloatVector.fromMemorySegment(F32, v, at1, ORDER).fma(w1, s0);
      FloatVector w2 = FloatVector.broadcast(F32, p.get(FLOAT, p2 + pi));
      long at2 = v2 + vi;
      s0 = FloatVector.fromMemorySegment(F32, v, at2, ORDER).fma(w2, s0);
      FloatVector w3 = FloatVector.broadcast(F32, p.get(FLOAT, p3 + pi));
      long at3 = v3 + vi;
      s0 = FloatVector.fromMemorySegment(F32, v, at3, ORDER).fma(w3, s0);
      pi += pKey;
      vi += vRow;
    }
    FloatVector f = FloatVector.broadcast(F32, p.get(FLOAT, fAt));
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
