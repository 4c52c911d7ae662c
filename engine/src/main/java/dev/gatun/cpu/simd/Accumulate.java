package dev.gatun.cpu.simd;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;

/// Totals in double of F32 or F64 elements: `a = step(a, x, p)` for each element `x`, where `p` is
/// a number of the whole run such as its maximum.
///
/// F32 elements are widened as they are loaded, which costs a conversion and half the lanes and is
/// hidden by the memory once a run has left the second-level cache; what it buys is a total that is
/// exact to one rounding and a range in which products and squares of floats do not overflow.
///
/// Each pair of functors has loops of its own, for the reason that [Loop] gives. The order of steps
/// depends on the length and the lanes only. Offsets and lengths are in elements; nothing is
/// allocated once compiled.
public final class Accumulate {
  /// The loops over one type.
  interface Steps {
    double row(MemorySegment x, long xAt, int n, double p);

    void columns(
        MemorySegment x,
        long xAt,
        long stride,
        long rows,
        int n,
        MemorySegment a,
        long aAt,
        MemorySegment p,
        long pAt);
  }

  /// What a copy of [AccumulateLoop] is made of.
  ///
  /// @param light whether several steps fit one compiled loop
  record Body(
      boolean f32,
      boolean light,
      Functor.Ternary<DoubleVector> step,
      Functor.Binary<DoubleVector> join,
      double identity) {}

  private final Steps f32;
  private final Steps f64;
  private final double identity;

  private Accumulate(
      boolean light,
      Functor.Ternary<DoubleVector> step,
      Functor.Binary<DoubleVector> join,
      double identity) {
    this.f32 =
        (Steps) Template.copy(AccumulateLoop.class, new Body(true, light, step, join, identity));
    this.f64 =
        (Steps) Template.copy(AccumulateLoop.class, new Body(false, light, step, join, identity));
    this.identity = identity;
  }

  /// Totals that begin with `identity`; `join` puts two of them together.
  public static Accumulate of(
      Functor.Ternary<DoubleVector> step, Functor.Binary<DoubleVector> join, double identity) {
    return new Accumulate(true, step, join, identity);
  }

  /// The same for a step of more than five vector operations, one to a turn of the loop.
  public static Accumulate heavy(
      Functor.Ternary<DoubleVector> step, Functor.Binary<DoubleVector> join, double identity) {
    return new Accumulate(false, step, join, identity);
  }

  /// The total of `n` elements in a row.
  public double row(boolean isF32, MemorySegment x, long xAt, int n, double p) {
    return (isF32 ? f32 : f64).row(x, xAt, n, p);
  }

  /// The totals of `n` columns of `rows` rows that start `stride` elements apart, as doubles at
  /// `a`; `p` has a double for each column, and is not read where the step ignores it.
  public void columns(
      boolean isF32,
      MemorySegment x,
      long xAt,
      long stride,
      long rows,
      int n,
      MemorySegment a,
      long aAt,
      MemorySegment p,
      long pAt) {
    for (int i = 0; i < n; i++) {
      a.set(Lanes.DOUBLE, (aAt + i) * Double.BYTES, identity);
    }
    (isF32 ? f32 : f64).columns(x, xAt, stride, rows, n, a, aAt, p, pAt);
  }
}
