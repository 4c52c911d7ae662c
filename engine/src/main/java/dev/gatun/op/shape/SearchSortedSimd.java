package dev.gatun.op.shape;

import dev.gatun.cpu.simd.Lanes;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import java.lang.foreign.MemorySegment;

/// Fast form of [SearchSorted]: many binary searches in step. How far a step goes depends on the
/// number of elements only, so nothing branches on data, and the processor has many loads under way
/// at once; a search alone waits for each load, and for every second guess of a branch. Segments
/// have no gathers, hence no vectors. What was found so far lies in the result. Both sides make the
/// same comparisons: a branch on the side would have one compile for what the other one does.
final class SearchSortedSimd {
  private static final int BLOCK = 4096;

  /// Searches in step: their values and results stay in the first-level cache.
  private static final int TILE = 512;

  // Registers. Elements from number `NUMBERS` on are NaN.
  private static final int N = 0;
  private static final int VALUES = 1;
  private static final int RIGHT = 2;
  private static final int NUMBERS = 3;

  private static final Workers.Body BODY = SearchSortedSimd::search;

  private SearchSortedSimd() {}

  static void run(Call c, Workers w, boolean right) {
    long[] r = c.registers();
    r[N] = c.inShape(0).elems();
    r[VALUES] = c.inShape(1).elems();
    r[RIGHT] = right ? 1 : 0;
    r[NUMBERS] = c.dtype().computes() ? numbers(c) : r[N];
    w.run(BODY, c, 0, Math.toIntExact((r[VALUES] + BLOCK - 1) / BLOCK));
  }

  private static long numbers(Call c) {
    long low = 0;
    long high = c.inShape(0).elems();
    while (low < high) {
      long middle = (low + high) >>> 1;
      if (Double.isNaN(c.get(0, middle))) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low;
  }

  private static void search(Call c, long phase, int block, int worker) {
    long[] r = c.registers();
    long end = Math.min(r[VALUES], (block + 1L) * BLOCK);
    for (long to = (long) block * BLOCK; to < end; to += TILE) {
      int n = (int) Math.min(TILE, end - to);
      BytesSimd.fill(c.out(0), to * 8, n * 8L, 0);
      // The result is among `rest + 1` places from what was found on.
      for (long rest = r[N]; rest > 0; rest >>>= 1) {
        step(c, to, n, rest - 1 >>> 1, r[RIGHT] != 0);
      }
      if (c.dtype().computes()) {
        placeNaN(c, to, n);
      }
    }
  }

  /// Looks at the element `at` places beyond what was found.
  private static void step(Call c, long to, int n, long at, boolean right) {
    MemorySegment x = c.in(0);
    MemorySegment values = c.in(1);
    MemorySegment y = c.out(0);
    switch (c.dtype()) {
      case F32 -> floats(x, values, y, to, n, at, right);
      case F64 -> doubles(x, values, y, to, n, at, right);
      case I32 -> ints(x, values, y, to, n, at, right);
      case I64 -> longs(x, values, y, to, n, at, right);
      case I8 -> bytes(x, values, y, to, n, at, right, -1);
      case U8 -> bytes(x, values, y, to, n, at, right, 0xff);
      default -> throw new IllegalStateException("infer refuses " + c.dtype());
    }
  }

  /// NaN is greater than every number and equal to itself, but comparisons with it are false.
  private static void placeNaN(Call c, long to, int n) {
    long[] r = c.registers();
    long place = r[RIGHT] != 0 ? r[N] : r[NUMBERS];
    boolean f32 = c.dtype() == DType.F32;
    MemorySegment values = Lanes.offHeap(c.in(1));
    MemorySegment y = Lanes.offHeap(c.out(0));
    for (long i = to; i < to + n; i++) {
      double v = f32 ? values.get(Lanes.FLOAT, i * 4) : values.get(Lanes.DOUBLE, i * 8);
      if (Double.isNaN(v)) {
        y.set(BytesSimd.LONG, i * 8, place);
      }
    }
  }

  private static void floats(
      MemorySegment x,
      MemorySegment values,
      MemorySegment y,
      long to,
      int n,
      long at,
      boolean right) {
    x = Lanes.offHeap(x);
    values = Lanes.offHeap(values);
    y = Lanes.offHeap(y);
    for (int i = 0; i < n; i++) {
      long found = y.get(BytesSimd.LONG, (to + i) * 8);
      float a = x.get(Lanes.FLOAT, (found + at) * 4);
      float v = values.get(Lanes.FLOAT, (to + i) * 4);
      boolean before = right ? a <= v : a < v;
      y.set(BytesSimd.LONG, (to + i) * 8, before ? found + at + 1 : found);
    }
  }

  private static void doubles(
      MemorySegment x,
      MemorySegment values,
      MemorySegment y,
      long to,
      int n,
      long at,
      boolean right) {
    x = Lanes.offHeap(x);
    values = Lanes.offHeap(values);
    y = Lanes.offHeap(y);
    for (int i = 0; i < n; i++) {
      long found = y.get(BytesSimd.LONG, (to + i) * 8);
      double a = x.get(Lanes.DOUBLE, (found + at) * 8);
      double v = values.get(Lanes.DOUBLE, (to + i) * 8);
      boolean before = right ? a <= v : a < v;
      y.set(BytesSimd.LONG, (to + i) * 8, before ? found + at + 1 : found);
    }
  }

  private static void ints(
      MemorySegment x,
      MemorySegment values,
      MemorySegment y,
      long to,
      int n,
      long at,
      boolean right) {
    x = Lanes.offHeap(x);
    values = Lanes.offHeap(values);
    y = Lanes.offHeap(y);
    for (int i = 0; i < n; i++) {
      long found = y.get(BytesSimd.LONG, (to + i) * 8);
      int a = x.get(BytesSimd.INT, (found + at) * 4);
      int v = values.get(BytesSimd.INT, (to + i) * 4);
      boolean before = right ? a <= v : a < v;
      y.set(BytesSimd.LONG, (to + i) * 8, before ? found + at + 1 : found);
    }
  }

  private static void longs(
      MemorySegment x,
      MemorySegment values,
      MemorySegment y,
      long to,
      int n,
      long at,
      boolean right) {
    x = Lanes.offHeap(x);
    values = Lanes.offHeap(values);
    y = Lanes.offHeap(y);
    for (int i = 0; i < n; i++) {
      long found = y.get(BytesSimd.LONG, (to + i) * 8);
      long a = x.get(BytesSimd.LONG, (found + at) * 8);
      long v = values.get(BytesSimd.LONG, (to + i) * 8);
      boolean before = right ? a <= v : a < v;
      y.set(BytesSimd.LONG, (to + i) * 8, before ? found + at + 1 : found);
    }
  }

  /// @param mask makes an unsigned byte a number, or leaves a signed one
  private static void bytes(
      MemorySegment x,
      MemorySegment values,
      MemorySegment y,
      long to,
      int n,
      long at,
      boolean right,
      int mask) {
    x = Lanes.offHeap(x);
    values = Lanes.offHeap(values);
    y = Lanes.offHeap(y);
    for (int i = 0; i < n; i++) {
      long found = y.get(BytesSimd.LONG, (to + i) * 8);
      int a = x.get(BytesSimd.BYTE, found + at) & mask;
      int v = values.get(BytesSimd.BYTE, to + i) & mask;
      boolean before = right ? a <= v : a < v;
      y.set(BytesSimd.LONG, (to + i) * 8, before ? found + at + 1 : found);
    }
  }
}
