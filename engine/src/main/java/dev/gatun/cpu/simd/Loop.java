package dev.gatun.cpu.simd;

import java.lang.foreign.MemorySegment;
import java.util.function.DoubleUnaryOperator;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorSpecies;

/// Elementwise loops, one compiled copy for each functor.
///
/// The loop over vectors is written once per arity ([UnaryLoop], [BinaryLoop], [TestLoop],
/// [TernaryLoop]) but each call of a factory here defines the class anew, as a hidden class with
/// the functor as a constant. The reason is how HotSpot compiles: a loop shared by all ops is
/// compiled on its own as soon as the first few are hot, with a profile that mixes their functors,
/// and no caller inlines it after that; it then boxes every vector, at 10 to 30 times the cost, for
/// the rest of the process. A copy per op has a profile and machine code of its own, whatever else
/// has run.
///
/// Keep a loop in a `static final` field of its op. Offsets and lengths are in elements. Loops
/// allocate nothing once compiled, never touch an element outside `[at, at + n)`, allow output and
/// input to be the same range, and give each element the same bits wherever a block is split: the
/// elements left over at the end go through a last vector that starts earlier, or, where that would
/// read what was just written, through vectors that hold one element in every lane.
public sealed interface Loop permits Loop.Unary, Loop.Pairwise, Loop.Ternary {

  /// `y[i] = f(x[i])`
  non-sealed interface Unary extends Loop {
    void run(MemorySegment x, long xAt, MemorySegment y, long yAt, int n);
  }

  /// `z[r, i] = f(x[r, i], y[r, i])` over `rows` rows of `n` elements.
  ///
  /// Output rows are contiguous; input row `r` starts at `at + r * step`. A step of 0 repeats one
  /// row: `[m, n] op [n]` is [#run] with `yStep = 0`, and `[m, n] op [m, 1]` is [#runRight] with
  /// `yStep = 1`.
  non-sealed interface Pairwise extends Loop {

    /// Both operands are rows.
    void run(
        MemorySegment x,
        long xAt,
        long xStep,
        MemorySegment y,
        long yAt,
        long yStep,
        MemorySegment z,
        long zAt,
        long rows,
        int n);

    /// The left operand is one element per row: `f(x[r], y[r, i])`.
    void runLeft(
        MemorySegment x,
        long xAt,
        long xStep,
        MemorySegment y,
        long yAt,
        long yStep,
        MemorySegment z,
        long zAt,
        long rows,
        int n);

    /// The right operand is one element per row: `f(x[r, i], y[r])`.
    void runRight(
        MemorySegment x,
        long xAt,
        long xStep,
        MemorySegment y,
        long yAt,
        long yStep,
        MemorySegment z,
        long zAt,
        long rows,
        int n);
  }

  /// A function whose right operand may also be a number.
  interface Binary extends Pairwise {
    /// The right operand is an attribute of the op: `f(x[i], y)`.
    void runScalar(MemorySegment x, long xAt, double y, MemorySegment z, long zAt, int n);
  }

  /// `w[i] = f(x[i], y[i], z[i])`
  non-sealed interface Ternary extends Loop {
    void run(
        MemorySegment x,
        long xAt,
        MemorySegment y,
        long yAt,
        MemorySegment z,
        long zAt,
        MemorySegment w,
        long wAt,
        int n);
  }

  /// What one copy of a loop is made of. `Float` stands for the element type, whichever it is.
  record Body(VectorSpecies<Float> species, Functor functor) {}

  static Unary f32(Functor.Unary<FloatVector> f) {
    return (Unary) define(UnaryLoop.class, Lanes.F32, f);
  }

  /// A loop over `fast` where all arguments lie between the positive numbers `least` and
  /// `greatest`, over `full` elsewhere.
  static Unary f32(
      float least,
      float greatest,
      Functor.Unary<FloatVector> fast,
      Functor.Unary<FloatVector> full) {
    int from = Float.floatToRawIntBits(least);
    int to = Float.floatToRawIntBits(greatest);
    return new RangedLoop(-1L, from, to, 1, f32(fast), f32(full));
  }

  /// A loop over `fast` where no argument is greater than `greatest` in magnitude, over `full`
  /// elsewhere.
  static Unary f32(
      float greatest, Functor.Unary<FloatVector> fast, Functor.Unary<FloatVector> full) {
    int to = Float.floatToRawIntBits(greatest);
    return new RangedLoop(RangedLoop.SIZES_F32, 0, to, 1, f32(fast), f32(full));
  }

  /// A loop over `fast`, and over `exact`, one by one, where an argument is greater than `limit` in
  /// magnitude or NaN.
  static Unary patchedF32(float limit, Functor.Unary<FloatVector> fast, DoubleUnaryOperator exact) {
    return new PatchedLoop(limit, 4, f32(fast), exact);
  }

  /// The same of F64.
  static Unary patchedF64(
      double limit, Functor.Unary<DoubleVector> fast, DoubleUnaryOperator exact) {
    return new PatchedLoop(limit, 8, f64(fast), exact);
  }

  static Unary f64(Functor.Unary<DoubleVector> f) {
    return (Unary) define(UnaryLoop.class, Lanes.F64, f);
  }

  static Binary f32(Functor.Binary<FloatVector> f) {
    return (Binary) define(BinaryLoop.class, Lanes.F32, f);
  }

  static Binary f64(Functor.Binary<DoubleVector> f) {
    return (Binary) define(BinaryLoop.class, Lanes.F64, f);
  }

  static Ternary f32(Functor.Ternary<FloatVector> f) {
    return (Ternary) define(TernaryLoop.class, Lanes.F32, f);
  }

  static Ternary f64(Functor.Ternary<DoubleVector> f) {
    return (Ternary) define(TernaryLoop.class, Lanes.F64, f);
  }

  static Unary i32(Functor.Unary<IntVector> f) {
    return (Unary) define(UnaryLoop.class, Lanes.I32, f);
  }

  static Unary i64(Functor.Unary<LongVector> f) {
    return (Unary) define(UnaryLoop.class, Lanes.I64, f);
  }

  static Unary i8(Functor.Unary<ByteVector> f) {
    return (Unary) define(UnaryLoop.class, Lanes.I8, f);
  }

  static Binary i32(Functor.Binary<IntVector> f) {
    return (Binary) define(BinaryLoop.class, Lanes.I32, f);
  }

  static Binary i64(Functor.Binary<LongVector> f) {
    return (Binary) define(BinaryLoop.class, Lanes.I64, f);
  }

  static Binary i8(Functor.Binary<ByteVector> f) {
    return (Binary) define(BinaryLoop.class, Lanes.I8, f);
  }

  /// A loop whose results are bytes, 1 where `f` holds and 0 elsewhere.
  static Pairwise testF32(Functor.Test<FloatVector> f) {
    return (Pairwise) define(TestLoop.class, Lanes.F32, f);
  }

  static Pairwise testF64(Functor.Test<DoubleVector> f) {
    return (Pairwise) define(TestLoop.class, Lanes.F64, f);
  }

  static Pairwise testI32(Functor.Test<IntVector> f) {
    return (Pairwise) define(TestLoop.class, Lanes.I32, f);
  }

  static Pairwise testI64(Functor.Test<LongVector> f) {
    return (Pairwise) define(TestLoop.class, Lanes.I64, f);
  }

  @SuppressWarnings("unchecked") // see Body
  private static Object define(Class<?> template, VectorSpecies<?> species, Functor functor) {
    Body body = new Body((VectorSpecies<Float>) species, functor);
    return Template.copy(template, body);
  }

  /// True if `bytes` from `xo` of `x` and from `yo` of `y` share memory. The last vector of a loop
  /// may then not start again before the end of the one before: its input would be output already.
  static boolean overlaps(MemorySegment x, long xo, MemorySegment y, long yo, long bytes) {
    return Math.abs(x.address() + xo - y.address() - yo) < bytes;
  }
}
