package dev.gatun.cpu.simd;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/// A loop that leaves out what its function needs for rare F32 arguments only, such as infinities
/// and subnormal numbers: each run of elements is looked through first, at a cycle a vector, and
/// goes through the full loop if one of them is rare. Both loops must agree on all other arguments.
///
/// A test within the loop would cost as much as what it saves, and once taken, a vector that comes
/// from two branches is an object to C2.
///
/// @param mask the bits of an argument that count: all of them, or all but the sign
/// @param least the least of these bits, as a number, that is not rare
/// @param greatest the greatest
/// @param fast the loop for arguments that are not rare
/// @param full the loop for any
record RangedLoop(int mask, int least, int greatest, Loop.Unary fast, Loop.Unary full)
    implements Loop.Unary {
  private static final int RUN = 2048;
  private static final ValueLayout.OfInt I32 = ValueLayout.JAVA_INT_UNALIGNED;

  @Override
  public void run(MemorySegment x, long xAt, MemorySegment y, long yAt, int n) {
    for (int i = 0; i < n; i += RUN) {
      int m = Math.min(RUN, n - i);
      Loop.Unary loop = within(x, 4 * (xAt + i), m, mask, least, greatest) ? fast : full;
      loop.run(x, xAt + i, y, yAt + i, m);
    }
  }

  private static boolean within(
      MemorySegment x, long at, int n, int mask, int least, int greatest) {
    x = Lanes.offHeap(x);
    IntVector low = IntVector.broadcast(Lanes.I32, least);
    IntVector high = low;
    int full = Lanes.I32.loopBound(n);
    for (int i = 0; i < full; i += Lanes.I32.length()) {
      IntVector bits =
          IntVector.fromMemorySegment(Lanes.I32, x, at + (long) i * 4, Lanes.ORDER).and(mask);
      low = low.min(bits);
      high = high.max(bits);
    }
    int from = low.reduceLanes(VectorOperators.MIN);
    int to = high.reduceLanes(VectorOperators.MAX);
    for (int i = full; i < n; i++) {
      int bits = x.get(I32, at + (long) i * 4) & mask;
      from = Math.min(from, bits);
      to = Math.max(to, bits);
    }
    return from >= least && to <= greatest;
  }
}
