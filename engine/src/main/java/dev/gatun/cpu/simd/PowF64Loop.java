package dev.gatun.cpu.simd;

import java.lang.foreign.MemorySegment;

/// `x^y` of F64 numbers, one by one by the JDK's intrinsic, which interpreted and compiled code
/// share. In vectors of doubles `y log2 x` would need twice the digits of a lane.
public record PowF64Loop() implements Loop.Binary {
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
      row(x, 8 * (xAt + r * xStep), 8, y, 8 * (yAt + r * yStep), 8, z, 8 * (zAt + r * n), n);
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
      row(x, 8 * (xAt + r * xStep), 0, y, 8 * (yAt + r * yStep), 8, z, 8 * (zAt + r * n), n);
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
      row(x, 8 * (xAt + r * xStep), 8, y, 8 * (yAt + r * yStep), 0, z, 8 * (zAt + r * n), n);
    }
  }

  @Override
  public void runScalar(MemorySegment x, long xAt, double y, MemorySegment z, long zAt, int n) {
    x = Lanes.offHeap(x);
    z = Lanes.offHeap(z);
    for (int i = 0; i < n; i++) {
      z.set(Lanes.DOUBLE, 8 * (zAt + i), Math.pow(x.get(Lanes.DOUBLE, 8 * (xAt + i)), y));
    }
  }

  /// Strides in bytes.
  private static void row(
      MemorySegment x,
      long xo,
      long xStride,
      MemorySegment y,
      long yo,
      long yStride,
      MemorySegment z,
      long zo,
      int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    z = Lanes.offHeap(z);
    for (int i = 0; i < n; i++) {
      double base = x.get(Lanes.DOUBLE, xo + i * xStride);
      double exponent = y.get(Lanes.DOUBLE, yo + i * yStride);
      z.set(Lanes.DOUBLE, zo + i * 8L, Math.pow(base, exponent));
    }
  }
}
