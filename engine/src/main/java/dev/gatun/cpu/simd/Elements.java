package dev.gatun.cpu.simd;

import java.lang.foreign.MemorySegment;

/// Plain loops over elements of one type, so that what calls them need not know it. Offsets are in
/// bytes, counts in elements.
public interface Elements {
  /// Bytes of an element.
  int size();

  /// `n` numbers as elements of this type.
  void fill(MemorySegment y, long at, long n, double value);

  /// Sets one element.
  void set(MemorySegment y, long at, double value);

  /// One element.
  double get(MemorySegment x, long at);

  /// `c[i, 0..wide) *= factor[i]` for `m` rows.
  void scaleRows(
      MemorySegment factor, long factorAt, int m, int wide, MemorySegment c, long cAt, long cRow);

  /// Whether all of `n` elements are finite.
  boolean isFinite(MemorySegment x, long at, int n);

  /// `y = factor x`, element by element.
  void scale(MemorySegment x, long at, int n, double factor, MemorySegment y, long yAt);

  /// `y += x`, element by element.
  void sum(MemorySegment x, long at, int n, MemorySegment y, long yAt);

  /// `sum x y` over `n` elements.
  double dot(MemorySegment x, long xAt, MemorySegment y, long yAt, int n);
}
