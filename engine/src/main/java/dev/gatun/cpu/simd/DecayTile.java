package dev.gatun.cpu.simd;

import java.lang.foreign.MemorySegment;

/// What chunks of a scan whose gates are one number a step need besides products: tiles of up to 64
/// rows, which are [#WIDE] elements apart, and vectors of as many elements. Offsets and strides are
/// in bytes, counts in elements. Products of tiles are those of [AttentionTile].
public interface DecayTile extends Elements {
  /// Elements of a row of a tile, and the most rows.
  int WIDE = AttentionTile.QUERIES;

  /// Tiles of F32.
  static DecayTile f32() {
    return DecayTileF32.ONLY;
  }

  /// Tiles of F64.
  static DecayTile f64() {
    return DecayTileF64.ONLY;
  }

  /// The products of this type.
  AttentionTile products();

  /// Copies `rows` rows of `width` elements, `row` apart, and fills up with zeros. False if one is
  /// not finite.
  boolean read(MemorySegment x, long at, long row, int rows, int width, MemorySegment y, long yAt);

  /// Copies rows of `width` elements of a tile to rows that are `row` apart.
  void write(MemorySegment x, long at, int rows, int width, MemorySegment y, long yAt, long row);

  /// Running sums of `n` logarithms, `row` apart, of which each counts as at least -1000: `exp` of
  /// that is 0 in both types, as that of everything below. A sum is two numbers, the second what
  /// the first lacks, one vector after the other. False if one is NaN or infinite and positive.
  boolean sums(MemorySegment x, long at, long row, int n, MemorySegment y, long yAt);

  /// `y[i] = exp(s_i)` for `n` of [#sums], and 0 up to the end of the vector.
  void exps(MemorySegment s, long at, int n, MemorySegment y, long yAt);

  /// `y[i, j] = exp(s_i - s_j)` for `j <= i < n` of [#sums], 0 above the diagonal. Nothing above it
  /// reaches the exponential.
  void gates(MemorySegment s, long at, int n, MemorySegment y, long yAt);

  /// `y = a b` where `b` is not 0, else 0, for `rows` rows of tiles in one segment.
  void gate(MemorySegment s, long aAt, long bAt, int rows, long yAt);

  /// `y[i, 0..64) = f[i] x[i, 0..64)`
  void scaleEach(MemorySegment s, long xAt, long fAt, int rows, long yAt);

  /// `y[i] += sum_j a[i, j] b[i, j]`, `y` and sums in F64 whatever the type.
  void dots(MemorySegment s, long aAt, long bAt, int rows, long yAt);

  /// `y[i] += sum_j a[i, j] b[i, j] - sum_j a[j, i] b[j, i]` for lower triangles, `b` 0 above the
  /// diagonal: products that are added and subtracted are the same to the last digit. `y` and sums
  /// in F64.
  void crossings(MemorySegment s, long aAt, long bAt, int n, long yAt);

  /// `y = f x` for `rows` rows; what becomes subnormal is 0.
  void decay(MemorySegment s, long at, int rows, double f, long yAt);

  /// `y[j, i] = x[i, j]` for `rows` rows and `columns` columns.
  void transpose(MemorySegment s, long xAt, int rows, int columns, long yAt);

  /// One step of `rows` rows of a state: `h' = f h + x_i b`, `y_i = sum h' c`, each of `n`
  /// elements; rows of `h` and of `h'` are `n` apart.
  @SuppressWarnings("TooManyParameters")
  void step(
      MemorySegment h,
      long hAt,
      double f,
      MemorySegment x,
      long xAt,
      int rows,
      MemorySegment b,
      long bAt,
      MemorySegment c,
      long cAt,
      int n,
      MemorySegment next,
      long nextAt,
      MemorySegment y,
      long yAt);
}
