package dev.gatun.cpu.simd;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.VectorOperators;

/// Totals in long of I32 or I64 elements under one associative operation, whose order does not
/// matter: the arithmetic is modulo `2^64`. Each operation has loops of its own, for the reason
/// that [Loop] gives. Offsets are in bytes; nothing is allocated once compiled.
public final class Integers {
  /// Longs in a vector: lengths of the loops are multiples of it.
  public static final int LANES = Lanes.I64.length();

  /// The loops over one type.
  interface Steps {
    void row(MemorySegment x, long xo, int n, int period, MemorySegment a, long ao);

    void columns(MemorySegment x, long xo, long step, long rows, int n, MemorySegment a, long ao);
  }

  /// What a copy of [IntegerLoop] is made of.
  record Body(boolean i32, VectorOperators.Associative op, long identity) {}

  private final Steps i32;
  private final Steps i64;

  private Integers(VectorOperators.Associative op, long identity) {
    this.i32 = (Steps) Template.copy(IntegerLoop.class, new Body(true, op, identity));
    this.i64 = (Steps) Template.copy(IntegerLoop.class, new Body(false, op, identity));
  }

  /// Sums.
  public static Integers sum() {
    return new Integers(VectorOperators.ADD, 0);
  }

  /// Products.
  public static Integers product() {
    return new Integers(VectorOperators.MUL, 1);
  }

  /// Least elements.
  public static Integers least() {
    return new Integers(VectorOperators.MIN, Long.MAX_VALUE);
  }

  /// Greatest elements.
  public static Integers greatest() {
    return new Integers(VectorOperators.MAX, Long.MIN_VALUE);
  }

  /// The totals of every `period`th element of a row of `n`, as longs at `a`. The period is 1, 2 or
  /// 4 and at most [#LANES]; `n` is a multiple of [#LANES].
  public void row(
      boolean isI32, MemorySegment x, long xo, int n, int period, MemorySegment a, long ao) {
    (isI32 ? i32 : i64).row(x, xo, n, period, a, ao);
  }

  /// Joins `rows` rows of `n` elements that start `step` bytes apart to the `n` longs at `a`; `n`
  /// is a multiple of [#LANES].
  public void columns(
      boolean isI32,
      MemorySegment x,
      long xo,
      long step,
      long rows,
      int n,
      MemorySegment a,
      long ao) {
    (isI32 ? i32 : i64).columns(x, xo, step, rows, n, a, ao);
  }
}
