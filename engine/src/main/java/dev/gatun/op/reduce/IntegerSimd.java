package dev.gatun.op.reduce;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import dev.gatun.cpu.simd.Integers;
import dev.gatun.cpu.simd.Lanes;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.op.reduce.IntegerReduction.Kind;
import dev.gatun.tensor.DType;
import java.lang.foreign.MemorySegment;

/// Blocks of [IntegerReduction], in longs. I32 and I64 go in vectors, and where rows of 1, 2 or 4
/// elements follow one another, their run goes as a row whose lanes are kept apart. Other types go
/// in plain loops.
record IntegerSimd(Kind kind, Integers loops) implements States.Form {
  static final Workers.Body SUM = new States.Body(new IntegerSimd(Kind.SUM, Integers.sum()));
  static final Workers.Body PROD = new States.Body(new IntegerSimd(Kind.PROD, Integers.product()));
  static final Workers.Body MIN = new States.Body(new IntegerSimd(Kind.MIN, Integers.least()));
  static final Workers.Body MAX = new States.Body(new IntegerSimd(Kind.MAX, Integers.greatest()));

  @Override
  public void row(Call c, long at, int n, long state, long plane) {
    if (isWide(c)) {
      columns(c, at, 1, n, 1, state, plane);
    } else {
      States.setLong(c, state, others(kind, c, at, n));
    }
  }

  private static boolean isWide(Call c) {
    return c.dtype() == DType.I32 || c.dtype() == DType.I64;
  }

  private static long others(Kind kind, Call c, long at, int n) {
    DType t = c.dtype();
    long v = kind.identity();
    for (int i = 0; i < n; i++) {
      v = kind.join(v, t.readLong(c.in(0), at + i));
    }
    return v;
  }

  @Override
  public void columns(Call c, long at, long stride, long rows, int n, long state, long plane) {
    for (int i = 0; i < n; i++) {
      States.setLong(c, state + i, kind.identity());
    }
    if (!isWide(c)) {
      scalars(c, at, stride, rows, n, state);
      return;
    }
    boolean isI32 = c.dtype() == DType.I32;
    int size = c.dtype().bytes();
    long to = state * Long.BYTES;
    if (n == stride && (n == 1 || n == 2 || n == 4) && n <= Integers.LANES) {
      int all = Math.toIntExact(rows * n);
      int full = all - all % Integers.LANES;
      loops.row(isI32, c.in(0), at * size, full, n, c.scratch(), to);
      scalars(c, at + full, stride, (all - full) / n, n, state);
      return;
    }
    int full = n - n % Integers.LANES;
    loops.columns(isI32, c.in(0), at * size, stride * size, rows, full, c.scratch(), to);
    if (full < n) {
      scalars(c, at + full, stride, rows, n - full, state + full);
    }
  }

  private void scalars(Call c, long at, long stride, long rows, int n, long state) {
    for (long r = 0; r < rows; r++) {
      long from = at + r * stride;
      switch (c.dtype()) {
        case I32 -> intColumns(kind, c.in(0), from, n, c.scratch(), state);
        case I64 -> longColumns(kind, c.in(0), from, n, c.scratch(), state);
        default -> otherColumns(kind, c, from, n, state);
      }
    }
  }

  private static void intColumns(
      Kind kind, MemorySegment x, long at, int n, MemorySegment a, long aAt) {
    x = Lanes.offHeap(x);
    a = Lanes.offHeap(a);
    for (int i = 0; i < n; i++) {
      long v = a.get(JAVA_LONG_UNALIGNED, (aAt + i) * 8);
      v = kind.join(v, x.get(JAVA_INT_UNALIGNED, (at + i) * 4));
      a.set(JAVA_LONG_UNALIGNED, (aAt + i) * 8, v);
    }
  }

  private static void longColumns(
      Kind kind, MemorySegment x, long at, int n, MemorySegment a, long aAt) {
    x = Lanes.offHeap(x);
    a = Lanes.offHeap(a);
    for (int i = 0; i < n; i++) {
      long v = a.get(JAVA_LONG_UNALIGNED, (aAt + i) * 8);
      v = kind.join(v, x.get(JAVA_LONG_UNALIGNED, (at + i) * 8));
      a.set(JAVA_LONG_UNALIGNED, (aAt + i) * 8, v);
    }
  }

  private static void otherColumns(Kind kind, Call c, long at, int n, long state) {
    DType t = c.dtype();
    for (int i = 0; i < n; i++) {
      long v = kind.join(States.getLong(c, state + i), t.readLong(c.in(0), at + i));
      States.setLong(c, state + i, v);
    }
  }

  @Override
  public void join(Call c, long from, long step, long n, long fromPlane, long state, long plane) {
    long v = kind.identity();
    for (long i = 0; i < n; i++) {
      v = kind.join(v, States.getLong(c, from + i * step));
    }
    States.setLong(c, state, v);
  }

  @Override
  public void finish(Call c, long state, long plane, long n, long out) {
    IntegerReduction.write(c, out, States.getLong(c, state));
  }
}
