package dev.gatun.op.shape;

import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import java.lang.foreign.MemorySegment;

/// Fast forms of [OneHot] and [Diag]: rows of zeros with at most one other element.
final class PlaceSimd {
  private static final long BLOCK = 1 << 17;

  // Registers: elements of a row, rows, rows of a block; for a diagonal its start, its elements
  // and the rows of a matrix.
  private static final int N = 0;
  private static final int ROWS = 1;
  private static final int GROUP = 2;
  private static final int OFFSET = 3;
  private static final int SIZE = 4;
  private static final int MATRIX = 5;
  private static final int ONE = 6;

  private static final Workers.Body ONE_HOT = PlaceSimd::oneHot;
  private static final Workers.Body DIAG = PlaceSimd::diag;

  private PlaceSimd() {}

  static void oneHot(Call c, Workers w, long classes) {
    if (c.outShape(0).elems() > 0) {
      c.set(0, 0, 1);
      c.registers()[ONE] = BytesSimd.pattern(c.out(0), 0, c.outSpec(0).dtype().bytes());
      run(ONE_HOT, c, w, classes);
    }
  }

  static void diag(Call c, Workers w, long offset, long rows, long columns, long size) {
    long[] r = c.registers();
    r[OFFSET] = offset;
    r[SIZE] = size;
    r[MATRIX] = rows;
    if (c.outShape(0).elems() > 0) {
      run(DIAG, c, w, columns);
    }
  }

  private static void run(Workers.Body body, Call c, Workers w, long n) {
    long[] r = c.registers();
    r[N] = n;
    r[ROWS] = c.outShape(0).elems() / n;
    r[GROUP] = Math.max(1, BLOCK / (n * c.outSpec(0).dtype().bytes()));
    w.run(body, c, 0, Math.toIntExact((r[ROWS] + r[GROUP] - 1) / r[GROUP]));
  }

  /// Clears the rows of a block and returns the one after the last.
  private static long clear(Call c, long first) {
    long[] r = c.registers();
    long end = Math.min(r[ROWS], first + r[GROUP]);
    long row = r[N] * c.outSpec(0).dtype().bytes();
    BytesSimd.fill(c.out(0), first * row, (end - first) * row, 0);
    return end;
  }

  private static void oneHot(Call c, long phase, int block, int worker) {
    long[] r = c.registers();
    boolean wide = c.inSpec(0).dtype() == DType.I64;
    int bytes = c.outSpec(0).dtype().bytes();
    long first = block * r[GROUP];
    long end = clear(c, first);
    for (long row = first; row < end; row++) {
      long at = row * r[N] + IndicesSimd.get(c.in(0), wide, row);
      put(c.out(0), at, bytes, r[ONE]);
    }
  }

  private static void put(MemorySegment y, long at, int bytes, long v) {
    switch (bytes) {
      case 4 -> y.set(BytesSimd.INT, at * 4, (int) v);
      case 8 -> y.set(BytesSimd.LONG, at * 8, v);
      case 2 -> y.set(BytesSimd.SHORT, at * 2, (short) v);
      default -> y.set(BytesSimd.BYTE, at, (byte) v);
    }
  }

  private static void diag(Call c, long phase, int block, int worker) {
    long[] r = c.registers();
    int bytes = c.dtype().bytes();
    long first = block * r[GROUP];
    long end = clear(c, first);
    for (long row = first; row < end; row++) {
      long i = row % r[MATRIX] + Math.min(0, r[OFFSET]);
      if (i >= 0 && i < r[SIZE]) {
        long from = row / r[MATRIX] * r[SIZE] + i;
        long to = row * r[N] + i + Math.max(0, r[OFFSET]);
        BytesSimd.copy(c.in(0), from * bytes, c.out(0), to * bytes, bytes);
      }
    }
  }
}
