package dev.gatun.op.reduce;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static jdk.incubator.vector.VectorOperators.NE;

import dev.gatun.cpu.simd.Accumulate;
import dev.gatun.cpu.simd.Lanes;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorSpecies;

/// Vector form of [Any], [All] and [CountNonzero]: bits of comparisons counted along rows of every
/// type and along columns of floats; columns of other types go row by row.
record CountSimd(OnePlaneSimd floats) implements States.Form {
  private static final VectorSpecies<Byte> BYTES = VectorSpecies.of(byte.class, Lanes.SHAPE);

  private static final Accumulate NONZERO =
      Accumulate.of((a, x, p) -> a.blend(a.add(1), x.compare(NE, 0)), (a, b) -> a.add(b), 0);

  static final Workers.Body ANY = body((v, n) -> v > 0 ? 1 : 0);
  static final Workers.Body ALL = body((v, n) -> v == n ? 1 : 0);
  static final Workers.Body COUNT = body((v, n) -> v);

  private static Workers.Body body(OnePlaneSimd.Finish finish) {
    return new States.Body(new CountSimd(new OnePlaneSimd(NONZERO, Double::sum, finish)));
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
      row(c.in(0), (at + r * stride) * c.dtype().bytes(), c.dtype().bytes(), n, c.scratch(), state);
    }
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
}
