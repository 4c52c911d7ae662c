package dev.gatun.cpu.simd;

import static jdk.incubator.vector.VectorOperators.D2F;
import static jdk.incubator.vector.VectorOperators.F2D;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/// Vectors of doubles from and to memory of F32, as many as a register of doubles holds.
final class Widening {
  /// Floats in half a register: one to each lane of [Lanes#F64].
  static final VectorSpecies<Float> HALF =
      VectorSpecies.of(float.class, VectorShape.forBitSize(Lanes.SHAPE.vectorBitSize() / 2));

  private Widening() {}

  static DoubleVector load(MemorySegment x, long at) {
    return (DoubleVector)
        FloatVector.fromMemorySegment(HALF, x, at, Lanes.ORDER).convertShape(F2D, Lanes.F64, 0);
  }

  /// Rounds to nearest.
  static void store(DoubleVector v, MemorySegment y, long at) {
    ((FloatVector) v.convertShape(D2F, HALF, 0)).intoMemorySegment(y, at, Lanes.ORDER);
  }
}
