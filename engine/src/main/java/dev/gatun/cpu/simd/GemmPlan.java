package dev.gatun.cpu.simd;

/// One matrix product as plain numbers, `C[m, n] = init + A[m, k] * B[k, n]`, and how its output is
/// cut into blocks that any thread may compute in any order.
///
/// The numbers lie in a `long[]` of at least [#SIZE] that the caller owns (such as
/// [dev.gatun.op.Call#registers()]), so planning allocates nothing. The cut depends on the shape
/// and the number of threads and never splits `k`, so an element's sum is the same chain of
/// operations in any cut: results repeat bit for bit.
public final class GemmPlan {
  /// How many numbers a plan takes.
  public static final int SIZE = 16;

  /// Element types: `A`, `B` and `C` in F32, or in F64, or F32 with `B` in BF16.
  public static final int F32 = 0;

  public static final int F64 = 1;
  public static final int BF16 = 2;

  /// Where the sum starts: zero, one row of bias, or what `C` holds.
  public static final int ZERO = 0;

  public static final int BIAS = 1;
  public static final int ACCUMULATE = 2;

  /// The longest run of `k` before `C` is written: longer ones read and write `C` less often, but
  /// six rows of `A` should stay in L1.
  static final int DEPTH = 512;

  private static final int M = 0;
  private static final int N = 1;
  private static final int K = 2;
  private static final int A_ROW = 3;
  private static final int A_COL = 4;
  private static final int B_ROW = 5;
  private static final int B_COL = 6;
  private static final int C_ROW = 7;
  private static final int TYPE = 8;
  private static final int INIT = 9;
  private static final int PATH = 10;
  private static final int MB = 11;
  private static final int NB = 12;

  /// A path: tiles, or one of the kernels for matrix times vector.
  static final int TILES = 0;

  /// Few rows of `A` times `B` whose columns are contiguous: a dot product for each output.
  static final int DOT = 1;

  /// Few rows of `A` times `B` whose rows are contiguous: each output row sums scaled rows of `B`.
  static final int ROWS = 2;

  /// [#DOT] and [#ROWS] with the operands swapped, for `n = 1`.
  static final int DOT_SWAPPED = 3;

  static final int ROWS_SWAPPED = 4;

  private static final int FEW = 3;
  private static final int MB_MAX = 768;

  /// Packed panels of `B`: half of a common L2.
  static final int PANELS_BYTES = 256 << 10;

  private static final int LEAST_K = 64;
  private static final int RUN_BYTES = 8 << 10;
  private static final int ENOUGH_BLOCKS = 16;

  /// Operations of a block that is worth another thread (20 us on one core), and of one that is
  /// worth its own packing where every thread has a block already.
  private static final double SHARED = 2e6;

  private static final double BALANCED = 8e6;

  /// Blocks for each thread, so that a late one leaves its work to others.
  private static final int PER_WORKER = 4;

  private GemmPlan() {}

  /// Plans a product. Strides are in elements; a transposed operand has its strides swapped.
  ///
  /// `init` is [#ZERO], [#BIAS] or [#ACCUMULATE]. Rows of `C` are contiguous and `cRow` apart.
  /// `workers` threads will share the blocks.
  @SuppressWarnings("TooManyParameters")
  public static void plan(
      long[] p,
      int type,
      int init,
      long m,
      long n,
      long k,
      long aRow,
      long aCol,
      long bRow,
      long bCol,
      long cRow,
      int workers) {
    p[TYPE] = type;
    p[INIT] = init;
    p[M] = m;
    p[N] = n;
    p[K] = k;
    p[A_ROW] = aRow;
    p[A_COL] = aCol;
    p[B_ROW] = bRow;
    p[B_COL] = bCol;
    p[C_ROW] = cRow;
    p[PATH] = choose(p);
    cut(p, workers);
  }

  /// Makes blocks `columns` wide, a multiple of two vectors, for a caller that lays out `B` or `C`
  /// block by block: the blocks of one range of columns then follow each other. To be called before
  /// anything is asked of the plan.
  public static void blockColumns(long[] p, long columns) {
    p[NB] = columns;
  }

  /// Makes blocks `rows` high, as far as the product has blocks of rows, and as wide as `C`, for a
  /// caller whose block `i` must be rows `[i, i + 1) * rows` and nothing else. `rows` is at least
  /// three: products of so few are never split. To be called before anything is asked of the plan.
  public static void blockRows(long[] p, long rows) {
    if (p[PATH] == DOT_SWAPPED || p[PATH] == ROWS_SWAPPED) {
      p[MB] = rows;
      return;
    }
    p[MB] = p[PATH] == TILES ? rows : p[M];
    p[NB] = Math.max(1, roundUp(p[N], columns(p)));
  }

  private static int choose(long[] p) {
    if (p[K] == 0 || p[K] > 1 << 28) {
      return TILES;
    }
    if (p[N] == 1 && p[M] > 1 && p[TYPE] != BF16 && p[C_ROW] == 1 && p[INIT] != BIAS) {
      if (p[A_COL] == 1 && p[B_ROW] == 1) {
        return DOT_SWAPPED;
      }
      return p[A_ROW] == 1 ? ROWS_SWAPPED : TILES;
    }
    if (p[M] <= FEW && p[N] > 1) {
      if (p[B_ROW] == 1 && p[A_COL] == 1) {
        return DOT;
      }
      return p[B_COL] == 1 && p[TYPE] != BF16 ? ROWS : TILES;
    }
    return TILES;
  }

  /// Halves the longer side of a block until there are enough of them or they become small.
  private static void cut(long[] p, int workers) {
    int path = (int) p[PATH];
    if (path != TILES) {
      boolean swapped = path == DOT_SWAPPED || path == ROWS_SWAPPED;
      long length = swapped ? p[M] : p[N];
      // A dot product reads rows from end to end. The other form reads runs of a block's length:
      // of 2 KiB, they come at two thirds of the speed of runs of 8 KiB.
      boolean dots = path == DOT || path == DOT_SWAPPED;
      long least = dots ? 64 : RUN_BYTES / Gemm.wide((int) p[TYPE]);
      long block = Math.max(1024, least);
      while (block > least && ceil(length, block) < ENOUGH_BLOCKS && block * p[K] > 1 << 18) {
        block >>= 1;
      }
      p[MB] = swapped ? block : p[M];
      p[NB] = swapped ? 1 : block;
      return;
    }
    long mb = Math.max(1, p[M]);
    if (mb > MB_MAX) {
      long parts = (mb + MB_MAX - 1) / MB_MAX;
      mb = roundUp((mb + parts - 1) / parts, 12);
    }
    long nb = Math.max(1, roundUp(p[N], columns(p)));
    double flops = 2.0 * Math.max(1, p[K]);
    for (long n = blocks(p, mb, nb);
        n < PER_WORKER * workers && workers > 1;
        n = blocks(p, mb, nb)) {
      if (flops * mb * nb < 2 * (n < workers ? SHARED : BALANCED)) {
        break;
      }
      if (nb >= mb && nb > 2L * columns(p) || mb <= 24) {
        if (nb <= columns(p)) {
          break;
        }
        nb = roundUp((nb + 1) / 2, columns(p));
      } else {
        mb = roundUp((mb + 1) / 2, 12);
      }
    }
    p[MB] = mb;
    p[NB] = nb;
  }

  private static long blocks(long[] p, long mb, long nb) {
    return ceil(p[M], mb) * ceil(p[N], nb);
  }

  private static long ceil(long a, long b) {
    return (a + b - 1) / b;
  }

  private static long roundUp(long a, long b) {
    return ceil(a, b) * b;
  }

  /// Columns of a tile: two vectors.
  static int columns(long[] p) {
    return 2 * (p[TYPE] == F64 ? Lanes.F64.length() : Lanes.F32.length());
  }

  /// How many blocks the product has; 0 if it has no output.
  public static int blocks(long[] p) {
    return p[M] == 0 || p[N] == 0 ? 0 : Math.toIntExact(rowBlocks(p) * ceil(p[N], p[NB]));
  }

  /// Bytes of work memory that one worker needs; worker `w` uses bytes `[w, w + 1) *` this much.
  public static long scratch(long[] p) {
    return p[PATH] == TILES ? Gemm.scratch(p) : MatVec.scratch(p) + 63 & -64;
  }

  /// The most columns of packed panels, a quarter of a MiB: where `k` is short, more columns, so
  /// that `C` is written in long runs.
  static long panelColumns(long[] p) {
    long deep = Math.max(LEAST_K, Math.min(p[K], DEPTH));
    long columns = PANELS_BYTES / (deep * Gemm.wide((int) p[TYPE]));
    return columns - columns % columns(p);
  }

  static long rowBlocks(long[] p) {
    return ceil(p[M], p[MB]);
  }

  static int path(long[] p) {
    return (int) p[PATH];
  }

  static int type(long[] p) {
    return (int) p[TYPE];
  }

  static int init(long[] p) {
    return (int) p[INIT];
  }

  static long m(long[] p) {
    return p[M];
  }

  static long n(long[] p) {
    return p[N];
  }

  static long k(long[] p) {
    return p[K];
  }

  static long aRow(long[] p) {
    return p[A_ROW];
  }

  static long aCol(long[] p) {
    return p[A_COL];
  }

  static long bRow(long[] p) {
    return p[B_ROW];
  }

  static long bCol(long[] p) {
    return p[B_COL];
  }

  static long cRow(long[] p) {
    return p[C_ROW];
  }

  static long mb(long[] p) {
    return p[MB];
  }

  static long nb(long[] p) {
    return p[NB];
  }
}
