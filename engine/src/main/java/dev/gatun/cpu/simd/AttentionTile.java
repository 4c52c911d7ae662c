package dev.gatun.cpu.simd;

import java.lang.foreign.MemorySegment;

/// The steps of attention on one tile of [#QUERIES] queries by some keys, for one type. A tile lies
/// transposed, a row of [#QUERIES] elements for each key: lanes are queries, so that maxima and
/// sums over keys need no exchange between lanes, and neither keys nor values are packed.
///
/// All offsets and strides are in bytes, counts in elements. Scores are in units in which [#exp] is
/// cheapest: natural ones times [#unit]. `columns` says how many queries of the tile are computed,
/// a multiple of [#panel].
public interface AttentionTile {
  /// Queries of a tile: a row of a tile of dropout is one group of the generator's words.
  int QUERIES = 64;

  /// Tiles of F32.
  static AttentionTile f32() {
    return AttentionTileF32.ONLY;
  }

  /// Tiles of F64.
  static AttentionTile f64() {
    return AttentionTileF64.ONLY;
  }

  /// Bytes of an element.
  int size();

  /// Columns of a panel: two vectors.
  int panel();

  /// Units of a natural score of 1.
  double unit();

  /// `n` numbers as elements of this type.
  void fill(MemorySegment y, long at, long n, double value);

  /// Sets one element.
  void set(MemorySegment y, long at, double value);

  /// One element.
  double get(MemorySegment x, long at);

  /// Panels of `factor * x^T` for `rows` rows of `d` elements: `y[panel][d][column]`, zero from
  /// `rows` to `columns`.
  void pack(
      MemorySegment x,
      long at,
      int rows,
      int d,
      double factor,
      MemorySegment y,
      long yAt,
      int columns);

  /// Copies `rows` rows of `d` elements to rows of `wide`, zero beyond.
  void widen(MemorySegment x, long at, int rows, int d, MemorySegment y, long yAt, int wide);

  /// `c[j, 0..columns) = sum_e a[j, e] panels[e, 0..columns)` for `m` rows of `a`.
  void scores(
      MemorySegment a,
      long at,
      long row,
      int m,
      MemorySegment panels,
      long panelsAt,
      int d,
      int columns,
      MemorySegment c,
      long cAt,
      MemorySegment zeros,
      long zerosAt);

  /// `c[j, 0..wide) += sum_i p[j, i] b[i, 0..wide)` for `m` rows of the tile `p` and `k` of its
  /// columns; `wide` is a multiple of [#panel].
  void addRows(
      MemorySegment p,
      long pAt,
      int m,
      MemorySegment b,
      long bAt,
      long bRow,
      int k,
      int wide,
      MemorySegment c,
      long cAt,
      long cRow);

  /// `c[i, 0..wide) += sum_j p[j, i] b[j, 0..wide)` for `m` columns `i` of the tile and `k` of its
  /// rows.
  void addColumns(
      MemorySegment p,
      long pAt,
      int m,
      MemorySegment b,
      long bAt,
      long bRow,
      int k,
      int wide,
      MemorySegment c,
      long cAt,
      long cRow);

  /// `c[i, 0..wide) *= factor[i]` for `m` rows.
  void scaleRows(
      MemorySegment factor, long factorAt, int m, int wide, MemorySegment c, long cAt, long cRow);

  /// Folds `k` rows of scores into a running softmax, whose state is [#QUERIES] maxima, as many
  /// factors for what was summed before and as many sums, one after the other: scores become
  /// weights relative to the new maxima.
  void softmax(MemorySegment s, long at, int k, int columns, MemorySegment state, long stateAt);

  /// Scores become weights `exp(s - lse)`; `lse` in units, infinity for weights of 0.
  void weights(MemorySegment s, long at, int k, int columns, MemorySegment lse, long lseAt);

  /// `dp = p (dp w - delta)`, and `p = p w` where there is a tile `w` of factors.
  void gradient(
      MemorySegment p,
      long pAt,
      MemorySegment dp,
      long dpAt,
      boolean weighted,
      long wAt,
      int k,
      int columns,
      MemorySegment delta,
      long deltaAt);

  /// `s = cap unit tanh(s / cap)`, and the slope `1 - tanh^2` to `slopeAt` where that is not -1.
  void softcap(MemorySegment s, long at, int k, int columns, double cap, long slopeAt);

  /// `s -= slope |p - j|` for positions `p` of queries relative to row 0.
  void alibi(
      MemorySegment s,
      long at,
      int k,
      int columns,
      MemorySegment lanes,
      long slopesAt,
      long positionsAt);

  /// `s[j, i] += column[i] + unit factor x[j]`
  void add(
      MemorySegment s,
      long at,
      int k,
      int columns,
      MemorySegment lanes,
      long columnAt,
      MemorySegment x,
      long xAt,
      double factor);

  /// `s[j, i] += unit x[i, j]` for `m` columns, rows of `x` being `row` bytes apart.
  void addTransposed(MemorySegment s, long at, int k, int m, MemorySegment x, long xAt, long row);

  /// `x[i, j] += s[j, i]` for `m` columns.
  void sumTransposed(MemorySegment s, long at, int k, int m, MemorySegment x, long xAt, long row);

  /// Scores where bytes `x[i, j]` are 0 become -inf; `row` and `step` are strides of `i` and `j`.
  void hideTransposed(
      MemorySegment s, long at, int k, int m, MemorySegment x, long xAt, long row, long step);

  /// A row of factors: 0 where a word of [PhiloxLanes] is below `threshold`, else `above`.
  void drop(
      MemorySegment words, long wordsAt, MemorySegment y, long yAt, long threshold, double above);

  /// Whether all of `n` elements are finite.
  boolean isFinite(MemorySegment x, long at, int n);

  /// `s[j, i] += unit table[i - j]`, `tableAt` being the offset of `table[0]`.
  void addDiagonals(
      MemorySegment s, long at, int k, int columns, MemorySegment table, long tableAt);

  /// `s[j, i] *= table[i - j]`
  void multiplyDiagonals(
      MemorySegment s, long at, int k, int columns, MemorySegment table, long tableAt);

  /// `table[i - j] += s[j, i]` for the first `m` columns.
  void sumDiagonals(MemorySegment s, long at, int k, int m, MemorySegment table, long tableAt);

  /// `y = a b` over whole rows of tiles.
  void multiply(MemorySegment a, long at, long bAt, long yAt, int k, int columns, double factor);

  /// Scores outside the two runs `[a, b)` and `[c, d)` of rows of each query become -inf; the runs'
  /// ends are four times [#QUERIES] elements.
  void hide(MemorySegment s, long at, int k, int columns, MemorySegment runs, long runsAt);

  /// `y[i] += sum_j s[j, i]`
  void sumColumns(MemorySegment s, long at, int k, int columns, MemorySegment y, long yAt);

  /// `sum_i s[0, i]` over `m` columns of one row.
  double sumRow(MemorySegment s, long at, int m);

  /// `y = factor x`, element by element.
  void scale(MemorySegment x, long at, int n, double factor, MemorySegment y, long yAt);

  /// `y += x`, element by element.
  void sum(MemorySegment x, long at, int n, MemorySegment y, long yAt);

  /// `sum x y` over `n` elements.
  double dot(MemorySegment x, long xAt, MemorySegment y, long yAt, int n);
}
