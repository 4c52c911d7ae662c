package dev.gatun.cpu.simd;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorOperators;

/// A loop that leaves out what its function needs for rare arguments only, such as infinities and
/// subnormal numbers: each run of elements is looked through first, at a cycle a vector, and goes
/// through the full loop if one of them is rare. Both loops must agree on all other arguments.
///
/// A test within the loop would cost as much as what it saves, and once taken, a vector that comes
/// from two branches is an object to C2.
///
/// @param mask the bits of an argument that count, of two F32 numbers side by side or of one F64
///   number, of which only the high half may count: vectors of longs have no minimum before AVX-512
/// @param least the least of these bits, as an int, that is not rare
/// @param greatest the greatest
/// @param ints ints in an argument, 1 or 2
/// @param fast the loop for arguments that are not rare
/// @param full the loop for any
record RangedLoop(long mask, int least, int greatest, int ints, Loop.Unary fast, Loop.Unary full)
    implements Loop.Unary {
  /// The magnitudes of two F32 numbers.
  static final long SIZES_F32 = 0x7fffffff7fffffffL;

  /// The high half of the magnitude of an F64 number.
  static final long SIZE_F64 = 0x7fffffff00000000L;

  private static final int RUN = 2048;
  private static final ValueLayout.OfInt I32 = ValueLayout.JAVA_INT_UNALIGNED;

  @Override
  public void run(MemorySegment x, long xAt, MemorySegment y, long yAt, int n) {
    for (int i = 0; i < n; i += RUN) {
      int m = Math.min(RUN, n - i);
      long at = 4 * ints * (xAt + i);
      Loop.Unary loop = within(x, at, m * ints, mask, least, greatest) ? fast : full;
      loop.run(x, xAt + i, y, yAt + i, m);
    }
  }

  /// Whether the bits that count of `n` ints, in every argument, lie between `least` and
  /// `greatest`.
  static boolean within(MemorySegment x, long at, int n, long mask, int least, int greatest) {
    x = Lanes.offHeap(x);
    IntVector counts = LongVector.broadcast(Lanes.I64, mask).reinterpretAsInts();
    IntVector low = IntVector.broadcast(Lanes.I32, least);
    IntVector high = low;
    int full = Lanes.I32.loopBound(n);
    for (int i = 0; i < full; i += Lanes.I32.length()) {
      IntVector bits =
          IntVector.fromMemorySegment(Lanes.I32, x, at + (long) i * 4, Lanes.ORDER).and(counts);
      low = low.min(bits);
      high = high.max(bits);
    }
    int from = low.reduceLanes(VectorOperators.MIN);
    int to = high.reduceLanes(VectorOperators.MAX);
    for (int i = full; i < n; i++) {
      int bits = x.get(I32, at + (long) i * 4) & (int) (mask >>> (32 * (i & 1)));
      from = Math.min(from, bits);
      to = Math.max(to, bits);
    }
    return from >= least && to <= greatest;
  }
}
