package dev.gatun.cpu.simd;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.Vector;
import jdk.incubator.vector.VectorSpecies;

/// Template of [Loop.Ternary].
final class TernaryLoop implements Loop.Ternary {

  private static final Loop.Body BODY = Template.body(MethodHandles.lookup(), Loop.Body.class);
  private static final VectorSpecies<Float> S = BODY.species();
  private static final Functor.Ternary<Vector<Float>> F = functor();
  private static final int LANES = S.length();
  private static final long SIZE = S.elementSize() / 8;

  @SuppressWarnings("unchecked") // the factory pairs species and functor
  private static Functor.Ternary<Vector<Float>> functor() {
    return (Functor.Ternary<Vector<Float>>) BODY.functor();
  }

  @Override
  public void run(
      MemorySegment x,
      long xAt,
      MemorySegment y,
      long yAt,
      MemorySegment z,
      long zAt,
      MemorySegment w,
      long wAt,
      int n) {
    long xo = xAt * SIZE;
    long yo = yAt * SIZE;
    long zo = zAt * SIZE;
    long wo = wAt * SIZE;
    int full = S.loopBound(n);
    vectors(x, xo, y, yo, z, zo, w, wo, full);
    if (full < n) {
      boolean inPlace =
          Loop.overlaps(x, xo, w, wo, n * SIZE)
              || Loop.overlaps(y, yo, w, wo, n * SIZE)
              || Loop.overlaps(z, zo, w, wo, n * SIZE);
      if (full > 0 && !inPlace) {
        long last = (n - LANES) * SIZE;
        vectors(x, xo + last, y, yo + last, z, zo + last, w, wo + last, LANES);
      } else {
        long at = full * SIZE;
        elements(x, xo + at, y, yo + at, z, zo + at, w, wo + at, n - full);
      }
    }
  }

  private static void vectors(
      MemorySegment x,
      long xo,
      MemorySegment y,
      long yo,
      MemorySegment z,
      long zo,
      MemorySegment w,
      long wo,
      int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    z = Lanes.offHeap(z);
    w = Lanes.offHeap(w);
    for (int i = 0; i < n; i += LANES) {
      long at = i * SIZE;
      F.apply(
              S.fromMemorySegment(x, xo + at, Lanes.ORDER),
              S.fromMemorySegment(y, yo + at, Lanes.ORDER),
              S.fromMemorySegment(z, zo + at, Lanes.ORDER))
          .intoMemorySegment(w, wo + at, Lanes.ORDER);
    }
  }

  private static void elements(
      MemorySegment x,
      long xo,
      MemorySegment y,
      long yo,
      MemorySegment z,
      long zo,
      MemorySegment w,
      long wo,
      int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    z = Lanes.offHeap(z);
    w = Lanes.offHeap(w);
    for (int i = 0; i < n; i++) {
      long at = i * SIZE;
      Vector<?> v = F.apply(splat(get(x, xo + at)), splat(get(y, yo + at)), splat(get(z, zo + at)));
      if (SIZE == 4) {
        w.set(Lanes.FLOAT, wo + at, ((FloatVector) v).lane(0));
      } else {
        w.set(Lanes.DOUBLE, wo + at, ((DoubleVector) v).lane(0));
      }
    }
  }

  // Nothing of ours is called after the functor: a heavy one uses up what C2 is ready to inline,
  // and
  // a vector handed to a call that is not inlined is boxed.

  private static double get(MemorySegment x, long at) {
    return SIZE == 4 ? x.get(Lanes.FLOAT, at) : x.get(Lanes.DOUBLE, at);
  }

  @SuppressWarnings("unchecked") // the species of S
  private static Vector<Float> splat(double value) {
    Vector<?> v =
        SIZE == 4
            ? FloatVector.broadcast(Lanes.F32, (float) value)
            : DoubleVector.broadcast(Lanes.F64, value);
    return (Vector<Float>) v;
  }
}
