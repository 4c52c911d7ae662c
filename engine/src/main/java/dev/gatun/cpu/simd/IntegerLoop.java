package dev.gatun.cpu.simd;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/// Template of [Integers]: four vectors along a row, four rows at a time along columns.
final class IntegerLoop implements Integers.Steps {
  private static final Integers.Body BODY =
      Template.body(MethodHandles.lookup(), Integers.Body.class);
  private static final VectorOperators.Associative OP = BODY.op();
  private static final long IDENTITY = BODY.identity();
  private static final boolean I32 = BODY.i32();
  private static final int LANES = Lanes.I64.length();
  private static final long SIZE = I32 ? Integer.BYTES : Long.BYTES;
  private static final VectorSpecies<Integer> HALF =
      VectorSpecies.of(int.class, VectorShape.forBitSize(Lanes.SHAPE.vectorBitSize() / 2));
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
  private static final VectorShuffle<Long> SWAP4 = swap(4);
  private static final VectorShuffle<Long> SWAP2 = swap(2);
  private static final VectorShuffle<Long> SWAP1 = swap(1);

  private static VectorShuffle<Long> swap(int distance) {
    return VectorShuffle.fromOp(Lanes.I64, i -> (i ^ distance) % LANES);
  }

  /// To the end in one method: a vector that goes to a method of ours or comes from it, once a row,
  /// is an object, because calls so rare are not inlined.
  @Override
  public void row(MemorySegment x, long xo, int n, int period, MemorySegment y, long yo) {
    y = Lanes.offHeap(y);
    x = Lanes.offHeap(x);
    LongVector a = LongVector.broadcast(Lanes.I64, IDENTITY);
    LongVector b = a;
    LongVector c = a;
    LongVector d = a;
    int i = 0;
    for (int full = n - 4 * LANES; i <= full; i += 4 * LANES) {
      long at = xo + i * SIZE;
      a = a.lanewise(OP, load(x, at));
      b = b.lanewise(OP, load(x, at + LANES * SIZE));
      c = c.lanewise(OP, load(x, at + 2 * LANES * SIZE));
      d = d.lanewise(OP, load(x, at + 3 * LANES * SIZE));
    }
    a = a.lanewise(OP, b).lanewise(OP, c.lanewise(OP, d));
    for (; i < n; i += LANES) {
      a = a.lanewise(OP, load(x, xo + i * SIZE));
    }
    switch (period) {
      case 1 -> {
        LongVector s = LANES > 4 ? a.lanewise(OP, a.rearrange(SWAP4)) : a;
        s = LANES > 2 ? s.lanewise(OP, s.rearrange(SWAP2)) : s;
        y.set(LONG, yo, s.lanewise(OP, s.rearrange(SWAP1)).lane(0));
      }
      case 2 -> {
        LongVector s = LANES > 4 ? a.lanewise(OP, a.rearrange(SWAP4)) : a;
        s = LANES > 2 ? s.lanewise(OP, s.rearrange(SWAP2)) : s;
        y.set(LONG, yo, s.lane(0));
        y.set(LONG, yo + 8, s.lane(1));
      }
      default -> {
        LongVector s = LANES > 4 ? a.lanewise(OP, a.rearrange(SWAP4)) : a;
        y.set(LONG, yo, s.lane(0));
        y.set(LONG, yo + 8, s.lane(1));
        y.set(LONG, yo + 16, s.lane(2));
        y.set(LONG, yo + 24, s.lane(3));
      }
    }
  }

  @Override
  public void columns(
      MemorySegment x, long xo, long step, long rows, int n, MemorySegment a, long ao) {
    long r = 0;
    for (; r + 4 <= rows; r += 4) {
      fourRows(x, xo + r * step, step, n, a, ao);
    }
    for (; r < rows; r++) {
      oneRow(x, xo + r * step, n, a, ao);
    }
  }

  private static void fourRows(
      MemorySegment x, long xo, long step, int n, MemorySegment a, long ao) {
    x = Lanes.offHeap(x);
    a = Lanes.offHeap(a);
    for (int i = 0; i < n; i += LANES) {
      long at = xo + i * SIZE;
      LongVector.fromMemorySegment(Lanes.I64, a, ao + i * 8L, Lanes.ORDER)
          .lanewise(OP, load(x, at))
          .lanewise(OP, load(x, at + step))
          .lanewise(OP, load(x, at + 2 * step))
          .lanewise(OP, load(x, at + 3 * step))
          .intoMemorySegment(a, ao + i * 8L, Lanes.ORDER);
    }
  }

  private static void oneRow(MemorySegment x, long xo, int n, MemorySegment a, long ao) {
    x = Lanes.offHeap(x);
    a = Lanes.offHeap(a);
    for (int i = 0; i < n; i += LANES) {
      LongVector.fromMemorySegment(Lanes.I64, a, ao + i * 8L, Lanes.ORDER)
          .lanewise(OP, load(x, xo + i * SIZE))
          .intoMemorySegment(a, ao + i * 8L, Lanes.ORDER);
    }
  }

  private static LongVector load(MemorySegment x, long at) {
    return I32
        ? (LongVector)
            IntVector.fromMemorySegment(HALF, x, at, Lanes.ORDER)
                .convertShape(VectorOperators.I2L, Lanes.I64, 0)
        : LongVector.fromMemorySegment(Lanes.I64, x, at, Lanes.ORDER);
  }
}
