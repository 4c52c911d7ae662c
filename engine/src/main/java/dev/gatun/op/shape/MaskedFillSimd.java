package dev.gatun.op.shape;

import static jdk.incubator.vector.VectorOperators.B2I;
import static jdk.incubator.vector.VectorOperators.B2L;
import static jdk.incubator.vector.VectorOperators.NE;

import dev.gatun.cpu.simd.Lanes;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/// Vector form of [MaskedFill] for elements of 4 and 8 bytes; shorter ones go one by one.
final class MaskedFillSimd {
  private static final long BLOCK = 16_384;
  private static final int PATTERN = 0;

  private static final int N32 = Lanes.I32.length();
  private static final int N64 = Lanes.I64.length();

  // The smallest vector has 8 bytes, of which a narrow register takes the first few.
  private static final VectorSpecies<Byte> MASK_32 =
      VectorSpecies.of(byte.class, VectorShape.forBitSize(Math.max(64, 8 * N32)));
  private static final VectorSpecies<Byte> MASK_64 =
      VectorSpecies.of(byte.class, VectorShape.S_64_BIT);

  private static final Workers.Body BODY = MaskedFillSimd::block;

  private MaskedFillSimd() {}

  static void run(Call c, Workers w, double value) {
    c.dtype().write(c.scratch(), 0, value);
    c.registers()[PATTERN] = BytesSimd.pattern(c.scratch(), 0, c.dtype().bytes());
    long n = c.inShape(0).elems();
    w.run(BODY, c, 0, Math.toIntExact((n + BLOCK - 1) / BLOCK));
  }

  private static void block(Call c, long phase, int block, int worker) {
    long period = c.inShape(1).elems();
    int bytes = c.dtype().bytes();
    long at = block * BLOCK;
    long end = Math.min(c.inShape(0).elems(), at + BLOCK);
    long fill = c.registers()[PATTERN];
    while (at < end) {
      long mo = at % period;
      int n = (int) Math.min(period - mo, end - at);
      switch (bytes) {
        case 4 -> ints(c.in(0), c.in(1), mo, c.out(0), at * 4, n, (int) fill);
        case 8 -> longs(c.in(0), c.in(1), mo, c.out(0), at * 8, n, fill);
        case 2 -> shorts(c.in(0), c.in(1), mo, c.out(0), at * 2, n, (short) fill);
        default -> bytes(c.in(0), c.in(1), mo, c.out(0), at, n, (byte) fill);
      }
      at += n;
    }
  }

  private static void ints(
      MemorySegment x, MemorySegment mask, long mo, MemorySegment y, long at, int n, int fill) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    mask = Lanes.offHeap(mask);
    IntVector v = IntVector.broadcast(Lanes.I32, fill);
    int i = 0;
    for (; i <= n - MASK_32.length(); i += N32) {
      ByteVector b = ByteVector.fromMemorySegment(MASK_32, mask, mo + i, Lanes.ORDER);
      IntVector m = (IntVector) b.convertShape(B2I, Lanes.I32, 0);
      IntVector.fromMemorySegment(Lanes.I32, x, at + i * 4L, Lanes.ORDER)
          .blend(v, m.compare(NE, 0))
          .intoMemorySegment(y, at + i * 4L, Lanes.ORDER);
    }
    for (; i < n; i++) {
      boolean set = mask.get(BytesSimd.BYTE, mo + i) != 0;
      y.set(BytesSimd.INT, at + i * 4L, set ? fill : x.get(BytesSimd.INT, at + i * 4L));
    }
  }

  private static void longs(
      MemorySegment x, MemorySegment mask, long mo, MemorySegment y, long at, int n, long fill) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    mask = Lanes.offHeap(mask);
    LongVector v = LongVector.broadcast(Lanes.I64, fill);
    int i = 0;
    for (; i <= n - MASK_64.length(); i += N64) {
      ByteVector b = ByteVector.fromMemorySegment(MASK_64, mask, mo + i, Lanes.ORDER);
      LongVector m = (LongVector) b.convertShape(B2L, Lanes.I64, 0);
      LongVector.fromMemorySegment(Lanes.I64, x, at + i * 8L, Lanes.ORDER)
          .blend(v, m.compare(NE, 0))
          .intoMemorySegment(y, at + i * 8L, Lanes.ORDER);
    }
    for (; i < n; i++) {
      boolean set = mask.get(BytesSimd.BYTE, mo + i) != 0;
      y.set(BytesSimd.LONG, at + i * 8L, set ? fill : x.get(BytesSimd.LONG, at + i * 8L));
    }
  }

  private static void shorts(
      MemorySegment x, MemorySegment mask, long mo, MemorySegment y, long at, int n, short fill) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    mask = Lanes.offHeap(mask);
    for (int i = 0; i < n; i++) {
      boolean set = mask.get(BytesSimd.BYTE, mo + i) != 0;
      y.set(BytesSimd.SHORT, at + i * 2L, set ? fill : x.get(BytesSimd.SHORT, at + i * 2L));
    }
  }

  private static void bytes(
      MemorySegment x, MemorySegment mask, long mo, MemorySegment y, long at, int n, byte fill) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    mask = Lanes.offHeap(mask);
    for (int i = 0; i < n; i++) {
      boolean set = mask.get(BytesSimd.BYTE, mo + i) != 0;
      y.set(BytesSimd.BYTE, at + i, set ? fill : x.get(BytesSimd.BYTE, at + i));
    }
  }
}
