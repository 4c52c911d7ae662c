package dev.gatun.op.shape;

import dev.gatun.cpu.simd.Lanes;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.Shape;
import java.lang.foreign.MemorySegment;

/// Fast form of [Concat]: the result is cut into blocks of bytes, wherever that falls, and each is
/// put together from the pieces of the inputs that belong there. Where a row of the result has a
/// few elements only, its columns are written one after the other instead.
final class ConcatSimd {
  private static final long BLOCK = 1 << 17;

  // Registers: bytes of a row of the result, and of the result.
  private static final int ROW = 0;
  private static final int ALL = 1;

  /// Bytes of a short row: one line of the cache.
  private static final long SHORT = 64;

  private static final Workers.Body BODY = ConcatSimd::block;
  private static final Workers.Body COLUMNS = ConcatSimd::columns;

  private ConcatSimd() {}

  static void run(Call c, Workers w, int axis) {
    Shape y = c.outShape(0);
    long outer = y.elems(0, axis);
    long all = c.outSpec(0).bytes();
    if (all == 0) {
      return;
    }
    for (int k = 0; k < c.inputs(); k++) {
      c.scratch().set(BytesSimd.LONG, 8L * k, c.inSpec(k).bytes() / outer);
    }
    c.registers()[ROW] = all / outer;
    c.registers()[ALL] = all;
    int blocks = Math.toIntExact((all + BLOCK - 1) / BLOCK);
    w.run(all / outer <= SHORT ? COLUMNS : BODY, c, 0, blocks);
  }

  private static long bytes(Call c, int k) {
    return c.scratch().get(BytesSimd.LONG, 8L * k);
  }

  private static void block(Call c, long phase, int block, int worker) {
    long to = block * BLOCK;
    long end = Math.min(c.registers()[ALL], to + BLOCK);
    long row = to / c.registers()[ROW];
    long at = to % c.registers()[ROW];
    int k = 0;
    for (; at >= bytes(c, k); k++) {
      at -= bytes(c, k);
    }
    while (to < end) {
      long piece = bytes(c, k);
      long n = Math.min(piece - at, end - to);
      BytesSimd.copy(c.in(k), row * piece + at, c.out(0), to, n);
      to += n;
      at = 0;
      k++;
      if (k == c.inputs()) {
        k = 0;
        row++;
      }
    }
  }

  /// Whole rows, about a block of them.
  private static void columns(Call c, long phase, int block, int worker) {
    long row = c.registers()[ROW];
    long rows = c.registers()[ALL] / row;
    long blocks = (c.registers()[ALL] + BLOCK - 1) / BLOCK;
    long first = rows * block / blocks;
    int n = (int) (rows * (block + 1) / blocks - first);
    int size = c.dtype().bytes();
    long to = first * row;
    for (int k = 0; k < c.inputs(); k++) {
      long unit = bytes(c, k);
      for (long e = 0; e < unit; e += size) {
        column(c.in(k), first * unit + e, unit, c.out(0), to, row, n, size);
        to += size;
      }
    }
  }

  private static void column(
      MemorySegment x, long xo, long xStep, MemorySegment y, long yo, long yStep, int n, int size) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    switch (size) {
      case 4 -> {
        for (int i = 0; i < n; i++) {
          y.set(BytesSimd.INT, yo + i * yStep, x.get(BytesSimd.INT, xo + i * xStep));
        }
      }
      case 8 -> {
        for (int i = 0; i < n; i++) {
          y.set(BytesSimd.LONG, yo + i * yStep, x.get(BytesSimd.LONG, xo + i * xStep));
        }
      }
      case 2 -> {
        for (int i = 0; i < n; i++) {
          y.set(BytesSimd.SHORT, yo + i * yStep, x.get(BytesSimd.SHORT, xo + i * xStep));
        }
      }
      default -> {
        for (int i = 0; i < n; i++) {
          y.set(BytesSimd.BYTE, yo + i * yStep, x.get(BytesSimd.BYTE, xo + i * xStep));
        }
      }
    }
  }
}
