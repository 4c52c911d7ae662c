package dev.gatun.cpu.simd;

import java.lang.foreign.MemorySegment;

/// Matrix product: `C = f(init + A * B)` for operands of any strides.
///
/// A block of `C` takes `k` in runs. Of each run, the rows of `A` are copied next to each other
/// once (where they are many, far apart or not contiguous), to be read from L3 six at a time; the
/// columns of `B` are packed, a quarter of a MiB at a time, into panels that stay in L2 while all
/// rows pass. Every block packs for itself: no phases, no barrier, no memory shared between
/// threads, at a cost of some percent where a block has few rows. [GemmPlan] holds the numbers.
///
/// The sum of one element is cut into runs of 512: each run is a chain of FMAs in the order of `k`
/// that starts at zero, and is then added to what is there. The error is at most `(min(k, 512) + k
/// / 512 + 1) * 2^-24 * (|init| + sum |a * b|)` in F32, to first order. Padding never meets an
/// output: NaN and infinities are those of the definition.
public final class Gemm {
  /// The activation that does nothing, and costs nothing.
  public static final Loop.Unary IDENTITY = (x, xAt, y, yAt, n) -> {};

  private static final int W = Lanes.SHAPE.vectorBitSize() / 8;

  /// Up to so many rows, reading `B` where it lies is cheaper than packing it.
  private static final int DIRECT_ROWS = 24;

  /// A block of `B` of so many bytes is in L1 whether it is packed or not.
  private static final int DIRECT_BYTES = 32 << 10;

  private static final int COPY_K = 128;
  private static final int COPY_TILES = 4;

  /// Byte offsets of work memory.
  private static final long ZEROS_AT = 0;

  private static final long TILE_AT = 2L * W;
  private static final long PANELS_AT = TILE_AT + 6L * 2 * W;
  private static final long ROWS_AT = PANELS_AT + GemmPlan.PANELS_BYTES;

  private Gemm() {}

  /// Work memory of one worker: zeros, a tile for the right edge, panels of `B`, rows of `A`.
  static long scratch(long[] p) {
    return ROWS_AT + GemmPlan.mb(p) * copiedRow(p) + 63 & -64;
  }

  /// Bytes between copied rows of `A`: so many that six do not meet in one set of L1.
  private static long copiedRow(long[] p) {
    return (Math.min(GemmPlan.k(p), GemmPlan.DEPTH) + 16) * wide(GemmPlan.type(p));
  }

  static int wide(int type) {
    return type == GemmPlan.F64 ? 8 : 4;
  }

  /// Computes block `block` of the product that `p` plans, as worker `worker`.
  ///
  /// The offsets `aAt`, `bAt`, `cAt` (elements) choose one matrix of a batch. `bias` holds `n`
  /// elements where the plan says [GemmPlan#BIAS], and is not touched otherwise. `activation` is
  /// applied to finished rows while they are in cache.
  @SuppressWarnings("TooManyParameters")
  public static void block(
      long[] p,
      MemorySegment a,
      long aAt,
      MemorySegment b,
      long bAt,
      MemorySegment bias,
      MemorySegment c,
      long cAt,
      MemorySegment scratch,
      Loop.Unary activation,
      int block,
      int worker) {
    long mine = worker * GemmPlan.scratch(p);
    if (GemmPlan.path(p) == GemmPlan.TILES) {
      tiles(p, a, aAt, b, bAt, bias, c, cAt, scratch, mine, activation, block);
    } else {
      MatVec.block(p, a, aAt, b, bAt, bias, c, cAt, scratch, mine, activation, block);
    }
  }

  private static void tiles(
      long[] p,
      MemorySegment a,
      long aAt,
      MemorySegment b,
      long bAt,
      MemorySegment bias,
      MemorySegment c,
      long cAt,
      MemorySegment scratch,
      long mine,
      Loop.Unary activation,
      int block) {
    int type = GemmPlan.type(p);
    int wide = wide(type);
    int bWide = type == GemmPlan.BF16 ? 2 : wide;
    long row = block % GemmPlan.rowBlocks(p) * GemmPlan.mb(p);
    long column = block / GemmPlan.rowBlocks(p) * GemmPlan.nb(p);
    int m = (int) Math.min(GemmPlan.mb(p), GemmPlan.m(p) - row);
    long n = Math.min(GemmPlan.nb(p), GemmPlan.n(p) - column);
    long aRow = GemmPlan.aRow(p) * wide;
    long aCol = GemmPlan.aCol(p) * wide;
    long bRow = GemmPlan.bRow(p) * bWide;
    long bCol = GemmPlan.bCol(p) * bWide;
    long cRow = GemmPlan.cRow(p) * wide;
    long aFrom = aAt * wide + row * aRow;
    long bFrom = bAt * bWide + column * bCol;
    long cFrom = cAt * wide + row * cRow + column * wide;
    boolean copy =
        aCol != wide
            || (a.address() & wide - 1) != 0
            || Math.min(GemmPlan.k(p), GemmPlan.DEPTH) >= COPY_K && n >= COPY_TILES * 2 * W / wide;
    long k = GemmPlan.k(p);
    long width = GemmPlan.panelColumns(p);
    long done = 0;
    GemmPack.zero(scratch, mine + ZEROS_AT, 2 * W);
    do {
      int kc = (int) Math.min(GemmPlan.DEPTH, k - done);
      boolean last = done + kc >= k;
      int init = done == 0 ? GemmPlan.init(p) : GemmPlan.ACCUMULATE;
      long ak = aFrom + done * aCol;
      if (copy) {
        GemmPack.rows(type, a, ak, aRow, aCol, m, kc, scratch, mine + ROWS_AT, copiedRow(p));
      }
      for (long j = 0; j < n; j += width) {
        int nc = (int) Math.min(width, n - j);
        boolean direct =
            bCol == wide
                && type != GemmPlan.BF16
                && (m <= DIRECT_ROWS || (long) kc * nc * wide <= DIRECT_BYTES);
        long bBlock = bFrom + done * bRow + j * bCol;
        int whole = direct ? nc - nc % (2 * W / wide) : 0;
        long panels = mine + PANELS_AT;
        GemmPack.panels(
            type, b, bBlock + whole * bCol, bRow, bCol, kc, nc - whole, scratch, panels);
        rows(
            type,
            copy ? scratch : a,
            copy ? mine + ROWS_AT : ak,
            copy ? copiedRow(p) : aRow,
            m,
            direct,
            b,
            bBlock,
            bRow,
            kc,
            nc,
            init,
            bias,
            (column + j) * wide,
            c,
            cFrom + j * wide,
            cRow,
            scratch,
            mine,
            last,
            activation);
      }
      done += kc;
    } while (done < k);
  }

  /// `m` rows of `C` by `n` columns, one run of `k`.
  private static void rows(
      int type,
      MemorySegment a,
      long aAt,
      long aRow,
      int m,
      boolean direct,
      MemorySegment b0,
      long b0At,
      long b0Row,
      int k,
      int n,
      int init,
      MemorySegment bias,
      long biasAt,
      MemorySegment c,
      long cAt,
      long cRow,
      MemorySegment scratch,
      long mine,
      boolean last,
      Loop.Unary activation) {
    int wide = wide(type);
    int columns = 2 * W / wide;
    int full = n / columns;
    int rest = n - full * columns;
    boolean zero = init == GemmPlan.ZERO;
    MemorySegment in = zero ? scratch : init == GemmPlan.BIAS ? bias : c;
    long inRow = init == GemmPlan.ACCUMULATE ? cRow : 0;
    long inStep = zero ? 0 : 2L * W;
    MemorySegment b = direct ? b0 : scratch;
    long bAt = direct ? b0At : mine + PANELS_AT;
    long bRow = direct ? b0Row : 2L * W;
    long bStep = direct ? 2L * W : k * 2L * W;
    int height;
    for (int i = 0; i < m; i += height) {
      height = height(m - i);
      long ai = aAt + i * aRow;
      long ci = cAt + i * cRow;
      long inAt = zero ? mine + ZEROS_AT : init == GemmPlan.BIAS ? biasAt : ci;
      if (full > 0) {
        tiles(
            type, height, a, ai, aRow, b, bAt, bRow, bStep, k, full, in, inAt, inRow, inStep, c, ci,
            cRow);
      }
      if (rest > 0) {
        edge(
            type,
            height,
            a,
            ai,
            aRow,
            scratch,
            direct ? mine + PANELS_AT : bAt + full * bStep,
            2L * W,
            k,
            in,
            inAt + full * inStep,
            inRow,
            zero,
            c,
            ci + full * 2L * W,
            cRow,
            rest * wide,
            scratch,
            mine + TILE_AT);
      }
      if (last && activation != IDENTITY) {
        for (int r = 0; r < height; r++) {
          long y = (ci + r * cRow) / wide;
          activation.run(c, y, c, y, n);
        }
      }
    }
  }

  /// A tile at the right edge: computed whole beside `C`, of which only `bytes` of each row are
  /// touched.
  static void edge(
      int type,
      int height,
      MemorySegment a,
      long aAt,
      long aRow,
      MemorySegment b,
      long bAt,
      long bRow,
      int k,
      MemorySegment in,
      long inAt,
      long inRow,
      boolean zero,
      MemorySegment c,
      long cAt,
      long cRow,
      int bytes,
      MemorySegment scratch,
      long tile) {
    long row = 2L * W;
    if (!zero) {
      GemmPack.copy(in, inAt, inRow, height, bytes, scratch, tile, row);
    }
    tiles(
        type,
        height,
        a,
        aAt,
        aRow,
        b,
        bAt,
        bRow,
        0,
        k,
        1,
        scratch,
        zero ? inAt : tile,
        zero ? 0 : row,
        0,
        scratch,
        tile,
        row);
    GemmPack.copy(scratch, tile, row, height, bytes, c, cAt, cRow);
  }

  /// Height of the next tile where `rest` rows are left: sixes, but no two in the end where two
  /// fours serve as well.
  static int height(int rest) {
    if (rest >= 6 && rest != 8) {
      return 6;
    }
    return rest >= 4 ? 4 : rest >= 2 ? 2 : rest;
  }

  static void tiles(
      int type,
      int height,
      MemorySegment a,
      long aAt,
      long aRow,
      MemorySegment b,
      long bAt,
      long bRow,
      long bStep,
      int k,
      int n,
      MemorySegment in,
      long inAt,
      long inRow,
      long inStep,
      MemorySegment c,
      long cAt,
      long cRow) {
    if (type == GemmPlan.F64) {
      switch (height) {
        case 6 ->
            GemmTileF64.rows6(
                a, aAt, aRow, b, bAt, bRow, bStep, k, n, in, inAt, inRow, inStep, c, cAt, cRow);
        case 4 ->
            GemmTileF64.rows4(
                a, aAt, aRow, b, bAt, bRow, bStep, k, n, in, inAt, inRow, inStep, c, cAt, cRow);
        case 2 ->
            GemmTileF64.rows2(
                a, aAt, aRow, b, bAt, bRow, bStep, k, n, in, inAt, inRow, inStep, c, cAt, cRow);
        default ->
            GemmTileF64.rows1(
                a, aAt, aRow, b, bAt, bRow, bStep, k, n, in, inAt, inRow, inStep, c, cAt, cRow);
      }
    } else {
      switch (height) {
        case 6 ->
            GemmTileF32.rows6(
                a, aAt, aRow, b, bAt, bRow, bStep, k, n, in, inAt, inRow, inStep, c, cAt, cRow);
        case 4 ->
            GemmTileF32.rows4(
                a, aAt, aRow, b, bAt, bRow, bStep, k, n, in, inAt, inRow, inStep, c, cAt, cRow);
        case 2 ->
            GemmTileF32.rows2(
                a, aAt, aRow, b, bAt, bRow, bStep, k, n, in, inAt, inRow, inStep, c, cAt, cRow);
        default ->
            GemmTileF32.rows1(
                a, aAt, aRow, b, bAt, bRow, bStep, k, n, in, inAt, inRow, inStep, c, cAt, cRow);
      }
    }
  }
}
