package dev.gatun.op.shape;

import dev.gatun.cpu.simd.Lanes;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import java.lang.foreign.MemorySegment;

/// Fast forms of [Gather] and of the rows of [IndexSelect]. The Vector API has no gather from
/// memory outside the heap, so elements go one by one, in loops whose indices and results run on.
final class GatherSimd {
  private static final long BLOCK = 16_384;
  private static final long BYTES = 1 << 17;

  // Registers: the shapes seen as `x [outer, n, inner]`, `y [outer, m, inner]`; the length of a
  // loop; whether all of them share one row of indices.
  private static final int N = 0;
  private static final int M = 1;
  private static final int INNER = 2;
  private static final int RUN = 3;
  private static final int SHARED = 4;

  private static final Workers.Body ELEMENTS = GatherSimd::elements;
  private static final Workers.Body ROWS = GatherSimd::rows;

  private GatherSimd() {}

  static void gather(Call c, Workers w, int axis) {
    plan(c, axis);
    run(c, w, ELEMENTS, c.outShape(0).elems(), BLOCK);
  }

  /// Indices `[m]` for all of `x`: whole rows where the axis is not the last.
  static void select(Call c, Workers w, int axis) {
    plan(c, axis);
    c.registers()[SHARED] = 1;
    if (c.registers()[INNER] == 1) {
      run(c, w, ELEMENTS, c.outShape(0).elems(), BLOCK);
    } else {
      run(c, w, ROWS, c.outSpec(0).bytes(), BYTES);
    }
  }

  private static void plan(Call c, int axis) {
    long[] r = c.registers();
    Shape x = c.inShape(0);
    r[N] = x.dim(axis);
    r[M] = c.outShape(0).dim(axis);
    r[INNER] = x.elems(axis + 1, x.rank());
    r[RUN] = r[INNER] == 1 ? r[M] : r[INNER];
    r[SHARED] = 0;
  }

  private static void run(Call c, Workers w, Workers.Body body, long size, long block) {
    w.run(body, c, 0, Math.toIntExact((size + block - 1) / block));
  }

  private static void elements(Call c, long phase, int block, int worker) {
    long[] r = c.registers();
    int bytes = c.dtype().bytes();
    boolean wide = c.inSpec(1).dtype() == DType.I64;
    boolean last = r[INNER] == 1;
    long to = block * BLOCK;
    long end = Math.min(c.outShape(0).elems(), to + BLOCK);
    while (to < end) {
      long run = to / r[RUN];
      long at = to % r[RUN];
      int n = (int) Math.min(r[RUN] - at, end - to);
      long base = last ? run * r[N] : run / r[M] * r[N] * r[INNER] + at;
      long index = r[SHARED] == 1 ? at : to;
      long stride = r[INNER] * bytes;
      long step = last ? 0 : bytes;
      MemorySegment y = c.out(0);
      switch (bytes) {
        case 4 -> ints(c.in(0), base * 4, stride, step, c.in(1), index, wide, y, to * 4, n);
        case 8 -> longs(c.in(0), base * 8, stride, step, c.in(1), index, wide, y, to * 8, n);
        case 2 -> shorts(c.in(0), base * 2, stride, step, c.in(1), index, wide, y, to * 2, n);
        default -> bytes(c.in(0), base, stride, step, c.in(1), index, wide, y, to, n);
      }
      to += n;
    }
  }

  private static void ints(
      MemorySegment x,
      long xo,
      long stride,
      long step,
      MemorySegment indices,
      long index,
      boolean wide,
      MemorySegment y,
      long yo,
      int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    indices = Lanes.offHeap(indices);
    for (int i = 0; i < n; i++) {
      long at = xo + IndicesSimd.get(indices, wide, index + i) * stride + i * step;
      y.set(BytesSimd.INT, yo + i * 4L, x.get(BytesSimd.INT, at));
    }
  }

  private static void longs(
      MemorySegment x,
      long xo,
      long stride,
      long step,
      MemorySegment indices,
      long index,
      boolean wide,
      MemorySegment y,
      long yo,
      int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    indices = Lanes.offHeap(indices);
    for (int i = 0; i < n; i++) {
      long at = xo + IndicesSimd.get(indices, wide, index + i) * stride + i * step;
      y.set(BytesSimd.LONG, yo + i * 8L, x.get(BytesSimd.LONG, at));
    }
  }

  private static void shorts(
      MemorySegment x,
      long xo,
      long stride,
      long step,
      MemorySegment indices,
      long index,
      boolean wide,
      MemorySegment y,
      long yo,
      int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    indices = Lanes.offHeap(indices);
    for (int i = 0; i < n; i++) {
      long at = xo + IndicesSimd.get(indices, wide, index + i) * stride + i * step;
      y.set(BytesSimd.SHORT, yo + i * 2L, x.get(BytesSimd.SHORT, at));
    }
  }

  private static void bytes(
      MemorySegment x,
      long xo,
      long stride,
      long step,
      MemorySegment indices,
      long index,
      boolean wide,
      MemorySegment y,
      long yo,
      int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    indices = Lanes.offHeap(indices);
    for (int i = 0; i < n; i++) {
      long at = xo + IndicesSimd.get(indices, wide, index + i) * stride + i * step;
      y.set(BytesSimd.BYTE, yo + i, x.get(BytesSimd.BYTE, at));
    }
  }

  /// Copies what of the rows of the result falls into a block of bytes.
  private static void rows(Call c, long phase, int block, int worker) {
    long[] r = c.registers();
    boolean wide = c.inSpec(1).dtype() == DType.I64;
    long unit = r[INNER] * c.dtype().bytes();
    long to = block * BYTES;
    long end = Math.min(c.outSpec(0).bytes(), to + BYTES);
    while (to < end) {
      long row = to / unit;
      long at = to % unit;
      long n = Math.min(unit - at, end - to);
      long from = row / r[M] * r[N] + IndicesSimd.get(c.in(1), wide, row % r[M]);
      BytesSimd.copy(c.in(0), from * unit + at, c.out(0), to, n);
      to += n;
    }
  }
}
