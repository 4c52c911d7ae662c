package dev.gatun.cpu.simd;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.Vector;
import jdk.incubator.vector.VectorSpecies;

/// Template of [Loop.Binary].
final class BinaryLoop implements Loop.Binary {

  private static final Loop.Body BODY = Template.body(MethodHandles.lookup(), Loop.Body.class);
  private static final VectorSpecies<Float> S = BODY.species();
  private static final Functor.Binary<Vector<Float>> F = functor();
  private static final int LANES = S.length();
  private static final long SIZE = S.elementSize() / 8;

  @SuppressWarnings("unchecked") // the factory pairs species and functor
  private static Functor.Binary<Vector<Float>> functor() {
    return (Functor.Binary<Vector<Float>>) BODY.functor();
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
    for (long r = 0; r < rows; r++) {
      both(x, (xAt + r * xStep) * SIZE, y, (yAt + r * yStep) * SIZE, z, (zAt + r * n) * SIZE, n);
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
    for (long r = 0; r < rows; r++) {
      long left = Element.bits(x, (xAt + r * xStep) * SIZE, SIZE);
      left(left, y, (yAt + r * yStep) * SIZE, z, (zAt + r * n) * SIZE, n);
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
    for (long r = 0; r < rows; r++) {
      long right = Element.bits(y, (yAt + r * yStep) * SIZE, SIZE);
      right(x, (xAt + r * xStep) * SIZE, right, z, (zAt + r * n) * SIZE, n);
    }
  }

  @Override
  public void runScalar(MemorySegment x, long xAt, double y, MemorySegment z, long zAt, int n) {
    right(x, xAt * SIZE, Element.bits(S, y), z, zAt * SIZE, n);
  }

  private static void both(
      MemorySegment x, long xo, MemorySegment y, long yo, MemorySegment z, long zo, int n) {
    int full = S.loopBound(n);
    bothVectors(x, xo, y, yo, z, zo, full);
    if (full < n) {
      boolean inPlace =
          Loop.overlaps(x, xo, z, zo, n * SIZE) || Loop.overlaps(y, yo, z, zo, n * SIZE);
      if (full > 0 && !inPlace) {
        long last = (n - LANES) * SIZE;
        bothVectors(x, xo + last, y, yo + last, z, zo + last, LANES);
      } else {
        bothElements(x, xo, y, yo, z, zo, full, n);
      }
    }
  }

  private static void bothVectors(
      MemorySegment x, long xo, MemorySegment y, long yo, MemorySegment z, long zo, int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    z = Lanes.offHeap(z);
    for (int i = 0; i < n; i += LANES) {
      long at = i * SIZE;
      F.apply(
              S.fromMemorySegment(x, xo + at, Lanes.ORDER),
              S.fromMemorySegment(y, yo + at, Lanes.ORDER))
          .intoMemorySegment(z, zo + at, Lanes.ORDER);
    }
  }

  // Nothing of ours is called after the functor: a heavy one uses up what C2 is ready to inline,
  // and a vector handed to a call that is not inlined is boxed.
  private static void bothElements(
      MemorySegment x,
      long xo,
      MemorySegment y,
      long yo,
      MemorySegment z,
      long zo,
      int from,
      int to) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    z = Lanes.offHeap(z);
    for (int i = from; i < to; i++) {
      long at = i * SIZE;
      Vector<?> v =
          F.apply(splat(Element.bits(x, xo + at, SIZE)), splat(Element.bits(y, yo + at, SIZE)));
      if (SIZE == 4) {
        z.set(Element.INT, zo + at, v.reinterpretAsInts().lane(0));
      } else if (SIZE == 8) {
        z.set(Element.LONG, zo + at, v.reinterpretAsLongs().lane(0));
      } else {
        z.set(Element.BYTE, zo + at, v.reinterpretAsBytes().lane(0));
      }
    }
  }

  private static void left(long left, MemorySegment v, long vo, MemorySegment z, long zo, int n) {
    int full = S.loopBound(n);
    leftVectors(left, v, vo, z, zo, full);
    if (full < n) {
      if (full > 0 && !Loop.overlaps(v, vo, z, zo, n * SIZE)) {
        long last = (n - LANES) * SIZE;
        leftVectors(left, v, vo + last, z, zo + last, LANES);
      } else {
        leftElements(left, v, vo, z, zo, full, n);
      }
    }
  }

  private static void leftVectors(
      long left, MemorySegment v, long vo, MemorySegment z, long zo, int n) {
    v = Lanes.offHeap(v);
    z = Lanes.offHeap(z);
    for (int i = 0; i < n; i += LANES) {
      long at = i * SIZE;
      F.apply(splat(left), S.fromMemorySegment(v, vo + at, Lanes.ORDER))
          .intoMemorySegment(z, zo + at, Lanes.ORDER);
    }
  }

  private static void leftElements(
      long left, MemorySegment v, long vo, MemorySegment z, long zo, int from, int to) {
    v = Lanes.offHeap(v);
    z = Lanes.offHeap(z);
    for (int i = from; i < to; i++) {
      long at = i * SIZE;
      Vector<?> u = F.apply(splat(left), splat(Element.bits(v, vo + at, SIZE)));
      if (SIZE == 4) {
        z.set(Element.INT, zo + at, u.reinterpretAsInts().lane(0));
      } else if (SIZE == 8) {
        z.set(Element.LONG, zo + at, u.reinterpretAsLongs().lane(0));
      } else {
        z.set(Element.BYTE, zo + at, u.reinterpretAsBytes().lane(0));
      }
    }
  }

  private static void right(MemorySegment v, long vo, long right, MemorySegment z, long zo, int n) {
    int full = S.loopBound(n);
    rightVectors(v, vo, right, z, zo, full);
    if (full < n) {
      if (full > 0 && !Loop.overlaps(v, vo, z, zo, n * SIZE)) {
        long last = (n - LANES) * SIZE;
        rightVectors(v, vo + last, right, z, zo + last, LANES);
      } else {
        rightElements(v, vo, right, z, zo, full, n);
      }
    }
  }

  private static void rightVectors(
      MemorySegment v, long vo, long right, MemorySegment z, long zo, int n) {
    v = Lanes.offHeap(v);
    z = Lanes.offHeap(z);
    for (int i = 0; i < n; i += LANES) {
      long at = i * SIZE;
      F.apply(S.fromMemorySegment(v, vo + at, Lanes.ORDER), splat(right))
          .intoMemorySegment(z, zo + at, Lanes.ORDER);
    }
  }

  private static void rightElements(
      MemorySegment v, long vo, long right, MemorySegment z, long zo, int from, int to) {
    v = Lanes.offHeap(v);
    z = Lanes.offHeap(z);
    for (int i = from; i < to; i++) {
      long at = i * SIZE;
      Vector<?> u = F.apply(splat(Element.bits(v, vo + at, SIZE)), splat(right));
      if (SIZE == 4) {
        z.set(Element.INT, zo + at, u.reinterpretAsInts().lane(0));
      } else if (SIZE == 8) {
        z.set(Element.LONG, zo + at, u.reinterpretAsLongs().lane(0));
      } else {
        z.set(Element.BYTE, zo + at, u.reinterpretAsBytes().lane(0));
      }
    }
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
    } else if (type == long.class) {
      v = LongVector.broadcast(Lanes.I64, bits);
    } else {
      v = ByteVector.broadcast(Lanes.I8, (byte) bits);
    }
    return (Vector<Float>) v;
  }
}
