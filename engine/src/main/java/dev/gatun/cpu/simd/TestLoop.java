package dev.gatun.cpu.simd;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.nio.ByteOrder;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.Vector;
import jdk.incubator.vector.VectorSpecies;

/// Template of [Loop.Binary] for tests: the result is a byte an element, 1 or 0, and never shares
/// memory with an input.
///
/// A mask leaves the vector unit as one bit a lane, and eight bits become eight bytes by a
/// multiplication. Loops of one turn are written out: C2 takes them for loops while it moves checks
/// of bounds, and compiled code then gives up a dozen times before it stands. The Vector API stores
/// masks to heap arrays only, and has no vectors of fewer than eight bytes to narrow four lanes
/// into.
final class TestLoop implements Loop.Pairwise {

  private static final Loop.Body BODY = Template.body(MethodHandles.lookup(), Loop.Body.class);
  private static final VectorSpecies<Float> S = BODY.species();
  private static final Functor.Test<Vector<Float>> F = functor();
  private static final int LANES = S.length();
  private static final long SIZE = S.elementSize() / 8;

  /// Elements of one round: whole groups of eight.
  private static final int STEP = Math.max(8, LANES);

  private static final ValueLayout.OfLong EIGHT =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  @SuppressWarnings("unchecked") // the factory pairs species and functor
  private static Functor.Test<Vector<Float>> functor() {
    return (Functor.Test<Vector<Float>>) BODY.functor();
  }

  @Override
  public void run(
      MemorySegment x,
      long xAt,
      long xStep,
      MemorySegment y,
      long yAt,
      long yStep,
      MemorySegment z,
      long zAt,
      long rows,
      int n) {
    int full = n - n % STEP;
    for (long r = 0; r < rows; r++) {
      long xo = (xAt + r * xStep) * SIZE;
      long yo = (yAt + r * yStep) * SIZE;
      long zo = zAt + r * n;
      both(x, xo, y, yo, z, zo, full);
      if (full > 0 && full < n) {
        int last = n - STEP;
        both(x, xo + last * SIZE, y, yo + last * SIZE, z, zo + last, STEP);
      } else {
        elements(x, xo, SIZE, y, yo, SIZE, z, zo, n - full);
      }
    }
  }

  @Override
  public void runLeft(
      MemorySegment x,
      long xAt,
      long xStep,
      MemorySegment y,
      long yAt,
      long yStep,
      MemorySegment z,
      long zAt,
      long rows,
      int n) {
    int full = n - n % STEP;
    for (long r = 0; r < rows; r++) {
      long xo = (xAt + r * xStep) * SIZE;
      long yo = (yAt + r * yStep) * SIZE;
      long zo = zAt + r * n;
      long bits = Element.bits(x, xo, SIZE);
      left(bits, y, yo, z, zo, full);
      if (full > 0 && full < n) {
        int last = n - STEP;
        left(bits, y, yo + last * SIZE, z, zo + last, STEP);
      } else {
        elements(x, xo, 0, y, yo, SIZE, z, zo, n - full);
      }
    }
  }

  @Override
  public void runRight(
      MemorySegment x,
      long xAt,
      long xStep,
      MemorySegment y,
      long yAt,
      long yStep,
      MemorySegment z,
      long zAt,
      long rows,
      int n) {
    int full = n - n % STEP;
    for (long r = 0; r < rows; r++) {
      long xo = (xAt + r * xStep) * SIZE;
      long yo = (yAt + r * yStep) * SIZE;
      long zo = zAt + r * n;
      long bits = Element.bits(y, yo, SIZE);
      right(x, xo, bits, z, zo, full);
      if (full > 0 && full < n) {
        int last = n - STEP;
        right(x, xo + last * SIZE, bits, z, zo + last, STEP);
      } else {
        elements(x, xo, SIZE, y, yo, 0, z, zo, n - full);
      }
    }
  }

  private static Vector<Float> load(MemorySegment x, long at) {
    return S.fromMemorySegment(x, at, Lanes.ORDER);
  }

  private static void both(
      MemorySegment x, long xo, MemorySegment y, long yo, MemorySegment z, long zo, int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    z = Lanes.offHeap(z);
    for (int i = 0; i < n; i += STEP) {
      long at = i * SIZE;
      long bits = F.apply(load(x, xo + at), load(y, yo + at)).toLong();
      for (int k = 1; k < STEP / LANES; k++) {
        long part = at + k * LANES * SIZE;
        bits |= F.apply(load(x, xo + part), load(y, yo + part)).toLong() << k * LANES;
      }
      z.set(EIGHT, zo + i, bytes(bits));
      if (STEP > 8) {
        z.set(EIGHT, zo + i + 8, bytes(bits >>> 8));
      }
    }
  }

  private static void left(long left, MemorySegment y, long yo, MemorySegment z, long zo, int n) {
    y = Lanes.offHeap(y);
    z = Lanes.offHeap(z);
    for (int i = 0; i < n; i += STEP) {
      long at = yo + i * SIZE;
      long bits = F.apply(splat(left), load(y, at)).toLong();
      for (int k = 1; k < STEP / LANES; k++) {
        bits |= F.apply(splat(left), load(y, at + k * LANES * SIZE)).toLong() << k * LANES;
      }
      z.set(EIGHT, zo + i, bytes(bits));
      if (STEP > 8) {
        z.set(EIGHT, zo + i + 8, bytes(bits >>> 8));
      }
    }
  }

  private static void right(MemorySegment x, long xo, long right, MemorySegment z, long zo, int n) {
    x = Lanes.offHeap(x);
    z = Lanes.offHeap(z);
    for (int i = 0; i < n; i += STEP) {
      long at = xo + i * SIZE;
      long bits = F.apply(load(x, at), splat(right)).toLong();
      for (int k = 1; k < STEP / LANES; k++) {
        bits |= F.apply(load(x, at + k * LANES * SIZE), splat(right)).toLong() << k * LANES;
      }
      z.set(EIGHT, zo + i, bytes(bits));
      if (STEP > 8) {
        z.set(EIGHT, zo + i + 8, bytes(bits >>> 8));
      }
    }
  }

  /// Rows too short for a group of eight.
  private static void elements(
      MemorySegment x,
      long xo,
      long xStep,
      MemorySegment y,
      long yo,
      long yStep,
      MemorySegment z,
      long zo,
      int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    z = Lanes.offHeap(z);
    for (int i = 0; i < n; i++) {
      long bits =
          F.apply(
                  splat(Element.bits(x, xo + i * xStep, SIZE)),
                  splat(Element.bits(y, yo + i * yStep, SIZE)))
              .toLong();
      z.set(Element.BYTE, zo + i, (byte) (bits & 1));
    }
  }

  /// Bit `k` of the low eight as byte `k`, 1 or 0: a copy of all eight bits in each byte, of which
  /// it keeps its own and moves it down by a carry.
  private static long bytes(long bits) {
    long own = (bits & 0xff) * 0x0101010101010101L & 0x8040201008040201L;
    return own + 0x7f7f7f7f7f7f7f7fL >>> 7 & 0x0101010101010101L;
  }

  @SuppressWarnings("unchecked") // the species of S
  private static Vector<Float> splat(long bits) {
    Class<?> type = ((VectorSpecies<?>) S).elementType();
    Vector<?> v;
    if (type == float.class) {
      v = FloatVector.broadcast(Lanes.F32, Float.intBitsToFloat((int) bits));
    } else if (type == double.class) {
      v = DoubleVector.broadcast(Lanes.F64, Double.longBitsToDouble(bits));
    } else if (type == int.class) {
      v = IntVector.broadcast(Lanes.I32, (int) bits);
    } else {
      v = LongVector.broadcast(Lanes.I64, bits);
    }
    return (Vector<Float>) v;
  }
}
