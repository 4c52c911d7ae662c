package dev.gatun.cpu.simd;

import static jdk.incubator.vector.VectorOperators.D2F;
import static jdk.incubator.vector.VectorOperators.F2D;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/// `x^y` of F32 numbers, computed in F64 ([PowLanes]). Elements left over at the end go through
/// vectors that hold one element in every lane.
public record PowLoop() implements Loop.Binary {
  private static final VectorSpecies<Float> HALF =
      VectorSpecies.of(float.class, VectorShape.forBitSize(Lanes.SHAPE.vectorBitSize() / 2));
  private static final int LANES = Lanes.F64.length();

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
      both(x, 4 * (xAt + r * xStep), y, 4 * (yAt + r * yStep), z, 4 * (zAt + r * n), n);
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
      double left = x.get(Lanes.FLOAT, 4 * (xAt + r * xStep));
      left(left, y, 4 * (yAt + r * yStep), z, 4 * (zAt + r * n), n);
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
      double right = y.get(Lanes.FLOAT, 4 * (yAt + r * yStep));
      right(x, 4 * (xAt + r * xStep), right, z, 4 * (zAt + r * n), n);
    }
  }

  @Override
  public void runScalar(MemorySegment x, long xAt, double y, MemorySegment z, long zAt, int n) {
    right(x, 4 * xAt, y, z, 4 * zAt, n);
  }

  private static void both(
      MemorySegment x, long xo, MemorySegment y, long yo, MemorySegment z, long zo, int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    z = Lanes.offHeap(z);
    int full = Lanes.F64.loopBound(n);
    for (int i = 0; i < full; i += LANES) {
      FloatVector u = FloatVector.fromMemorySegment(HALF, x, xo + i * 4L, Lanes.ORDER);
      FloatVector v = FloatVector.fromMemorySegment(HALF, y, yo + i * 4L, Lanes.ORDER);
      DoubleVector w =
          PowLanes.ofFloats(
              (DoubleVector) u.convertShape(F2D, Lanes.F64, 0),
              (DoubleVector) v.convertShape(F2D, Lanes.F64, 0));
      ((FloatVector) w.convertShape(D2F, HALF, 0)).intoMemorySegment(z, zo + i * 4L, Lanes.ORDER);
    }
    for (int i = full; i < n; i++) {
      DoubleVector u = DoubleVector.broadcast(Lanes.F64, x.get(Lanes.FLOAT, xo + i * 4L));
      DoubleVector v = DoubleVector.broadcast(Lanes.F64, y.get(Lanes.FLOAT, yo + i * 4L));
      z.set(Lanes.FLOAT, zo + i * 4L, (float) PowLanes.ofFloats(u, v).lane(0));
    }
  }

  private static void left(double left, MemorySegment y, long yo, MemorySegment z, long zo, int n) {
    y = Lanes.offHeap(y);
    z = Lanes.offHeap(z);
    DoubleVector u = DoubleVector.broadcast(Lanes.F64, left);
    int full = Lanes.F64.loopBound(n);
    for (int i = 0; i < full; i += LANES) {
      FloatVector v = FloatVector.fromMemorySegment(HALF, y, yo + i * 4L, Lanes.ORDER);
      DoubleVector w = PowLanes.ofFloats(u, (DoubleVector) v.convertShape(F2D, Lanes.F64, 0));
      ((FloatVector) w.convertShape(D2F, HALF, 0)).intoMemorySegment(z, zo + i * 4L, Lanes.ORDER);
    }
    for (int i = full; i < n; i++) {
      DoubleVector v = DoubleVector.broadcast(Lanes.F64, y.get(Lanes.FLOAT, yo + i * 4L));
      z.set(Lanes.FLOAT, zo + i * 4L, (float) PowLanes.ofFloats(u, v).lane(0));
    }
  }

  private static void right(
      MemorySegment x, long xo, double right, MemorySegment z, long zo, int n) {
    x = Lanes.offHeap(x);
    z = Lanes.offHeap(z);
    DoubleVector v = DoubleVector.broadcast(Lanes.F64, right);
    int full = Lanes.F64.loopBound(n);
    for (int i = 0; i < full; i += LANES) {
      FloatVector u = FloatVector.fromMemorySegment(HALF, x, xo + i * 4L, Lanes.ORDER);
      DoubleVector w = PowLanes.ofFloats((DoubleVector) u.convertShape(F2D, Lanes.F64, 0), v);
      ((FloatVector) w.convertShape(D2F, HALF, 0)).intoMemorySegment(z, zo + i * 4L, Lanes.ORDER);
    }
    for (int i = full; i < n; i++) {
      DoubleVector u = DoubleVector.broadcast(Lanes.F64, x.get(Lanes.FLOAT, xo + i * 4L));
      z.set(Lanes.FLOAT, zo + i * 4L, (float) PowLanes.ofFloats(u, v).lane(0));
    }
  }
}
