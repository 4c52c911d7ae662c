package dev.gatun.cpu.simd;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.Vector;
import jdk.incubator.vector.VectorSpecies;

/// Template of [Loop.Unary].
final class UnaryLoop implements Loop.Unary {

  private static final Loop.Body BODY = Loop.body(MethodHandles.lookup());
  private static final VectorSpecies<?> S = BODY.species();
  private static final Functor.Unary<Vector<?>> F = functor();
  private static final int LANES = S.length();
  private static final long SIZE = S.elementSize() / 8;

  @SuppressWarnings("unchecked") // the factory pairs species and functor
  private static Functor.Unary<Vector<?>> functor() {
    return (Functor.Unary<Vector<?>>) BODY.functor();
  }

  @Override
  public void run(MemorySegment x, long xAt, MemorySegment y, long yAt, int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    long xo = xAt * SIZE;
    long yo = yAt * SIZE;
    int full = S.loopBound(n);
    for (int i = 0; i < full; i += LANES) {
      F.apply(S.fromMemorySegment(x, xo + i * SIZE, Lanes.ORDER))
          .intoMemorySegment(y, yo + i * SIZE, Lanes.ORDER);
    }
    if (full < n) {
      tail(x, xo + full * SIZE, y, yo + full * SIZE, n - full);
    }
  }

  /// A method of its own: inlined here it would be a rare branch, where C2 boxes the vectors.
  private static void tail(MemorySegment x, long xo, MemorySegment y, long yo, int rest) {
    Loop.store(F.apply(Loop.load(S, x, xo, rest)), y, yo, rest);
  }
}
