package dev.gatun.cpu.simd;

import static dev.gatun.cpu.simd.ReduceF32.load;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/// Arithmetic of complex numbers in planes of [#WIDTH] real and as many imaginary parts, all in one
/// segment, F32. Offsets are in elements, and a result may be an operand.
public final class ComplexPlanesF32 {
  /// Numbers of a plane.
  public static final int WIDTH = 256;

  private static final int LANES = Lanes.F32.length();
  private static final long SIZE = Float.BYTES;
  private static final long IM = WIDTH * SIZE;

  private ComplexPlanesF32() {}

  /// `y = a b`, or `y + sign a b` for a sign that is not 0.
  public static void multiply(MemorySegment s, long y, long a, long b, float sign) {
    s = Lanes.offHeap(s);
    for (int k = 0; k < WIDTH; k += LANES) {
      long to = (y + k) * SIZE;
      FloatVector ar = load(s, (a + k) * SIZE);
      FloatVector ai = load(s, (a + k) * SIZE + IM);
      FloatVector br = load(s, (b + k) * SIZE);
      FloatVector bi = load(s, (b + k) * SIZE + IM);
      FloatVector re = ar.mul(br).sub(ai.mul(bi));
      FloatVector im = ar.fma(bi, ai.mul(br));
      if (sign != 0) {
        re = load(s, to).add(re.mul(sign));
        im = load(s, to + IM).add(im.mul(sign));
      }
      re.intoMemorySegment(s, to, Lanes.ORDER);
      im.intoMemorySegment(s, to + IM, Lanes.ORDER);
    }
  }

  /// `y = 1 / a`.
  public static void reciprocal(MemorySegment s, long y, long a) {
    s = Lanes.offHeap(s);
    for (int k = 0; k < WIDTH; k += LANES) {
      long to = (y + k) * SIZE;
      FloatVector re = load(s, (a + k) * SIZE);
      FloatVector im = load(s, (a + k) * SIZE + IM);
      FloatVector inverse = FloatVector.broadcast(Lanes.F32, 1f).div(re.fma(re, im.mul(im)));
      re.mul(inverse).intoMemorySegment(s, to, Lanes.ORDER);
      im.mul(inverse).neg().intoMemorySegment(s, to + IM, Lanes.ORDER);
    }
  }

  /// Adds 0, or NaN where `a` is not finite, to both parts of `y`.
  public static void spoil(MemorySegment s, long y, long a) {
    s = Lanes.offHeap(s);
    for (int k = 0; k < WIDTH; k += LANES) {
      long to = (y + k) * SIZE;
      FloatVector zero = load(s, (a + k) * SIZE).mul(0f).add(load(s, (a + k) * SIZE + IM).mul(0f));
      load(s, to).add(zero).intoMemorySegment(s, to, Lanes.ORDER);
      load(s, to + IM).add(zero).intoMemorySegment(s, to + IM, Lanes.ORDER);
    }
  }

  /// Fills both parts of `y`.
  public static void fill(MemorySegment s, long y, float re, float im) {
    s = Lanes.offHeap(s);
    for (int k = 0; k < WIDTH; k += LANES) {
      long to = (y + k) * SIZE;
      FloatVector.broadcast(Lanes.F32, re).intoMemorySegment(s, to, Lanes.ORDER);
      FloatVector.broadcast(Lanes.F32, im).intoMemorySegment(s, to + IM, Lanes.ORDER);
    }
  }
}
