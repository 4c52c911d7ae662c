package dev.gatun.cpu.simd;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;

/// `C = f(init + A B)` for contiguous `A [m, k]`, `C [m, n]` and a `B` that lies in panels of 128
/// bytes of columns: `[ceil(n / w), k, w]`, the last panel filled up with zeros. The sums are those
/// of [Gemm].
///
/// A panel of one run of `k` (64 KiB) stays in L2 while all rows of the block pass; it is read from
/// memory once. Nothing is packed.
public final class PackedGemm {
  /// Bytes of work memory of one worker: zeros, and a tile for the right edge.
  public static final long SCRATCH;

  private static final int W = Lanes.SHAPE.vectorBitSize() / 8;
  private static final int COLUMNS = 32;
  private static final long TILE_AT = 2L * W;

  // Registers: element size, sizes, rows and panels of a block.
  private static final int WIDE = 0;
  private static final int M = 1;
  private static final int N = 2;
  private static final int K = 3;
  private static final int MB = 4;
  private static final int PANELS = 5;
  private static final int COLD = 6;

  private static final int MB_MAX = 768;

  /// Rows up to which waiting for a panel from memory is felt, and bytes of a panel that stay in L2
  /// until these rows have passed.
  private static final int FEW_ROWS = 48;

  private static final long TOUCHED = 256 << 10;

  /// Operations of a block that is worth another thread.
  private static final double SHARED = 1e6;

  private static final int PER_WORKER = 4;

  static {
    SCRATCH = TILE_AT + 6L * 2 * W + 63 & -64;
  }

  private PackedGemm() {}

  /// Writes the cut of a product into `p`: blocks of rows and of panels.
  ///
  /// @param wide bytes of an element
  /// @param cold whether the tiles are compiled by now
  public static void plan(long[] p, int wide, long m, long n, long k, int workers, ColdTiles cold) {
    p[COLD] = wide == 4 && cold.areCold() ? 1 : 0;
    p[WIDE] = wide;
    p[M] = m;
    p[N] = n;
    p[K] = k;
    long mb = Math.max(1, m);
    if (mb > MB_MAX) {
      long parts = Math.ceilDiv(mb, (long) MB_MAX);
      mb = Math.ceilDiv(Math.ceilDiv(mb, parts), 12L) * 12;
    }
    long panels = Math.max(1, Math.ceilDiv(n, (long) COLUMNS));
    double flops = 2.0 * Math.max(1, k) * mb * COLUMNS;
    long all = panels;
    while (workers > 1
        && panels > 1
        && Math.ceilDiv(all, panels) * Math.ceilDiv(m, mb) < (long) PER_WORKER * workers
        && flops * panels >= 2 * SHARED) {
      panels = (panels + 1) / 2;
    }
    p[MB] = mb;
    p[PANELS] = panels;
  }

  /// True if the vectors of this call's kernels are not compiled yet.
  public static boolean isCold(long[] p) {
    return p[COLD] != 0;
  }

  /// How many blocks there are.
  public static int blocks(long[] p) {
    long panels = Math.ceilDiv(p[N], (long) COLUMNS);
    return Math.toIntExact(Math.ceilDiv(p[M], p[MB]) * Math.ceilDiv(panels, p[PANELS]));
  }

  /// Computes block `block` as worker `worker`.
  @SuppressWarnings("TooManyParameters")
  public static void block(
      long[] p,
      MemorySegment a,
      MemorySegment b,
      boolean hasBias,
      MemorySegment bias,
      MemorySegment c,
      MemorySegment scratch,
      Loop.Unary activation,
      int block,
      int worker) {
    long mine = worker * SCRATCH;
    prepare(scratch, mine);
    int wide = (int) p[WIDE];
    long rowBlocks = Math.ceilDiv(p[M], p[MB]);
    long row = block % rowBlocks * p[MB];
    int m = (int) Math.min(p[MB], p[M] - row);
    long first = block / rowBlocks * p[PANELS];
    long end = Math.min(first + p[PANELS], Math.ceilDiv(p[N], (long) COLUMNS));
    long cRow = p[N] * wide;
    long width = (long) COLUMNS * wide;
    long panel = p[K] * width;
    long k = p[K];
    boolean few = m <= FEW_ROWS && k * width <= TOUCHED;
    for (long j = first; j < end; j++) {
      if (few) {
        touch(b, j * panel, (int) panel, scratch, mine);
      }
      int bytes = (int) Math.min(width, cRow - j * width);
      panel(
          wide,
          a,
          row * k * wide,
          m,
          b,
          j * panel,
          p[K],
          bytes,
          hasBias,
          bias,
          j * width,
          c,
          row * cRow + j * width,
          cRow,
          scratch,
          mine,
          p[COLD] != 0);
    }
    if (activation != Gemm.IDENTITY) {
      long columns = Math.min(p[N], end * COLUMNS) - first * COLUMNS;
      for (int i = 0; i < m; i++) {
        long y = (row + i) * p[N] + first * COLUMNS;
        activation.run(c, y, c, y, (int) columns);
      }
    }
  }

  /// Reads something of each line of a panel, in four streams, so that much of it is on its way
  /// from memory at once and not as the first rows come to it: 10 to 25 % with 16 rows.
  private static void touch(
      MemorySegment source, long at, int bytes, MemorySegment scratch, long mine) {
    MemorySegment b = Lanes.offHeap(source);
    int quarter = bytes / 4 & -64;
    int sum = 0;
    for (int i = 0; i < quarter; i += 64) {
      sum += b.get(JAVA_INT, at + i);
      sum += b.get(JAVA_INT, at + quarter + i);
      sum += b.get(JAVA_INT, at + 2L * quarter + i);
      sum += b.get(JAVA_INT, at + 3L * quarter + i);
    }
    scratch.set(JAVA_INT, mine + TILE_AT, sum);
  }

  /// The product of `m` rows of `k` elements and one panel: `bytes` of each row of `C`, which
  /// starts as the bias or as zero. Offsets are in bytes.
  @SuppressWarnings("TooManyParameters")
  public static void panel(
      int wide,
      MemorySegment a,
      long aAt,
      int m,
      MemorySegment b,
      long bAt,
      long k,
      int bytes,
      boolean hasBias,
      MemorySegment bias,
      long biasAt,
      MemorySegment c,
      long cAt,
      long cRow,
      MemorySegment scratch,
      long mine,
      boolean cold) {
    long width = (long) COLUMNS * wide;
    long done = 0;
    do {
      int kc = (int) Math.min(GemmPlan.DEPTH, k - done);
      int init = done > 0 ? GemmPlan.ACCUMULATE : hasBias ? GemmPlan.BIAS : GemmPlan.ZERO;
      rows(
          wide,
          a,
          aAt + done * wide,
          k * wide,
          m,
          b,
          bAt + done * width,
          kc,
          bytes,
          init,
          bias,
          biasAt,
          c,
          cAt,
          cRow,
          scratch,
          mine,
          cold);
      done += kc;
    } while (done < k);
  }

  /// Zeros that [#panel] starts from, in the work memory of one worker from `mine` on.
  public static void prepare(MemorySegment scratch, long mine) {
    GemmPack.zero(scratch, mine, 2 * W);
  }

  /// One panel of one run of `k` under `m` rows: `bytes` of each row of `C`.
  private static void rows(
      int wide,
      MemorySegment a,
      long aAt,
      long aRow,
      int m,
      MemorySegment b,
      long bAt,
      int k,
      int bytes,
      int init,
      MemorySegment bias,
      long biasAt,
      MemorySegment c,
      long cAt,
      long cRow,
      MemorySegment scratch,
      long mine,
      boolean cold) {
    int type = wide == 8 ? GemmPlan.F64 : GemmPlan.F32;
    boolean zero = init == GemmPlan.ZERO;
    MemorySegment in = zero ? scratch : init == GemmPlan.BIAS ? bias : c;
    long inRow = init == GemmPlan.ACCUMULATE ? cRow : 0;
    long inStep = zero ? 0 : 2L * W;
    if (cold) {
      long from = init == GemmPlan.BIAS ? biasAt : cAt;
      ColdTiles.rows(a, aAt, aRow, m, b, bAt, k, bytes / 4, in, from, inRow, zero, c, cAt, cRow);
      return;
    }
    int full = bytes / (2 * W);
    int rest = bytes - full * 2 * W;
    int height;
    for (int i = 0; i < m; i += height) {
      height = Gemm.height(m - i);
      long ai = aAt + i * aRow;
      long ci = cAt + i * cRow;
      long inAt = zero ? mine : init == GemmPlan.BIAS ? biasAt : ci;
      if (full > 0) {
        Gemm.tiles(
            type,
            height,
            a,
            ai,
            aRow,
            b,
            bAt,
            (long) COLUMNS * wide,
            2L * W,
            k,
            full,
            in,
            inAt,
            inRow,
            inStep,
            c,
            ci,
            cRow);
      }
      if (rest > 0) {
        Gemm.edge(
            type,
            height,
            a,
            ai,
            aRow,
            b,
            bAt + full * 2L * W,
            (long) COLUMNS * wide,
            k,
            in,
            inAt + full * inStep,
            inRow,
            zero,
            c,
            ci + full * 2L * W,
            cRow,
            rest,
            scratch,
            mine + TILE_AT);
      }
    }
  }
}
