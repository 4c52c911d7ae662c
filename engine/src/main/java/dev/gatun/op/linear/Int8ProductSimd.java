package dev.gatun.op.linear;

import dev.gatun.cpu.simd.Affine;
import dev.gatun.cpu.simd.Int8Panels;
import dev.gatun.cpu.simd.Lanes;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.op.shape.DynamicQuantize;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Vector form of [MatMulInteger] and [QuantizedLinear].
///
/// A block of the result takes its rows of `a` as floats, packs panels of `b` as floats, and runs
/// the tiles of the F32 product over both, six rows at a time; each strip of sums is corrected for
/// zero points, scaled and stored while it is in L1. With `a'` and `b'` the signed bytes and their
/// zero points `p` and `q`, `sum (a' - p) (b' - q) = sum a' b' - p sum b' - q sum (a' - p)`.
final class Int8ProductSimd {
  // Registers below those of MatMulSimd's batch.
  private static final int M = 0;
  private static final int N = 1;
  private static final int K = 2;
  private static final int MB = 3;
  private static final int WIDTH = 4;
  private static final int WORKERS_AT = 5;
  private static final int A_FLIP = 6;
  private static final int B_FLIP = 7;

  /// The input that holds zero points, or none: 0; and how many there are.
  private static final int B_ZERO = 8;

  private static final int A_ZEROS = 9;
  private static final int B_ZEROS = 10;

  // Of a linear layer, in work memory: scales and zero points of rows, ranges of pieces.
  private static final int SCALES_AT = 11;
  private static final int ZEROS_AT = 12;
  private static final int RANGES_AT = 13;
  private static final int MATRICES = 14;

  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
  private static final long A_BYTES = 2 << 20;
  private static final long PANEL_BYTES = 256 << 10;
  private static final int MB_MAX = 384;
  private static final long PIECE = 16_384;

  private static final Workers.Body INTEGERS =
      (c, phase, block, worker) -> block(c, c.in(0), block, worker);
  private static final Workers.Body SCALED =
      (c, phase, block, worker) -> block(c, c.scratch(), block, worker);
  private static final Workers.Body RANGE = (c, phase, block, worker) -> range(c, block);
  private static final Workers.Body CODES = (c, phase, block, worker) -> codes(c, block);
  private static final Workers.Body ROW_CODES = (c, phase, block, worker) -> rowCodes(c, block);

  private Int8ProductSimd() {}

  static void integers(MatMulInteger op, Call c, Workers w) {
    long[] r = c.registers();
    plan(r, c.inShape(0), c.inShape(1));
    r[WORKERS_AT] = 0;
    r[A_FLIP] = flip(c.dtype());
    r[B_FLIP] = flip(c.inSpec(1).dtype());
    r[A_ZEROS] = op.aZero() ? c.inShape(2).elems() : 0;
    r[B_ZERO] = op.bZero() ? c.inputs() - 1 : 0;
    r[B_ZEROS] = op.bZero() ? c.inShape(c.inputs() - 1).elems() : 0;
    r[MATRICES] = MatMulSimd.batch(MatMulInteger.PLAIN, c, r);
    w.run(INTEGERS, c, 0, blocks(r));
  }

  static void linear(QuantizedLinear op, Call c, Workers w) {
    long[] r = c.registers();
    plan(r, c.inShape(0), c.inShape(1));
    layout(op, r);
    r[A_FLIP] = 0;
    r[B_FLIP] = flip(c.inSpec(1).dtype());
    r[A_ZEROS] = op.rows() ? r[M] : 1;
    r[B_ZERO] = op.zero() ? 3 : 0;
    r[B_ZEROS] = op.zero() ? c.inShape(3).elems() : 0;
    r[MATRICES] = 1;
    if (r[M] * r[N] == 0) {
      return;
    }
    if (op.rows()) {
      w.run(ROW_CODES, c, 0, Math.toIntExact(ceil(r[M], rowsEach(r))));
    } else {
      int pieces = Math.toIntExact(ceil(r[M] * r[K], PIECE));
      w.run(RANGE, c, 0, pieces);
      float low = 0;
      float high = 0;
      for (int i = 0; i < pieces; i++) {
        low = Math.min(low, c.scratch().get(Lanes.FLOAT, r[RANGES_AT] + i * 8L));
        high = Math.max(high, c.scratch().get(Lanes.FLOAT, r[RANGES_AT] + i * 8L + 4));
      }
      parameters(c, 0, low, high);
      w.run(CODES, c, 0, pieces);
    }
    w.run(SCALED, c, 0, blocks(r));
  }

  private static int flip(DType t) {
    return t == DType.U8 ? 0x80 : 0;
  }

  private static long ceil(long a, long b) {
    return (a + b - 1) / b;
  }

  private static long aligned(long bytes) {
    return bytes + 63 & -64;
  }

  /// Sizes of blocks: rows as floats within 2 MiB, a panel of the longest run within 256 KiB.
  private static void plan(long[] r, Shape a, Shape b) {
    long k = b.dim(-2);
    long n = b.dim(-1);
    boolean folds = b.elems(0, b.rank() - 2) == 1;
    long m = folds ? a.elems(0, a.rank() - 1) : a.dim(-2);
    r[M] = m;
    r[N] = n;
    r[K] = k;
    long most = Math.clamp(A_BYTES / (4 * Math.max(1, k)), 6, MB_MAX);
    long parts = Math.max(1, ceil(m, most));
    r[MB] = Math.max(1, Math.min(m, ceil(ceil(m, parts), 6) * 6));
    long columns = Int8Panels.COLUMNS;
    long wide = PANEL_BYTES / (4 * Math.clamp(k, 64, Int8Panels.DEPTH)) / columns * columns;
    long across = Math.max(1, ceil(n, wide));
    r[WIDTH] = ceil(Math.max(1, ceil(n, across)), columns) * columns;
    r[MatMulSimd.PER_MATRIX] = ceil(m, r[MB]) * ceil(n, r[WIDTH]);
  }

  private static int blocks(long[] r) {
    return Math.toIntExact(r[MatMulSimd.PER_MATRIX] * r[MATRICES]);
  }

  static long scratch(Shape a, Shape b, int workers) {
    long[] r = new long[32];
    plan(r, a, b);
    return worker(r) * workers;
  }

  static long linearScratch(QuantizedLinear op, Shape x, Shape w, int workers) {
    long[] r = new long[32];
    plan(r, x, w);
    layout(op, r);
    return r[WORKERS_AT] + worker(r) * workers;
  }

  /// Codes, then scales and zero points, then ranges, then what each worker has of its own.
  private static void layout(QuantizedLinear op, long[] r) {
    long scales = op.rows() ? r[M] : 1;
    r[SCALES_AT] = aligned(r[M] * r[K]);
    r[ZEROS_AT] = r[SCALES_AT] + aligned(4 * scales);
    r[RANGES_AT] = r[ZEROS_AT] + aligned(scales);
    long ranges = op.rows() ? r[M] : ceil(r[M] * r[K], PIECE);
    r[WORKERS_AT] = r[RANGES_AT] + aligned(8 * ranges);
  }

  // What a worker has: a row of zeros; sums, zero points, scales and biases of columns; a strip;
  // sums that nobody reads; sums of rows; panels; rows; ints where k takes several runs.

  private static long line(long[] r) {
    return aligned(4 * r[WIDTH]);
  }

  private static long sums(long[] r) {
    return line(r);
  }

  private static long strip(long[] r) {
    return sums(r) + 4 * line(r);
  }

  private static long spare(long[] r) {
    return strip(r) + 6 * line(r);
  }

  private static long rowSums(long[] r) {
    return spare(r) + line(r);
  }

  private static long panels(long[] r) {
    return rowSums(r) + aligned(4 * r[MB]);
  }

  private static long rows(long[] r) {
    return panels(r) + Math.min(r[K], Int8Panels.DEPTH) * line(r);
  }

  /// Of a length that keeps six rows from meeting in one set of L1.
  private static long row(long[] r) {
    return (ceil(r[K], 16) * 16 + 16) * 4;
  }

  private static long ints(long[] r) {
    return rows(r) + aligned(r[MB] * row(r));
  }

  private static long worker(long[] r) {
    return ints(r) + (r[K] > Int8Panels.DEPTH ? r[MB] * line(r) : 0);
  }

  private static void parameters(Call c, long row, float low, float high) {
    long[] r = c.registers();
    float scale = DynamicQuantize.scale(low, high);
    c.scratch().set(Lanes.FLOAT, r[SCALES_AT] + row * 4, scale);
    byte zero = (byte) (DynamicQuantize.zero(low, scale) - 128);
    c.scratch().set(ValueLayout.JAVA_BYTE, r[ZEROS_AT] + row, zero);
  }

  private static void range(Call c, int block) {
    long[] r = c.registers();
    long from = block * PIECE;
    int n = (int) Math.min(PIECE, r[M] * r[K] - from);
    Affine.range(c.in(0), from * 4, n, c.scratch(), r[RANGES_AT] + block * 8L);
  }

  private static void codes(Call c, int block) {
    long[] r = c.registers();
    long from = block * PIECE;
    code(c, 0, from, (int) Math.min(PIECE, r[M] * r[K] - from));
  }

  private static void code(Call c, long row, long from, int n) {
    long[] r = c.registers();
    MemorySegment s = c.scratch();
    float scale = s.get(Lanes.FLOAT, r[SCALES_AT] + row * 4);
    int zero = s.get(ValueLayout.JAVA_BYTE, r[ZEROS_AT] + row);
    Affine.quantize(c.in(0), from * 4, scale, zero, 0, s, from, n);
  }

  private static long rowsEach(long[] r) {
    return Math.max(1, PIECE / Math.max(1, r[K]));
  }

  private static void rowCodes(Call c, int block) {
    long[] r = c.registers();
    int k = Math.toIntExact(r[K]);
    MemorySegment s = c.scratch();
    long end = Math.min(r[M], (block + 1) * rowsEach(r));
    for (long i = block * rowsEach(r); i < end; i++) {
      long at = r[RANGES_AT] + i * 8;
      Affine.range(c.in(0), i * k * 4, k, s, at);
      parameters(c, i, s.get(Lanes.FLOAT, at), s.get(Lanes.FLOAT, at + 4));
      code(c, i, i * k, k);
    }
  }

  private static void block(Call c, MemorySegment a, int block, int worker) {
    long[] r = c.registers();
    long matrix = block / r[MatMulSimd.PER_MATRIX];
    long part = block % r[MatMulSimd.PER_MATRIX];
    long rowBlocks = ceil(r[M], r[MB]);
    long row = part % rowBlocks * r[MB];
    long column = part / rowBlocks * r[WIDTH];
    int m = (int) Math.min(r[MB], r[M] - row);
    int n = (int) Math.min(r[WIDTH], r[N] - column);
    int k = Math.toIntExact(r[K]);
    long aAt = r[MATRICES] == 1 ? 0 : MatMulSimd.offset(r, matrix, MatMulSimd.A_STRIDE);
    long bAt = r[MATRICES] == 1 ? 0 : MatMulSimd.offset(r, matrix, MatMulSimd.B_STRIDE);
    MemorySegment s = c.scratch();
    long mine = r[WORKERS_AT] + worker * worker(r);
    Int8Panels.rows(
        a, aAt + row * k, m, k, (int) r[A_FLIP], s, mine + rows(r), row(r), mine + rowSums(r));
    long places = Math.max(1, r[K] * r[N]);
    columns(c, mine, bAt / places * r[N] + column, column, n);
    if (k > Int8Panels.DEPTH) {
      Lanes.clear(s, mine + ints(r), m * line(r));
    }
    long aRow = aAt / Math.max(1, k) + row;
    long yAt = (matrix * r[M] + row) * r[N] + column;
    int done = 0;
    do {
      int kc = Math.min(Int8Panels.DEPTH, k - done);
      long from = bAt + done * r[N] + column;
      int whole = Int8Panels.isDirect(r[M]) ? n - n % Int8Panels.COLUMNS : 0;
      if (kc > 0 && whole < n) {
        Int8Panels.panels(
            c.in(1),
            from + whole,
            r[N],
            kc,
            n - whole,
            (int) r[B_FLIP],
            s,
            mine + panels(r),
            mine + sums(r) + whole * 4L);
      }
      strips(c, mine, m, n, whole, done, kc, from, aRow, yAt);
      done += kc;
    } while (done < k);
  }

  /// What the columns of a block need: no sums yet, less their zero points, scales and biases.
  private static void columns(Call c, long mine, long bRow, long column, int n) {
    long[] r = c.registers();
    MemorySegment s = c.scratch();
    Lanes.clear(s, mine, line(r));
    long at = mine + sums(r);
    Lanes.clear(s, at, line(r));
    at += line(r);
    int flip = (int) r[B_FLIP];
    for (int j = 0; j < n; j++) {
      int zero = r[B_ZEROS] == 0 ? 0 : byteAt(c.in((int) r[B_ZERO]), (bRow + j) % r[B_ZEROS]);
      s.set(INT, at + j * 4L, -(byte) (zero ^ flip));
    }
    if (c.outSpec(0).dtype() == DType.I32) {
      return;
    }
    long scales = c.inShape(2).elems();
    boolean biased = c.inputs() > (r[B_ZEROS] == 0 ? 3 : 4);
    at += line(r);
    for (int j = 0; j < n; j++) {
      s.set(Lanes.FLOAT, at + j * 4L, c.in(2).get(Lanes.FLOAT, (column + j) % scales * 4));
      // Minus zero added changes no number.
      float bias = biased ? c.in(c.inputs() - 1).get(Lanes.FLOAT, (column + j) * 4) : -0.0f;
      s.set(Lanes.FLOAT, at + line(r) + j * 4L, bias);
    }
  }

  private static int byteAt(MemorySegment x, long at) {
    return x.get(ValueLayout.JAVA_BYTE, at);
  }

  /// `m` rows by `n` columns, one run of `k` from `done`; the last one stores them. The first
  /// `whole` columns of `b` are read where they lie.
  private static void strips(
      Call c, long mine, int m, int n, int whole, int done, int kc, long bAt, long aRow, long yAt) {
    long[] r = c.registers();
    MemorySegment s = c.scratch();
    boolean last = done + kc >= r[K];
    int wide = (n + Int8Panels.COLUMNS - 1) / Int8Panels.COLUMNS * Int8Panels.COLUMNS;
    boolean direct = Int8Panels.isDirect(r[M]);
    int height;
    for (int i = 0; i < m; i += height) {
      height = Int8Panels.height(m - i, direct);
      long a = mine + rows(r) + i * row(r) + done * 4L;
      long strip = mine + strip(r);
      if (whole > 0) {
        // Every strip meets the sums of columns; those of the first are kept.
        long sums = mine + (i == 0 ? sums(r) : spare(r));
        int panels = whole / Int8Panels.COLUMNS;
        int flip = (int) r[B_FLIP];
        Int8Panels.direct(
            height, s, a, row(r), c.in(1), bAt, r[N], kc, panels, flip, sums, strip, line(r));
      }
      if (whole < n) {
        int panels = (wide - whole) / Int8Panels.COLUMNS;
        long b = mine + panels(r);
        long to = strip + whole * 4L;
        Int8Panels.strip(height, s, a, row(r), b, kc, panels, mine, to, line(r));
      }
      for (int h = 0; h < height; h++) {
        long f = strip + h * line(r);
        long sum = mine + (r[K] > Int8Panels.DEPTH ? ints(r) + (i + h) * line(r) : 0);
        if (last) {
          store(c, mine, f, sum, i + h, aRow + i + h, yAt + (i + h) * r[N], n);
        } else {
          Int8Panels.accumulate(s, f, sum, wide);
        }
      }
    }
  }

  /// A row of sums of signed bytes to the result: floats at `f` and ints at `v`.
  private static void store(Call c, long mine, long f, long v, int i, long aRow, long yAt, int n) {
    long[] r = c.registers();
    MemorySegment s = c.scratch();
    long sums = mine + sums(r);
    long zeros = sums + line(r);
    boolean integers = c.outSpec(0).dtype() == DType.I32;
    int zero = 0;
    if (r[A_ZEROS] > 0) {
      long at = aRow % r[A_ZEROS];
      zero = integers ? byteAt(c.in(2), at) : byteAt(s, r[ZEROS_AT] + at);
    }
    zero = (byte) (zero ^ (int) r[A_FLIP]);
    int right = s.get(INT, mine + rowSums(r) + i * 4L) - (int) r[K] * zero;
    MemorySegment y = c.out(0);
    if (integers) {
      Int8Panels.integers(s, f, v, sums, -zero, zeros, right, y, yAt * 4, n);
    } else {
      float scale = s.get(Lanes.FLOAT, r[SCALES_AT] + aRow % r[A_ZEROS] * 4);
      long scales = zeros + line(r);
      long bias = scales + line(r);
      Int8Panels.floats(s, f, v, sums, -zero, zeros, right, scale, scales, bias, y, yAt * 4, n);
    }
  }
}
