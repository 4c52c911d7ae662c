package dev.gatun.op.reduce;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.op.reduce.IntegerReduction.Kind;
import dev.gatun.tensor.DType;
import java.lang.foreign.MemorySegment;

/// Blocks of [IntegerReduction], in longs: plain loops, one step a nanosecond or less, which is
/// what masks and counts need.
record IntegerBlocks(Kind kind) implements States.Form {
  static final Workers.Body SUM = new States.Body(new IntegerBlocks(Kind.SUM));
  static final Workers.Body PROD = new States.Body(new IntegerBlocks(Kind.PROD));
  static final Workers.Body MIN = new States.Body(new IntegerBlocks(Kind.MIN));
  static final Workers.Body MAX = new States.Body(new IntegerBlocks(Kind.MAX));

  @Override
  public void row(Call c, long at, int n, long state, long plane) {
    States.setLong(c, state, run(c, at, 1, n));
  }

  @Override
  public void columns(Call c, long at, long stride, long rows, int n, long state, long plane) {
    for (int i = 0; i < n; i++) {
      States.setLong(c, state + i, run(c, at + i, stride, rows));
    }
  }

  private long run(Call c, long at, long stride, long n) {
    return switch (c.dtype()) {
      case I32 -> ints(kind, c.in(0), at * 4, stride * 4, n);
      case I64 -> longs(kind, c.in(0), at * 8, stride * 8, n);
      default -> others(kind, c, at, stride, n);
    };
  }

  private static long ints(Kind kind, MemorySegment x, long at, long step, long n) {
    long v = kind.identity();
    for (long i = 0; i < n; i++) {
      v = kind.join(v, x.get(JAVA_INT_UNALIGNED, at + i * step));
    }
    return v;
  }

  private static long longs(Kind kind, MemorySegment x, long at, long step, long n) {
    long v = kind.identity();
    for (long i = 0; i < n; i++) {
      v = kind.join(v, x.get(JAVA_LONG_UNALIGNED, at + i * step));
    }
    return v;
  }

  private static long others(Kind kind, Call c, long at, long stride, long n) {
    DType t = c.dtype();
    long v = kind.identity();
    for (long i = 0; i < n; i++) {
      v = kind.join(v, t.readLong(c.in(0), at + i * stride));
    }
    return v;
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
    write(c, out, States.getLong(c, state));
  }

  /// Not through double, which has too few digits for I64.
  static void write(Call c, long out, long v) {
    if (c.outSpec(0).dtype() == DType.I64) {
      c.out(0).set(JAVA_LONG_UNALIGNED, out * 8, v);
    } else {
      c.set(0, out, v);
    }
  }
}
