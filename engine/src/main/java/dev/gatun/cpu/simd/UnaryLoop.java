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

/// Template of [Loop.Unary].
final class UnaryLoop implements Loop.Unary {

  private static final Loop.Body BODY = Template.body(MethodHandles.lookup(), Loop.Body.class);
  private static final VectorSpecies<Float> S = BODY.species();
  private static final Functor.Unary<Vector<Float>> F = functor();
  private static final int LANES = S.length();
  private static final long SIZE = S.elementSize() / 8;

  @SuppressWarnings("unchecked") // the factory pairs species and functor
  private static Functor.Unary<Vector<Float>> functor() {
    return (Functor.Unary<Vector<Float>>) BODY.functor();
  }

  @Override
  public void run(MemorySegment x, long xAt, MemorySegment y, long yAt, int n) {
    long xo = xAt * SIZE;
    long yo = yAt * SIZE;
    int full = S.loopBound(n);
    vectors(x, xo, y, yo, full);
    if (full < n) {
      if (full > 0 && !Loop.overlaps(x, xo, y, yo, n * SIZE)) {
        long last = (n - LANES) * SIZE;
        vectors(x, xo + last, y, yo + last, LANES);
      } else {
        elements(x, xo, y, yo, full, n);
      }
    }
  }

  private static void vectors(MemorySegment x, long xo, MemorySegment y, long yo, int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    for (int i = 0; i < n; i += LANES) {
      F.apply(S.fromMemorySegment(x, xo + i * SIZE, Lanes.ORDER))
          .intoMemorySegment(y, yo + i * SIZE, Lanes.ORDER);
    }
  }

  // Nothing of ours is called after the functor: a heavy one uses up what C2 is ready to inline,
  // and a vector handed to a call that is not inlined is boxed.
  private static void elements(
      MemorySegment x, long xo, MemorySegment y, long yo, int from, int to) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    for (int i = from; i < to; i++) {
      Vector<?> v = F.apply(splat(Element.bits(x, xo + i * SIZE, SIZE)));
      if (SIZE == 4) {
        y.set(Element.INT, yo + i * SIZE, v.reinterpretAsInts().lane(0));
      } else if (SIZE == 8) {
        y.set(Element.LONG, yo + i * SIZE, v.reinterpretAsLongs().lane(0));
      } else {
        y.set(Element.BYTE, yo + i * SIZE, v.reinterpretAsBytes().lane(0));
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
