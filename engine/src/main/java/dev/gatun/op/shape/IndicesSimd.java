package dev.gatun.op.shape;

import static jdk.incubator.vector.VectorOperators.OR;

import dev.gatun.cpu.simd.Lanes;
import dev.gatun.op.Call;
import dev.gatun.op.Op;
import dev.gatun.tensor.DType;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;

/// Vector form of [Indices], and access to one index of either type.
///
/// A number `v` lies in `[0, size)` just if neither `v` nor `size - 1 - v` has its sign bit set.
final class IndicesSimd {
  private static final int CHUNK = 1 << 20;

  private IndicesSimd() {}

  /// As [Indices#check].
  static void check(Op op, Call c, int i, long size) {
    long n = c.inShape(i).elems();
    boolean wide = c.inSpec(i).dtype() == DType.I64;
    boolean sound = true;
    for (long at = 0; at < n && sound; at += CHUNK) {
      int part = (int) Math.min(CHUNK, n - at);
      sound =
          wide
              ? longs(c.in(i), at * 8, part, size - 1) >= 0
              : ints(c.in(i), at * 4, part, (int) Math.min(size - 1, Integer.MAX_VALUE)) >= 0;
    }
    if (!sound) {
      Indices.check(op, c, i, size);
    }
  }

  /// Index number `i`, of I64 where `wide` and else of I32.
  static long get(MemorySegment indices, boolean wide, long i) {
    return wide ? indices.get(BytesSimd.LONG, i * 8) : indices.get(BytesSimd.INT, i * 4);
  }

  private static int ints(MemorySegment x, long xo, int n, int last) {
    x = Lanes.offHeap(x);
    IntVector signs = IntVector.zero(Lanes.I32);
    IntVector top = IntVector.broadcast(Lanes.I32, last);
    int full = Lanes.I32.loopBound(n);
    for (int i = 0; i < full; i += Lanes.I32.length()) {
      IntVector v = IntVector.fromMemorySegment(Lanes.I32, x, xo + i * 4L, Lanes.ORDER);
      signs = signs.or(v).or(top.sub(v));
    }
    int sign = signs.reduceLanes(OR);
    for (int i = full; i < n; i++) {
      int v = x.get(BytesSimd.INT, xo + i * 4L);
      sign |= v | last - v;
    }
    return sign;
  }

  private static long longs(MemorySegment x, long xo, int n, long last) {
    x = Lanes.offHeap(x);
    LongVector signs = LongVector.zero(Lanes.I64);
    LongVector top = LongVector.broadcast(Lanes.I64, last);
    int full = Lanes.I64.loopBound(n);
    for (int i = 0; i < full; i += Lanes.I64.length()) {
      LongVector v = LongVector.fromMemorySegment(Lanes.I64, x, xo + i * 8L, Lanes.ORDER);
      signs = signs.or(v).or(top.sub(v));
    }
    long sign = signs.reduceLanes(OR);
    for (int i = full; i < n; i++) {
      long v = x.get(BytesSimd.LONG, xo + i * 8L);
      sign |= v | last - v;
    }
    return sign;
  }
}
