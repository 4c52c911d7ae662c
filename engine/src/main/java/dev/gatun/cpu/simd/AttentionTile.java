package dev.gatun.cpu.simd;

import java.lang.foreign.MemorySegment;

/// The steps of attention on one tile of [#QUERIES] queries by some keys, for one type. A tile lies
/// transposed, a row of [#QUERIES] elements for each key: lanes are queries, so that maxima and
/// sums over keys need no exchange between lanes, and neither keys nor values are packed.
///
/// All offsets and strides are in bytes, counts in elements. Scores are in units in which their
/// exponential is cheapest: natural ones times [#unit]. `columns` says how many queries of the tile
/// are computed, a multiple of [#panel].
public interface AttentionTile extends ScoreTile {
  /// Tiles of F32.
  static AttentionTile f32() {
    return AttentionTileF32.ONLY;
  }

  /// Tiles of F64.
  static AttentionTile f64() {
    return AttentionTileF64.ONLY;
  }

  /// Columns of a panel: two vectors.
  int panel();

  /// Units of a natural score of 1.
  double unit();

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
      long cAt);

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

  /// Folds `k` rows of scores into a running softmax, whose state is [#QUERIES] maxima, as many
  /// factors for what was summed before and as many sums, one after the other: scores become
  /// weights relative to the new maxima.
  void softmax(MemorySegment s, long at, int k, int columns, MemorySegment state, long stateAt);

  /// As [#softmax] for maxima that no score exceeds, and that exceed none by more than 120 units:
  /// nothing summed before changes. `hidden` says whether scores may be -inf.
  void boundedSoftmax(
      MemorySegment s,
      long at,
      int k,
      int columns,
      boolean hidden,
      MemorySegment state,
      long stateAt);

  /// `y[r] = max_{i <= r} |x[i]|^2` for `rows` rows of `d` elements.
  void greatestSquares(MemorySegment x, long at, long rows, int d, MemorySegment y, long yAt);

  /// Scores become weights `share exp(s - top)`; `top` in units, infinity for weights of 0.
  void weights(
      MemorySegment s, long at, int k, int columns, MemorySegment lanes, long topAt, long shareAt);

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
}
