package dev.gatun.op.shape;

import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.Shape;
import java.lang.foreign.MemorySegment;

/// Vector form of [Moves]. Axes behind the last that moves make a unit of bytes, neighbours that
/// stay are merged, and each axis becomes a few runs in work memory. A row of the last moving axis
/// is then written run by run. Long rows are cut into pieces, long units into parts.
final class MovesSimd {
  /// The most runs of an axis.
  static final int RUNS = 3;

  private static final long BLOCK = 1 << 17;

  // Registers.
  private static final int AXES = 0;
  private static final int ROWS = 1;
  private static final int GROUP = 2;
  private static final int PIECE = 3;
  private static final int PIECES = 4;
  private static final int UNIT = 5;
  private static final int PART = 6;
  private static final int PARTS = 7;
  private static final int PATTERN = 8;

  // Work memory, in longs: one record an axis, the last moving one first. Then the constant.
  private static final int SIZE = 0;
  private static final int STRIDE = 1;
  private static final int COUNT = 2;
  private static final int FIRST = 3;
  private static final int END = 0;
  private static final int SOURCE = 1;
  private static final int STEP = 2;
  private static final int RECORD = FIRST + 3 * RUNS;

  private static final Workers.Body BODY = MovesSimd::block;

  private MovesSimd() {}

  static long scratch(int rank) {
    return 8L * (RECORD * (rank + 1) + 1);
  }

  static void run(Moves op, Call c, Workers w) {
    if (c.outShape(0).elems() > 0) {
      w.run(BODY, c, 0, plan(op, c));
    }
  }

  private static int plan(Moves op, Call c) {
    long[] r = c.registers();
    Shape x = c.inShape(0);
    Shape y = c.outShape(0);
    int bytes = c.dtype().bytes();
    c.dtype().write(c.scratch(), 0, op.constant());
    r[PATTERN] = BytesSimd.pattern(c.scratch(), 0, bytes);
    int a = y.rank() - 1;
    long unit = bytes;
    for (; a >= 0 && !op.moves(a); a--) {
      unit *= y.dim(a);
    }
    int n = 0;
    long stride = unit;
    if (a < 0) {
      stays(c.scratch(), n++, 1, stride);
    }
    while (a >= 0) {
      if (op.moves(a)) {
        moves(op, c.scratch(), n++, a, x.dim(a), y.dim(a), stride);
        stride *= x.dim(a--);
      } else {
        long size = 1;
        for (; a >= 0 && !op.moves(a); a--) {
          size *= y.dim(a);
        }
        stays(c.scratch(), n++, size, stride);
        stride *= size;
      }
    }
    r[AXES] = n;
    r[UNIT] = unit;
    return cut(r, get(c.scratch(), 0, SIZE), y.elems() * bytes);
  }

  private static int cut(long[] r, long size, long bytes) {
    long unit = r[UNIT];
    r[ROWS] = bytes / (size * unit);
    r[PART] = Math.min(unit, BLOCK);
    r[PARTS] = (unit + r[PART] - 1) / r[PART];
    r[PIECE] = Math.min(size, Math.max(1, BLOCK / unit));
    r[PIECES] = (size + r[PIECE] - 1) / r[PIECE];
    r[GROUP] = Math.max(1, BLOCK / (size * unit));
    long groups = (r[ROWS] + r[GROUP] - 1) / r[GROUP];
    return Math.toIntExact(groups * r[PIECES] * r[PARTS]);
  }

  private static void stays(MemorySegment s, int n, long size, long stride) {
    put(s, n, SIZE, size);
    put(s, n, STRIDE, stride);
    put(s, n, COUNT, 1);
    put(s, n, FIRST + END, size);
    put(s, n, FIRST + SOURCE, 0);
    put(s, n, FIRST + STEP, 1);
  }

  private static void moves(
      Moves op, MemorySegment s, int n, int axis, long dim, long size, long stride) {
    put(s, n, SIZE, size);
    put(s, n, STRIDE, stride);
    int k = 0;
    for (long i = 0; i < size; k++) {
      long end = op.end(axis, dim, i);
      long source = op.source(axis, dim, i);
      put(s, n, FIRST + 3 * k + END, end);
      put(s, n, FIRST + 3 * k + SOURCE, source);
      put(s, n, FIRST + 3 * k + STEP, end - i > 1 ? op.source(axis, dim, i + 1) - source : 1);
      i = end;
    }
    put(s, n, COUNT, k);
  }

  private static void put(MemorySegment s, int n, int field, long v) {
    s.set(BytesSimd.LONG, 8L * (n * RECORD + field), v);
  }

  private static long get(MemorySegment s, int n, int field) {
    return s.get(BytesSimd.LONG, 8L * (n * RECORD + field));
  }

  private static void block(Call c, long phase, int block, int worker) {
    long[] r = c.registers();
    long part = block % r[PARTS];
    long piece = block / r[PARTS] % r[PIECES];
    long first = block / r[PARTS] / r[PIECES] * r[GROUP];
    long end = Math.min(r[ROWS], first + r[GROUP]);
    for (long row = first; row < end; row++) {
      row(c, row, piece * r[PIECE], part * r[PART]);
    }
  }

  /// Byte of `x` at which the source of row `row` starts, or [Moves#NONE].
  private static long start(Call c, long row) {
    MemorySegment s = c.scratch();
    long from = 0;
    for (int a = 1, n = (int) c.registers()[AXES]; a < n; a++) {
      long size = get(s, a, SIZE);
      long i = row % size;
      row /= size;
      long begin = 0;
      int k = 0;
      for (; i >= get(s, a, FIRST + 3 * k + END); k++) {
        begin = get(s, a, FIRST + 3 * k + END);
      }
      long source = get(s, a, FIRST + 3 * k + SOURCE);
      if (source == Moves.NONE) {
        return Moves.NONE;
      }
      source += get(s, a, FIRST + 3 * k + STEP) * (i - begin);
      from += source * get(s, a, STRIDE);
    }
    return from;
  }

  /// Writes a piece of a row from element `i0` on, of each unit the part from byte `at` on. Where
  /// units have parts, a piece is one unit.
  private static void row(Call c, long row, long i0, long at) {
    long[] r = c.registers();
    MemorySegment s = c.scratch();
    long size = get(s, 0, SIZE);
    long i1 = Math.min(size, i0 + r[PIECE]);
    long unit = r[UNIT];
    long width = Math.min(r[PART], unit - at);
    long yo = row * size * unit + at;
    long from = start(c, row);
    if (from == Moves.NONE) {
      BytesSimd.fill(c.out(0), yo + i0 * unit, (i1 - i0) * width, r[PATTERN]);
      return;
    }
    long begin = 0;
    for (int k = 0, n = (int) get(s, 0, COUNT); k < n && begin < i1; k++) {
      long end = get(s, 0, FIRST + 3 * k + END);
      long low = Math.max(begin, i0);
      long high = Math.min(end, i1);
      if (low < high) {
        long source = get(s, 0, FIRST + 3 * k + SOURCE);
        long step = get(s, 0, FIRST + 3 * k + STEP);
        long first = source == Moves.NONE ? Moves.NONE : source + step * (low - begin);
        run(c, from + at, first, step, yo + low * unit, high - low, width);
      }
      begin = end;
    }
  }

  private static void run(Call c, long xo, long first, long step, long yo, long n, long width) {
    MemorySegment x = c.in(0);
    MemorySegment y = c.out(0);
    long unit = c.registers()[UNIT];
    if (first == Moves.NONE) {
      BytesSimd.fill(y, yo, n * width, c.registers()[PATTERN]);
    } else if (step > 0 || n == 1) {
      BytesSimd.copy(x, xo + first * unit, y, yo, n * width);
    } else if (step == 0) {
      BytesSimd.repeat(x, xo + first * unit, y, yo, width, n);
    } else {
      BytesSimd.reverse(x, xo + (first - n + 1) * unit, y, yo, width, n);
    }
  }
}
