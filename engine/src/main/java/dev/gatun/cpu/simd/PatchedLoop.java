package dev.gatun.cpu.simd;

import java.lang.foreign.MemorySegment;
import java.util.function.DoubleUnaryOperator;

/// A loop whose vector function holds only up to a magnitude; beyond it, and for NaN, elements go
/// one by one through an exact function. For arguments that real data do not have, such as the sine
/// of a million.
///
/// @param limit the greatest magnitude that `fast` is for
/// @param size bytes in an element, 4 or 8
/// @param fast the loop for magnitudes up to `limit`
/// @param exact the function beyond; must not allocate
record PatchedLoop(double limit, int size, Loop.Unary fast, DoubleUnaryOperator exact)
    implements Loop.Unary {
  private static final int RUN = 2048;

  @Override
  public void run(MemorySegment x, long xAt, MemorySegment y, long yAt, int n) {
    for (int i = 0; i < n; i += RUN) {
      int m = Math.min(RUN, n - i);
      if (usual(x, xAt + i, m)) {
        fast.run(x, xAt + i, y, yAt + i, m);
      } else {
        patch(x, xAt + i, y, yAt + i, m);
      }
    }
  }

  /// Whether all magnitudes are surely within the limit.
  private boolean usual(MemorySegment x, long at, int n) {
    if (size == 4) {
      int greatest = Float.floatToRawIntBits((float) limit);
      return RangedLoop.within(x, 4 * at, n, RangedLoop.SIZES_F32, 0, greatest);
    }
    // Of equal high halves the low ones decide, which are not looked at.
    int greatest = (int) (Double.doubleToRawLongBits(limit) >>> 32) - 1;
    return RangedLoop.within(x, 8 * at, 2 * n, RangedLoop.SIZE_F64, 0, greatest);
  }

  private void patch(MemorySegment x, long xAt, MemorySegment y, long yAt, int n) {
    int done = 0;
    for (int i = 0; i < n; i++) {
      double v = size == 4 ? x.get(Lanes.FLOAT, 4 * (xAt + i)) : x.get(Lanes.DOUBLE, 8 * (xAt + i));
      if (!(Math.abs(v) <= limit)) {
        fast.run(x, xAt + done, y, yAt + done, i - done);
        if (size == 4) {
          y.set(Lanes.FLOAT, 4 * (yAt + i), (float) exact.applyAsDouble(v));
        } else {
          y.set(Lanes.DOUBLE, 8 * (yAt + i), exact.applyAsDouble(v));
        }
        done = i + 1;
      }
    }
    fast.run(x, xAt + done, y, yAt + done, n - done);
  }
}
