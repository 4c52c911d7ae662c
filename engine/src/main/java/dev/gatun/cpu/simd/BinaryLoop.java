package dev.gatun.cpu.simd;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.Vector;
import jdk.incubator.vector.VectorSpecies;

/// Template of [Loop.Binary].
final class BinaryLoop implements Loop.Binary {

  private static final Loop.Body BODY = Loop.body(MethodHandles.lookup());
  private static final VectorSpecies<?> S = BODY.species();
  private static final Functor.Binary<Vector<?>> F = functor();
  private static final int LANES = S.length();
  private static final long SIZE = S.elementSize() / 8;

  @SuppressWarnings("unchecked") // the factory pairs species and functor
  private static Functor.Binary<Vector<?>> functor() {
    return (Functor.Binary<Vector<?>>) BODY.functor();
  }

  @Override
  public void run(
      MemorySegment x, long xAt, long xStep,
      MemorySegment y, long yAt, long yStep,
      MemorySegment z, long zAt, long rows, int n) {
    for (long r = 0; r < rows; r++) {
      both(
          x, (xAt + r * xStep) * SIZE, y, (yAt + r * yStep) * SIZE, z, (zAt + r * n) * SIZE, n);
    }
  }

  @Override
  public void runLeft(
      MemorySegment x, long xAt, long xStep,
      MemorySegment y, long yAt, long yStep,
      MemorySegment z, long zAt, long rows, int n) {
    for (long r = 0; r < rows; r++) {
      double left = Loop.get(S, x, (xAt + r * xStep) * SIZE);
      left(left, y, (yAt + r * yStep) * SIZE, z, (zAt + r * n) * SIZE, n);
    }
  }

  @Override
  public void runRight(
      MemorySegment x, long xAt, long xStep,
      MemorySegment y, long yAt, long yStep,
      MemorySegment z, long zAt, long rows, int n) {
    for (long r = 0; r < rows; r++) {
      double right = Loop.get(S, y, (yAt + r * yStep) * SIZE);
      right(x, (xAt + r * xStep) * SIZE, right, z, (zAt + r * n) * SIZE, n);
    }
  }

  @Override
  public void runScalar(MemorySegment x, long xAt, double y, MemorySegment z, long zAt, int n) {
    right(x, xAt * SIZE, y, z, zAt * SIZE, n);
  }

  private static void both(
      MemorySegment x, long xo, MemorySegment y, long yo, MemorySegment z, long zo, int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    z = Lanes.offHeap(z);
    int full = S.loopBound(n);
    for (int i = 0; i < full; i += LANES) {
      long at = i * SIZE;
      F.apply(
              S.fromMemorySegment(x, xo + at, Lanes.ORDER),
              S.fromMemorySegment(y, yo + at, Lanes.ORDER))
          .intoMemorySegment(z, zo + at, Lanes.ORDER);
    }
    if (full < n) {
      long at = full * SIZE;
      bothTail(x, xo + at, y, yo + at, z, zo + at, n - full);
    }
  }

  private static void left(
      double x, MemorySegment y, long yo, MemorySegment z, long zo, int n) {
    y = Lanes.offHeap(y);
    z = Lanes.offHeap(z);
    int full = S.loopBound(n);
    for (int i = 0; i < full; i += LANES) {
      long at = i * SIZE;
      F.apply(Loop.splat(S, x), S.fromMemorySegment(y, yo + at, Lanes.ORDER))
          .intoMemorySegment(z, zo + at, Lanes.ORDER);
    }
    if (full < n) {
      leftTail(x, y, yo + full * SIZE, z, zo + full * SIZE, n - full);
    }
  }

  private static void right(
      MemorySegment x, long xo, double y, MemorySegment z, long zo, int n) {
    x = Lanes.offHeap(x);
    z = Lanes.offHeap(z);
    int full = S.loopBound(n);
    for (int i = 0; i < full; i += LANES) {
      long at = i * SIZE;
      F.apply(S.fromMemorySegment(x, xo + at, Lanes.ORDER), Loop.splat(S, y))
          .intoMemorySegment(z, zo + at, Lanes.ORDER);
    }
    if (full < n) {
      rightTail(x, xo + full * SIZE, y, z, zo + full * SIZE, n - full);
    }
  }

  // Tails are methods of their own: inlined above they would be rare branches, where C2 boxes.

  private static void bothTail(
      MemorySegment x, long xo, MemorySegment y, long yo, MemorySegment z, long zo, int rest) {
    Loop.store(F.apply(Loop.load(S, x, xo, rest), Loop.load(S, y, yo, rest)), z, zo, rest);
  }

  private static void leftTail(
      double x, MemorySegment y, long yo, MemorySegment z, long zo, int rest) {
    Loop.store(F.apply(Loop.splat(S, x), Loop.load(S, y, yo, rest)), z, zo, rest);
  }

  private static void rightTail(
      MemorySegment x, long xo, double y, MemorySegment z, long zo, int rest) {
    Loop.store(F.apply(Loop.load(S, x, xo, rest), Loop.splat(S, y)), z, zo, rest);
  }
}
