package dev.gatun.cpu.simd;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.Vector;
import jdk.incubator.vector.VectorSpecies;

/// Template of [Loop.Ternary].
final class TernaryLoop implements Loop.Ternary {

  private static final Loop.Body BODY = Loop.body(MethodHandles.lookup());
  private static final VectorSpecies<?> S = BODY.species();
  private static final Functor.Ternary<Vector<?>> F = functor();
  private static final int LANES = S.length();
  private static final long SIZE = S.elementSize() / 8;

  @SuppressWarnings("unchecked") // the factory pairs species and functor
  private static Functor.Ternary<Vector<?>> functor() {
    return (Functor.Ternary<Vector<?>>) BODY.functor();
  }

  @Override
  public void run(
      MemorySegment x, long xAt,
      MemorySegment y, long yAt,
      MemorySegment z, long zAt,
      MemorySegment w, long wAt, int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    z = Lanes.offHeap(z);
    w = Lanes.offHeap(w);
    long xo = xAt * SIZE;
    long yo = yAt * SIZE;
    long zo = zAt * SIZE;
    long wo = wAt * SIZE;
    int full = S.loopBound(n);
    for (int i = 0; i < full; i += LANES) {
      long at = i * SIZE;
      F.apply(
              S.fromMemorySegment(x, xo + at, Lanes.ORDER),
              S.fromMemorySegment(y, yo + at, Lanes.ORDER),
              S.fromMemorySegment(z, zo + at, Lanes.ORDER))
          .intoMemorySegment(w, wo + at, Lanes.ORDER);
    }
    if (full < n) {
      long at = full * SIZE;
      tail(x, xo + at, y, yo + at, z, zo + at, w, wo + at, n - full);
    }
  }

  private static void tail(
      MemorySegment x, long xo,
      MemorySegment y, long yo,
      MemorySegment z, long zo,
      MemorySegment w, long wo, int rest) {
    Vector<?> v = F.apply(Loop.load(S, x, xo, rest), Loop.load(S, y, yo, rest), Loop.load(S, z, zo, rest));
    Loop.store(v, w, wo, rest);
  }
}
