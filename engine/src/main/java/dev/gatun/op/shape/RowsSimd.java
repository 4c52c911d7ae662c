package dev.gatun.op.shape;

import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import java.lang.foreign.MemorySegment;

/// Fast forms of [WriteRows] and [ReadRows]: rows whose places are neighbours move in one go.
final class RowsSimd {
  private static final long BLOCK = 1 << 17;

  // Registers: heads of a block of writes; bytes of a unit; units to a buffer of one head; places
  // of a sequence; of those, in a block of reads; heads.
  private static final int GROUP = 0;
  private static final int BYTES = 1;
  private static final int UNITS = 2;
  private static final int PLACES = 3;
  private static final int PIECE = 4;
  private static final int HEADS = 5;

  private static final Workers.Body WRITE = RowsSimd::writeBlock;
  private static final Workers.Body READ = RowsSimd::readBlock;

  private RowsSimd() {}

  /// A block is some heads of all sequences, so that where places repeat the last row stays.
  static void write(WriteRows op, Call c, Workers w) {
    Shape y = c.inShape(0);
    WriteRows.check(op, c, 2, y.dim(0) * y.dim(2));
    if (c.inShape(1).elems() == 0) {
      return;
    }
    long[] r = c.registers();
    r[HEADS] = y.dim(1);
    r[BYTES] = y.dim(3) * c.dtype().bytes();
    r[UNITS] = y.dim(2);
    r[PLACES] = c.inShape(1).dim(2);
    r[GROUP] = Math.clamp(BLOCK * y.dim(1) / c.inSpec(1).bytes(), 1, y.dim(1));
    w.run(WRITE, c, 0, Math.toIntExact((y.dim(1) + r[GROUP] - 1) / r[GROUP]));
  }

  /// Where rows from unit `s` on of head `h` start, in units.
  private static long start(long[] r, long s, long h) {
    return (s / r[UNITS] * r[HEADS] + h) * r[UNITS] + s % r[UNITS];
  }

  private static long place(Call c, int i, long at) {
    boolean wide = c.inSpec(i).dtype() == DType.I64;
    return IndicesSimd.get(c.in(i), wide, at);
  }

  /// How many of at most `n` places from element `at` of input `i` on go on from the first, in one
  /// buffer; those that are -1 count as such.
  private static long run(Call c, int i, long at, long first, long n) {
    long most = first < 0 ? n : Math.min(n, c.registers()[UNITS] - first % c.registers()[UNITS]);
    long step = first < 0 ? 0 : 1;
    long k = 1;
    while (k < most && place(c, i, at + k) == first + k * step) {
      k++;
    }
    return k;
  }

  private static void writeBlock(Call c, long phase, int block, int worker) {
    long[] r = c.registers();
    long n = r[PLACES];
    long batches = c.inShape(1).dim(0);
    long first = block * r[GROUP];
    long end = Math.min(r[HEADS], first + r[GROUP]);
    for (long b = 0; b < batches; b++) {
      for (long t = 0; t < n; ) {
        long s = place(c, 2, b * n + t);
        long count = run(c, 2, b * n + t, s, n - t);
        for (long h = first; s >= 0 && h < end; h++) {
          long from = (b * r[HEADS] + h) * n + t;
          long to = start(r, s, h);
          BytesSimd.copy(c.in(1), from * r[BYTES], c.in(0), to * r[BYTES], count * r[BYTES]);
        }
        t += count;
      }
    }
  }

  static void read(ReadRows op, Call c, Workers w) {
    Shape x = c.inShape(0);
    long[] r = c.registers();
    r[HEADS] = x.dim(1);
    r[UNITS] = x.dim(2) / op.unit();
    WriteRows.check(op, c, 1, x.dim(0) * r[UNITS]);
    if (c.outShape(0).elems() == 0) {
      return;
    }
    r[BYTES] = op.unit() * x.dim(3) * c.dtype().bytes();
    r[PLACES] = c.inShape(1).dim(1);
    r[PIECE] = Math.clamp(BLOCK / r[BYTES], 1, r[PLACES]);
    long pieces = (r[PLACES] + r[PIECE] - 1) / r[PIECE];
    w.run(READ, c, 0, Math.toIntExact(c.outShape(0).elems(0, 2) * pieces));
  }

  private static void readBlock(Call c, long phase, int block, int worker) {
    long[] r = c.registers();
    long m = r[PLACES];
    long pieces = (m + r[PIECE] - 1) / r[PIECE];
    long row = block / pieces;
    long b = row / r[HEADS];
    long h = row % r[HEADS];
    long from = block % pieces * r[PIECE];
    long end = Math.min(m, from + r[PIECE]);
    MemorySegment y = c.out(0);
    for (long i = from; i < end; ) {
      long s = place(c, 1, b * m + i);
      long count = run(c, 1, b * m + i, s, end - i);
      long to = (row * m + i) * r[BYTES];
      if (s < 0) {
        BytesSimd.fill(y, to, count * r[BYTES], 0);
      } else {
        BytesSimd.copy(c.in(0), start(r, s, h) * r[BYTES], y, to, count * r[BYTES]);
      }
      i += count;
    }
  }
}
