package dev.gatun.cpu.simd;

import static dev.gatun.cpu.simd.ReduceF64.load;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;

/// Arithmetic of complex numbers in planes of [#WIDTH] real and as many imaginary parts, all in one
/// segment, F64. Offsets are in elements, and a result may be an operand.
public final class ComplexPlanesF64 {
  /// Numbers of a plane.
  public static final int WIDTH = 256;

  private static final int LANES = Lanes.F64.length();
  private static final long SIZE = Double.BYTES;
  private static final long IM = WIDTH * SIZE;

  private ComplexPlanesF64() {}

  /// `y = a b`, or `y + sign a b` for a sign that is not 0.
  public static void multiply(MemorySegment s, long y, long a, long b, double sign) {
    s = Lanes.offHeap(s);
    for (int k = 0; k < WIDTH; k += LANES) {
      long to = (y + k) * SIZE;
      DoubleVector ar = load(s, (a + k) * SIZE);
      DoubleVector ai = load(s, (a + k) * SIZE + IM);
      DoubleVector br = load(s, (b + k) * SIZE);
      DoubleVector bi = load(s, (b + k) * SIZE + IM);
      DoubleVector re = ar.mul(br).sub(ai.mul(bi));
      DoubleVector im = ar.fma(bi, ai.mul(br));
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
      DoubleVector re = load(s, (a + k) * SIZE);
      DoubleVector im = load(s, (a + k) * SIZE + IM);
      DoubleVector inverse = DoubleVector.broadcast(Lanes.F64, 1.0).div(re.fma(re, im.mul(im)));
      re.mul(inverse).intoMemorySegment(s, to, Lanes.ORDER);
      im.mul(inverse).neg().intoMemorySegment(s, to + IM, Lanes.ORDER);
    }
  }

  /// Adds 0, or NaN where `a` is not finite, to both parts of `y`.
  public static void spoil(MemorySegment s, long y, long a) {
    s = Lanes.offHeap(s);
    for (int k = 0; k < WIDTH; k += LANES) {
      long to = (y + k) * SIZE;
      DoubleVector zero = load(s, (a + k) * SIZE).mul(0).add(load(s, (a + k) * SIZE + IM).mul(0));
      load(s, to).add(zero).intoMemorySegment(s, to, Lanes.ORDER);
      load(s, to + IM).add(zero).intoMemorySegment(s, to + IM, Lanes.ORDER);
    }
  }

  /// Fills both parts of `y`.
  public static void fill(MemorySegment s, long y, double re, double im) {
    s = Lanes.offHeap(s);
    for (int k = 0; k < WIDTH; k += LANES) {
      long to = (y + k) * SIZE;
      DoubleVector.broadcast(Lanes.F64, re).intoMemorySegment(s, to, Lanes.ORDER);
      DoubleVector.broadcast(Lanes.F64, im).intoMemorySegment(s, to + IM, Lanes.ORDER);
    }
  }
}
