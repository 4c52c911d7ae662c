package dev.gatun.op.reduce;

import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import dev.gatun.cpu.simd.Lanes;
import dev.gatun.cpu.simd.Scan;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import java.lang.foreign.MemorySegment;

/// Vector form of [CumMax]: maxima by scans; their places from `x` and the maxima, in plain loops
/// of a nanosecond an element.
final class CumMaxSimd {
  static final Workers.Body BODY = new RunningSimd(new Places());

  private static final Scan MAX =
      new Scan(false, false, (a, b) -> a.max(b), Double.NEGATIVE_INFINITY);

  private CumMaxSimd() {}

  private record Places() implements RunningSimd.Form {
    @Override
    public void row(Call c, long at, int n) {
      boolean isF32 = c.dtype() == DType.F32;
      MAX.row(isF32, c.in(0), at, c.out(0), at, n);
      if (isF32) {
        rowF32(c.in(0), c.out(0), c.out(1), at, n);
      } else {
        rowF64(c.in(0), c.out(0), c.out(1), at, n);
      }
    }

    @Override
    public void columns(Call c, long at, long inner, long n, int width, long spare) {
      boolean isF32 = c.dtype() == DType.F32;
      MAX.columns(isF32, c.in(0), c.out(0), at, inner, n, width, c.scratch(), spare);
      Lanes.clear(c.scratch(), spare * Long.BYTES, (long) width * Long.BYTES);
      for (long i = 0; i < n; i++) {
        long o = at + i * inner;
        if (isF32) {
          columnsF32(c.in(0), c.out(0), c.out(1), o, i, width, c.scratch(), spare);
        } else {
          columnsF64(c.in(0), c.out(0), c.out(1), o, i, width, c.scratch(), spare);
        }
      }
    }
  }

  private static void rowF32(
      MemorySegment x, MemorySegment y, MemorySegment places, long at, int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    places = Lanes.offHeap(places);
    long place = 0;
    for (int i = 0; i < n; i++) {
      float v = x.get(Lanes.FLOAT, (at + i) * 4);
      place = v == y.get(Lanes.FLOAT, (at + i) * 4) || Float.isNaN(v) ? i : place;
      places.set(JAVA_LONG_UNALIGNED, (at + i) * 8, place);
    }
  }

  private static void rowF64(
      MemorySegment x, MemorySegment y, MemorySegment places, long at, int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    places = Lanes.offHeap(places);
    long place = 0;
    for (int i = 0; i < n; i++) {
      double v = x.get(Lanes.DOUBLE, (at + i) * 8);
      place = v == y.get(Lanes.DOUBLE, (at + i) * 8) || Double.isNaN(v) ? i : place;
      places.set(JAVA_LONG_UNALIGNED, (at + i) * 8, place);
    }
  }

  private static void columnsF32(
      MemorySegment x,
      MemorySegment y,
      MemorySegment places,
      long at,
      long row,
      int n,
      MemorySegment last,
      long lastAt) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    places = Lanes.offHeap(places);
    last = Lanes.offHeap(last);
    for (int i = 0; i < n; i++) {
      float v = x.get(Lanes.FLOAT, (at + i) * 4);
      long place = last.get(JAVA_LONG_UNALIGNED, (lastAt + i) * 8);
      place = v == y.get(Lanes.FLOAT, (at + i) * 4) || Float.isNaN(v) ? row : place;
      last.set(JAVA_LONG_UNALIGNED, (lastAt + i) * 8, place);
      places.set(JAVA_LONG_UNALIGNED, (at + i) * 8, place);
    }
  }

  private static void columnsF64(
      MemorySegment x,
      MemorySegment y,
      MemorySegment places,
      long at,
      long row,
      int n,
      MemorySegment last,
      long lastAt) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    places = Lanes.offHeap(places);
    last = Lanes.offHeap(last);
    for (int i = 0; i < n; i++) {
      double v = x.get(Lanes.DOUBLE, (at + i) * 8);
      long place = last.get(JAVA_LONG_UNALIGNED, (lastAt + i) * 8);
      place = v == y.get(Lanes.DOUBLE, (at + i) * 8) || Double.isNaN(v) ? row : place;
      last.set(JAVA_LONG_UNALIGNED, (lastAt + i) * 8, place);
      places.set(JAVA_LONG_UNALIGNED, (at + i) * 8, place);
    }
  }
}
