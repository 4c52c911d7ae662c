package dev.gatun.cpu.simd;

import java.lang.foreign.MemorySegment;

/// Matrix product: `C = f(init + A * B)` for operands of any strides.
///
/// A block of `B`, a quarter of a MiB, is packed into panels that stay in L2; `A` is read as it
/// lies, six rows at a time, or packed where its rows are not contiguous. Every block packs for
/// itself: no phases, no barrier, no memory shared between threads, at a cost of some percent where
/// a block has few rows. [GemmPlan] holds the numbers.
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

  private static final int STRIP_K = 128;
  private static final int STRIP_TILES = 4;

  private Gemm() {}

  /// Work memory of one worker: panels of `B`, rows of `A`, a tile for the right edge, zeros.
  static long scratch(int type) {
    return tileAt(type) + 8L * 2 * W + 63 & -64;
  }

  private static long rowsAt() {
    return GemmPlan.PANELS_BYTES;
  }

  private static long tileAt(int type) {
    return rowsAt() + 6 * stripRow(type);
  }

  /// Rows of a strip of `A` lie so that they do not meet in one set of L1.
  private static long stripRow(int type) {
    return (GemmPlan.KC + 16L) * wide(type);
  }

  private static long zerosAt(int type) {
    return tileAt(type) + 6L * 2 * W;
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
    int n = (int) Math.min(GemmPlan.nb(p), GemmPlan.n(p) - column);
    long aRow = GemmPlan.aRow(p) * wide;
    long aCol = GemmPlan.aCol(p) * wide;
    long bRow = GemmPlan.bRow(p) * bWide;
    long bCol = GemmPlan.bCol(p) * bWide;
    long cRow = GemmPlan.cRow(p) * wide;
    long aFrom = aAt * wide + row * aRow;
    long bFrom = bAt * bWide + column * bCol;
    long cFrom = cAt * wide + row * cRow + column * wide;
    boolean packA = aCol != wide || (a.address() & wide - 1) != 0;
    long k = GemmPlan.k(p);
    long done = 0;
    zero(scratch, mine + zerosAt(type), 2 * W);
    do {
      int kc = (int) Math.min(GemmPlan.KC, k - done);
      boolean last = done + kc >= k;
      int init = done == 0 ? GemmPlan.init(p) : GemmPlan.ACCUMULATE;
      boolean direct =
          bCol == wide
              && type != GemmPlan.BF16
              && (m <= DIRECT_ROWS || (long) kc * n * wide <= DIRECT_BYTES);
      long bBlock = bFrom + done * bRow;
      int packed = direct ? n - n % (2 * W / wide) : 0;
      GemmPack.panels(type, b, bBlock + packed * bCol, bRow, bCol, kc, n - packed, scratch, mine);
      // Rows a power of two apart meet in a few sets of L1: a strip that many tiles use is copied.
      boolean strip = packA || kc >= STRIP_K && n >= STRIP_TILES * 2 * W / wide;
      rows(
          type,
          a,
          aFrom + done * aCol,
          aRow,
          aCol,
          m,
          strip,
          direct,
          b,
          bBlock,
          bRow,
          kc,
          n,
          init,
          bias,
          column * wide,
          c,
          cFrom,
          cRow,
          scratch,
          mine,
          last,
          activation);
      done += kc;
    } while (done < k);
  }

  /// `m` rows of `C` by `n` columns, one block of `k`.
  private static void rows(
      int type,
      MemorySegment a0,
      long a0At,
      long a0Row,
      long a0Col,
      int m,
      boolean strip,
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
    MemorySegment a = strip ? scratch : a0;
    long aRow = strip ? stripRow(type) : a0Row;
    MemorySegment b = direct ? b0 : scratch;
    long bAt = direct ? b0At : mine;
    long bRow = direct ? b0Row : 2L * W;
    long bStep = direct ? 2L * W : k * 2L * W;
    int height;
    for (int i = 0; i < m; i += height) {
      height = height(m - i);
      long ai = strip ? mine + rowsAt() : a0At + i * a0Row;
      if (strip) {
        GemmPack.rows(type, a0, a0At + i * a0Row, a0Row, a0Col, height, k, scratch, ai, aRow);
      }
      long ci = cAt + i * cRow;
      long inAt = zero ? mine + zerosAt(type) : init == GemmPlan.BIAS ? biasAt : ci;
      if (full > 0) {
        tiles(
            type, height, a, ai, aRow, b, bAt, bRow, bStep, k, full, in, inAt, inRow, inStep, c, ci,
            cRow);
      }
      if (rest > 0) {
        long edge = direct ? mine : mine + full * bStep;
        edge(
            type,
            height,
            a,
            ai,
            aRow,
            scratch,
            edge,
            k,
            in,
            inAt + full * inStep,
            inRow,
            zero,
            c,
            ci + full * 2L * W,
            cRow,
            rest * wide,
            mine + tileAt(type));
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
  private static void edge(
      int type,
      int height,
      MemorySegment a,
      long aAt,
      long aRow,
      MemorySegment scratch,
      long bAt,
      int k,
      MemorySegment in,
      long inAt,
      long inRow,
      boolean zero,
      MemorySegment c,
      long cAt,
      long cRow,
      int bytes,
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
        scratch,
        bAt,
        row,
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

  private static void tiles(
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

  static void zero(MemorySegment to, long at, int bytes) {
    for (int i = 0; i < bytes; i += 8) {
      to.set(java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED, at + i, 0L);
    }
  }
}
