package dev.gatun.cpu.simd;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.util.function.DoubleBinaryOperator;

/// Template of [Scattering].
final class ScatterLoop implements Scattering {
  private static final Body BODY = Template.body(MethodHandles.lookup(), Body.class);
  private static final boolean F32 = BODY.f32();
  private static final DoubleBinaryOperator F = BODY.f();

  @Override
  public void run(
      MemorySegment source,
      long from,
      MemorySegment indices,
      boolean wide,
      long index,
      long unit,
      MemorySegment y,
      long to,
      long row,
      long shift,
      int n) {
    if (wide) {
      longs(source, from, indices, index, unit, y, to, row, shift, n);
    } else {
      ints(source, from, indices, index, unit, y, to, row, shift, n);
    }
  }

  private static void longs(
      MemorySegment source,
      long from,
      MemorySegment indices,
      long index,
      long unit,
      MemorySegment y,
      long to,
      long row,
      long shift,
      int n) {
    source = Lanes.offHeap(source);
    indices = Lanes.offHeap(indices);
    y = Lanes.offHeap(y);
    for (int i = 0; i < n; i++) {
      long k = indices.get(ValueLayout.JAVA_LONG_UNALIGNED, (index + i * unit) * Long.BYTES);
      long at = to + k * row + i * shift;
      put(y, at, F.applyAsDouble(get(y, at), get(source, from + i)));
    }
  }

  private static void ints(
      MemorySegment source,
      long from,
      MemorySegment indices,
      long index,
      long unit,
      MemorySegment y,
      long to,
      long row,
      long shift,
      int n) {
    source = Lanes.offHeap(source);
    indices = Lanes.offHeap(indices);
    y = Lanes.offHeap(y);
    for (int i = 0; i < n; i++) {
      long k = indices.get(ValueLayout.JAVA_INT_UNALIGNED, (index + i * unit) * Integer.BYTES);
      long at = to + k * row + i * shift;
      put(y, at, F.applyAsDouble(get(y, at), get(source, from + i)));
    }
  }

  private static double get(MemorySegment x, long i) {
    return F32 ? x.get(Lanes.FLOAT, i * Float.BYTES) : x.get(Lanes.DOUBLE, i * Double.BYTES);
  }

  private static void put(MemorySegment x, long i, double v) {
    if (F32) {
      x.set(Lanes.FLOAT, i * Float.BYTES, (float) v);
    } else {
      x.set(Lanes.DOUBLE, i * Double.BYTES, v);
    }
  }
}
