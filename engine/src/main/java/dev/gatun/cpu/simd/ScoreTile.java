package dev.gatun.cpu.simd;

import java.lang.foreign.MemorySegment;

/// Passes over one tile of scores or weights, of `k` rows of [#QUERIES] elements, a row a key: what
/// attention adds to scores, multiplies weights with and hides, and the sums of the gradients of
/// those. Offsets are in bytes; `unit` is [AttentionTile#unit].
public interface ScoreTile extends Elements {
  /// Queries of a tile: a row of a tile of dropout is one group of the generator's words.
  int QUERIES = 64;

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

  /// Folds `k` rows of scores, less the element of `less` of each row, into the greatest of each
  /// column and the number of its row, the first of equals, rows counting from `first`: [#QUERIES]
  /// elements of each, one after the other at `bestAt` of the tile's memory.
  void greatest(
      MemorySegment s,
      long at,
      int k,
      int columns,
      MemorySegment less,
      long lessAt,
      double first,
      long bestAt);
}
