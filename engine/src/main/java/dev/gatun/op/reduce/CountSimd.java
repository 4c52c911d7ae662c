package dev.gatun.op.reduce;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static jdk.incubator.vector.VectorOperators.EQ;
import static jdk.incubator.vector.VectorOperators.NE;

import dev.gatun.cpu.simd.Accumulate;
import dev.gatun.cpu.simd.Lanes;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorSpecies;

/// Vector form of [Any], [All] and [CountNonzero]: bits of comparisons counted along rows of every
/// type and along columns of floats; columns of other types go row by row.
record CountSimd(Result result, OnePlaneSimd floats) implements States.Form {
  /// What is asked of a count.
  enum Result {
    ANY,
    ALL,
    COUNT
  }

  private static final long ONE = Double.doubleToRawLongBits(1);

  /// What a count below 2^52 is added to, to have its digits at the lower end of the bits.
  private static final double SHIFT = 0x1p52;

  private static final VectorSpecies<Byte> BYTES = VectorSpecies.of(byte.class, Lanes.SHAPE);

  private static final Accumulate NONZERO =
      Accumulate.of((a, x, p) -> a.blend(a.add(1), x.compare(NE, 0)), (a, b) -> a.add(b), 0);

  private static final ValueLayout.OfLong EIGHT =
      JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  static final Workers.Body ANY = body(Result.ANY, (v, n) -> v > 0 ? 1 : 0);
  static final Workers.Body ALL = body(Result.ALL, (v, n) -> v == n ? 1 : 0);
  static final Workers.Body COUNT = body(Result.COUNT, (v, n) -> v);

  private static Workers.Body body(Result result, OnePlaneSimd.Finish finish) {
    return new States.Body(new CountSimd(result, new OnePlaneSimd(NONZERO, Double::sum, finish)));
  }

  @Override
  public void row(Call c, long at, int n, long state, long plane) {
    DType t = c.dtype();
    long from = at * t.bytes();
    int full =
        switch (t.bytes()) {
          case 1 -> BYTES.loopBound(n);
          case 4 -> Lanes.I32.loopBound(n);
          default -> Lanes.I64.loopBound(n);
        };
    int count =
        switch (t) {
          case F32 -> floats(c.in(0), from, full);
          case F64 -> doubles(c.in(0), from, full);
          case I32 -> ints(c.in(0), from, full);
          case I64 -> longs(c.in(0), from, full);
          default -> bytes(c.in(0), from, full);
        };
    for (int i = full; i < n; i++) {
      count += c.get(0, at + i) != 0 ? 1 : 0;
    }
    States.set(c, state, count);
  }

  private static int floats(MemorySegment x, long at, int n) {
    x = Lanes.offHeap(x);
    int count = 0;
    for (int i = 0; i < n; i += Lanes.F32.length()) {
      FloatVector v = FloatVector.fromMemorySegment(Lanes.F32, x, at + i * 4L, Lanes.ORDER);
      count += v.compare(NE, 0).trueCount();
    }
    return count;
  }

  private static int doubles(MemorySegment x, long at, int n) {
    x = Lanes.offHeap(x);
    int count = 0;
    for (int i = 0; i < n; i += Lanes.F64.length()) {
      DoubleVector v = DoubleVector.fromMemorySegment(Lanes.F64, x, at + i * 8L, Lanes.ORDER);
      count += v.compare(NE, 0).trueCount();
    }
    return count;
  }

  private static int ints(MemorySegment x, long at, int n) {
    x = Lanes.offHeap(x);
    int count = 0;
    for (int i = 0; i < n; i += Lanes.I32.length()) {
      IntVector v = IntVector.fromMemorySegment(Lanes.I32, x, at + i * 4L, Lanes.ORDER);
      count += v.compare(NE, 0).trueCount();
    }
    return count;
  }

  private static int longs(MemorySegment x, long at, int n) {
    x = Lanes.offHeap(x);
    int count = 0;
    for (int i = 0; i < n; i += Lanes.I64.length()) {
      LongVector v = LongVector.fromMemorySegment(Lanes.I64, x, at + i * 8L, Lanes.ORDER);
      count += v.compare(NE, 0).trueCount();
    }
    return count;
  }

  private static int bytes(MemorySegment x, long at, int n) {
    x = Lanes.offHeap(x);
    int count = 0;
    for (int i = 0; i < n; i += BYTES.length()) {
      ByteVector v = ByteVector.fromMemorySegment(BYTES, x, at + i, Lanes.ORDER);
      count += v.compare(NE, (byte) 0).trueCount();
    }
    return count;
  }

  @Override
  public void columns(Call c, long at, long stride, long rows, int n, long state, long plane) {
    if (c.dtype().computes()) {
      floats.columns(c, at, stride, rows, n, state, plane);
      return;
    }
    for (int i = 0; i < n; i++) {
      States.set(c, state + i, 0);
    }
    for (long r = 0; r < rows; r++) {
      long from = (at + r * stride) * c.dtype().bytes();
      if (c.dtype() == DType.I64) {
        longs(c.in(0), from, n, c.scratch(), state);
      } else {
        row(c.in(0), from, c.dtype().bytes(), n, c.scratch(), state);
      }
    }
  }

  private static void longs(MemorySegment x, long at, int n, MemorySegment counts, long state) {
    x = Lanes.offHeap(x);
    counts = Lanes.offHeap(counts);
    LongVector one = LongVector.broadcast(Lanes.I64, ONE);
    LongVector zero = LongVector.zero(Lanes.I64);
    int full = Lanes.I64.loopBound(n);
    for (int i = 0; i < full; i += Lanes.I64.length()) {
      LongVector v = LongVector.fromMemorySegment(Lanes.I64, x, at + i * 8L, Lanes.ORDER);
      // The bits of 0.0 or 1.0.
      DoubleVector more = zero.blend(one, v.compare(NE, 0)).reinterpretAsDoubles();
      long o = state * 8 + i * 8L;
      DoubleVector.fromMemorySegment(Lanes.F64, counts, o, Lanes.ORDER)
          .add(more)
          .intoMemorySegment(counts, o, Lanes.ORDER);
    }
    row(x, at + full * 8L, 8, n - full, counts, state + full);
  }

  /// Adds 1 to the counts of elements with any bit set.
  private static void row(
      MemorySegment x, long at, int bytes, int n, MemorySegment counts, long state) {
    x = Lanes.offHeap(x);
    counts = Lanes.offHeap(counts);
    for (int i = 0; i < n; i++) {
      long v =
          switch (bytes) {
            case 1 -> x.get(JAVA_BYTE, at + i);
            case 4 -> x.get(JAVA_INT_UNALIGNED, at + i * 4L);
            default -> x.get(JAVA_LONG_UNALIGNED, at + i * 8L);
          };
      long o = (state + i) * Double.BYTES;
      counts.set(Lanes.DOUBLE, o, counts.get(Lanes.DOUBLE, o) + (v != 0 ? 1 : 0));
    }
  }

  @Override
  public void join(Call c, long from, long step, long n, long fromPlane, long state, long plane) {
    floats.join(c, from, step, n, fromPlane, state, plane);
  }

  @Override
  public void finish(Call c, long state, long plane, long n, long out) {
    floats.finish(c, state, plane, n, out);
  }

  @Override
  public void finish(Call c, long state, long plane, long n, long out, int results) {
    switch (result) {
      case ANY -> truths(c.scratch(), state, 0, 0xff, c.out(0), out, results);
      case ALL -> truths(c.scratch(), state, (double) n, 0, c.out(0), out, results);
      case COUNT -> counts(c.scratch(), state, c.out(0), out, results);
    }
  }

  /// Which counts are `n`, all bits of eight answers turned by `flip`.
  private static void truths(
      MemorySegment counts, long state, double n, long flip, MemorySegment y, long out, int size) {
    counts = Lanes.offHeap(counts);
    y = Lanes.offHeap(y);
    int full = size & -8;
    for (int i = 0; i < full; i += 8) {
      long bits = flip;
      for (int k = 0; k < 8; k += Lanes.F64.length()) {
        long at = state * 8 + (i + k) * 8L;
        DoubleVector v = DoubleVector.fromMemorySegment(Lanes.F64, counts, at, Lanes.ORDER);
        bits ^= v.compare(EQ, n).toLong() << k;
      }
      // Bit k goes to byte k.
      long own = bits * 0x0101010101010101L & 0x8040201008040201L;
      y.set(EIGHT, out + i, own + 0x7f7f7f7f7f7f7f7fL >>> 7 & 0x0101010101010101L);
    }
    for (int i = full; i < size; i++) {
      boolean same = counts.get(Lanes.DOUBLE, (state + i) * 8) == n;
      y.set(JAVA_BYTE, out + i, (byte) (same != (flip != 0) ? 1 : 0));
    }
  }

  private static void counts(
      MemorySegment counts, long state, MemorySegment y, long out, int size) {
    counts = Lanes.offHeap(counts);
    y = Lanes.offHeap(y);
    int full = Lanes.F64.loopBound(size);
    for (int i = 0; i < full; i += Lanes.F64.length()) {
      long at = state * 8 + i * 8L;
      DoubleVector.fromMemorySegment(Lanes.F64, counts, at, Lanes.ORDER)
          .add(SHIFT)
          .reinterpretAsLongs()
          .and(0xf_ffff_ffff_ffffL)
          .intoMemorySegment(y, out * 8 + i * 8L, Lanes.ORDER);
    }
    for (int i = full; i < size; i++) {
      long v = (long) counts.get(Lanes.DOUBLE, (state + i) * 8);
      y.set(JAVA_LONG_UNALIGNED, (out + i) * 8, v);
    }
  }
}
