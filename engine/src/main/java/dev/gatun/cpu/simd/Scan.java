package dev.gatun.cpu.simd;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;

/// Running totals of F32 or F64 elements by an associative functor, carried in double: along a row
/// by prefix sums in registers, along columns row by row, many columns at a time.
///
/// Each functor has loops of its own, for the reason that [Loop] gives. Offsets and lengths are in
/// elements; nothing is allocated once compiled; output and input may be the same range where the
/// scan is inclusive.
public final class Scan {
  /// The loops over one type.
  interface Steps {
    void row(MemorySegment x, long xAt, MemorySegment y, long yAt, int n);

    void columns(
        MemorySegment x,
        MemorySegment y,
        long at,
        long stride,
        long rows,
        int n,
        MemorySegment carry,
        long carryAt);
  }

  /// What a copy of [ScanLoop] is made of.
  record Body(
      boolean f32,
      boolean reverse,
      boolean exclusive,
      Functor.Binary<DoubleVector> join,
      double identity) {}

  private final Steps f32;
  private final Steps f64;
  private final double identity;

  /// Totals that begin with `identity`.
  ///
  /// @param reverse whether they begin at the end
  /// @param exclusive whether an element is left out of its own total
  public Scan(
      boolean reverse, boolean exclusive, Functor.Binary<DoubleVector> join, double identity) {
    this.f32 =
        (Steps) Template.copy(ScanLoop.class, new Body(true, reverse, exclusive, join, identity));
    this.f64 =
        (Steps) Template.copy(ScanLoop.class, new Body(false, reverse, exclusive, join, identity));
    this.identity = identity;
  }

  /// `y[i] = x[0] . x[1] . ... . x[i]` for `n` elements in a row.
  public void row(boolean isF32, MemorySegment x, long xAt, MemorySegment y, long yAt, int n) {
    (isF32 ? f32 : f64).row(x, xAt, y, yAt, n);
  }

  /// The same down `n` columns of `rows` rows that start `stride` elements apart; `carry` has room
  /// for `n` doubles.
  public void columns(
      boolean isF32,
      MemorySegment x,
      MemorySegment y,
      long at,
      long stride,
      long rows,
      int n,
      MemorySegment carry,
      long carryAt) {
    for (int i = 0; i < n; i++) {
      carry.set(Lanes.DOUBLE, (carryAt + i) * Double.BYTES, identity);
    }
    (isF32 ? f32 : f64).columns(x, y, at, stride, rows, n, carry, carryAt);
  }
}
