package dev.gatun.cpu.simd;

import static jdk.incubator.vector.VectorOperators.NE;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/// Finds NaN in results that a fast loop left for a slow one.
public final class NanSearch {
  private NanSearch() {}

  /// The first element from `from` on, before `end`, that is NaN; `end` if there is none.
  public static long f32(MemorySegment x, long from, long end) {
    x = Lanes.offHeap(x);
    int n = (int) (end - from);
    int i = 0;
    for (int full = Lanes.F32.loopBound(n); i < full; i += Lanes.F32.length()) {
      FloatVector v = FloatVector.fromMemorySegment(Lanes.F32, x, from * 4 + i * 4L, Lanes.ORDER);
      if (v.compare(NE, v).anyTrue()) {
        break;
      }
    }
    while (i < n && !Float.isNaN(x.get(Lanes.FLOAT, from * 4 + i * 4L))) {
      i++;
    }
    return from + i;
  }

  /// [#f32] for F64.
  public static long f64(MemorySegment x, long from, long end) {
    x = Lanes.offHeap(x);
    int n = (int) (end - from);
    int i = 0;
    for (int full = Lanes.F64.loopBound(n); i < full; i += Lanes.F64.length()) {
      DoubleVector v = DoubleVector.fromMemorySegment(Lanes.F64, x, from * 8 + i * 8L, Lanes.ORDER);
      if (v.compare(NE, v).anyTrue()) {
        break;
      }
    }
    while (i < n && !Double.isNaN(x.get(Lanes.DOUBLE, from * 8 + i * 8L))) {
      i++;
    }
    return from + i;
  }
}
