package dev.gatun.cpu.simd;

import static jdk.incubator.vector.VectorOperators.LT;
import static jdk.incubator.vector.VectorOperators.XOR;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/// One of two numbers for each unsigned word of 32 bits: whether it is below a threshold.
public final class Threshold {
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;

  /// As many ints as a register has doubles.
  private static final VectorSpecies<Integer> HALF =
      VectorSpecies.of(int.class, VectorShape.forBitSize(Lanes.SHAPE.vectorBitSize() / 2));

  private Threshold() {}

  /// `y[i] = w[i] < threshold ? below : above` in F32; words from byte offset `wo` on, elements
  /// from byte offset `yo` on.
  public static void f32(
      MemorySegment w,
      long wo,
      MemorySegment y,
      long yo,
      int n,
      long threshold,
      float below,
      float above) {
    w = Lanes.offHeap(w);
    y = Lanes.offHeap(y);
    int signed = (int) threshold ^ Integer.MIN_VALUE;
    boolean all = threshold > 0xffffffffL;
    FloatVector most = FloatVector.broadcast(Lanes.F32, all ? below : above);
    int lanes = Lanes.F32.length();
    int full = Lanes.F32.loopBound(n);
    for (int i = 0; i < full; i += lanes) {
      IntVector v = IntVector.fromMemorySegment(Lanes.I32, w, wo + (long) i * 4, Lanes.ORDER);
      VectorMask<Float> m = v.lanewise(XOR, Integer.MIN_VALUE).compare(LT, signed).cast(Lanes.F32);
      most.blend(below, m).intoMemorySegment(y, yo + (long) i * 4, Lanes.ORDER);
    }
    for (int i = full; i < n; i++) {
      boolean less = all || (w.get(INT, wo + (long) i * 4) ^ Integer.MIN_VALUE) < signed;
      y.set(Lanes.FLOAT, yo + (long) i * 4, less ? below : above);
    }
  }

  /// The same in F64.
  public static void f64(
      MemorySegment w,
      long wo,
      MemorySegment y,
      long yo,
      int n,
      long threshold,
      double below,
      double above) {
    w = Lanes.offHeap(w);
    y = Lanes.offHeap(y);
    int signed = (int) threshold ^ Integer.MIN_VALUE;
    boolean all = threshold > 0xffffffffL;
    DoubleVector most = DoubleVector.broadcast(Lanes.F64, all ? below : above);
    int lanes = Lanes.F64.length();
    int full = Lanes.F64.loopBound(n);
    for (int i = 0; i < full; i += lanes) {
      IntVector v = IntVector.fromMemorySegment(HALF, w, wo + (long) i * 4, Lanes.ORDER);
      VectorMask<Double> m = v.lanewise(XOR, Integer.MIN_VALUE).compare(LT, signed).cast(Lanes.F64);
      most.blend(below, m).intoMemorySegment(y, yo + (long) i * 8, Lanes.ORDER);
    }
    for (int i = full; i < n; i++) {
      boolean less = all || (w.get(INT, wo + (long) i * 4) ^ Integer.MIN_VALUE) < signed;
      y.set(Lanes.DOUBLE, yo + (long) i * 8, less ? below : above);
    }
  }
}
