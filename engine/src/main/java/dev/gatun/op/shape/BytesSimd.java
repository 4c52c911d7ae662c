package dev.gatun.op.shape;

import dev.gatun.cpu.simd.Lanes;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorShuffle;

/// Moves of short runs of bytes, for kernels that make many of them: a call of the system's copy
/// costs as much as some hundred bytes. Source and target never overlap. Lengths are whole
/// elements.
final class BytesSimd {
  static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
  static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
  static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;
  static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;

  /// From here on the system's copy wins.
  private static final int LONG_RUN = 2048;

  private static final int WIDTH = Lanes.I32.vectorByteSize();
  private static final int N32 = Lanes.I32.length();
  private static final int N64 = Lanes.I64.length();
  private static final VectorShuffle<Integer> REVERSE_32 =
      VectorShuffle.fromOp(Lanes.I32, i -> N32 - 1 - i);
  private static final VectorShuffle<Long> REVERSE_64 =
      VectorShuffle.fromOp(Lanes.I64, i -> N64 - 1 - i);

  private BytesSimd() {}

  static void copy(MemorySegment x, long xo, MemorySegment y, long yo, long bytes) {
    if (bytes >= LONG_RUN) {
      MemorySegment.copy(x, xo, y, yo, bytes);
    } else if (bytes >= WIDTH) {
      vectors(x, xo, y, yo, (int) bytes);
    } else {
      scalars(x, xo, y, yo, (int) bytes);
    }
  }

  private static void vectors(MemorySegment x, long xo, MemorySegment y, long yo, int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    int last = n - WIDTH;
    for (int i = 0; i < last; i += WIDTH) {
      IntVector.fromMemorySegment(Lanes.I32, x, xo + i, Lanes.ORDER)
          .intoMemorySegment(y, yo + i, Lanes.ORDER);
    }
    IntVector.fromMemorySegment(Lanes.I32, x, xo + last, Lanes.ORDER)
        .intoMemorySegment(y, yo + last, Lanes.ORDER);
  }

  private static void scalars(MemorySegment x, long xo, MemorySegment y, long yo, int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    int i = 0;
    for (; i + 8 <= n; i += 8) {
      y.set(LONG, yo + i, x.get(LONG, xo + i));
    }
    if ((n & 4) != 0) {
      y.set(INT, yo + i, x.get(INT, xo + i));
      i += 4;
    }
    if ((n & 2) != 0) {
      y.set(SHORT, yo + i, x.get(SHORT, xo + i));
      i += 2;
    }
    if ((n & 1) != 0) {
      y.set(BYTE, yo + i, x.get(BYTE, xo + i));
    }
  }

  /// The element of `size` bytes at `at`, repeated over the 8 bytes of a long.
  static long pattern(MemorySegment x, long at, int size) {
    return switch (size) {
      case 1 -> (x.get(BYTE, at) & 0xffL) * 0x0101_0101_0101_0101L;
      case 2 -> (x.get(SHORT, at) & 0xffffL) * 0x0001_0001_0001_0001L;
      case 4 -> (x.get(INT, at) & 0xffff_ffffL) * 0x0000_0001_0000_0001L;
      default -> x.get(LONG, at);
    };
  }

  /// Repeats a [#pattern].
  static void fill(MemorySegment y, long yo, long bytes, long pattern) {
    y = Lanes.offHeap(y);
    LongVector v = LongVector.broadcast(Lanes.I64, pattern);
    // An int loop for any length: 1 GiB at a time.
    for (long done = 0; done < bytes; done += 1 << 30) {
      int n = (int) Math.min(1 << 30, bytes - done);
      long at = yo + done;
      int full = n - n % WIDTH;
      for (int i = 0; i < full; i += WIDTH) {
        v.intoMemorySegment(y, at + i, Lanes.ORDER);
      }
      fillTail(y, at + full, n - full, pattern);
    }
  }

  private static void fillTail(MemorySegment y, long yo, int n, long pattern) {
    int i = 0;
    for (; i + 8 <= n; i += 8) {
      y.set(LONG, yo + i, pattern);
    }
    if ((n & 4) != 0) {
      y.set(INT, yo + i, (int) pattern);
      i += 4;
    }
    if ((n & 2) != 0) {
      y.set(SHORT, yo + i, (short) pattern);
      i += 2;
    }
    if ((n & 1) != 0) {
      y.set(BYTE, yo + i, (byte) pattern);
    }
  }

  /// The unit of `size` bytes at `xo`, `n` times.
  static void repeat(MemorySegment x, long xo, MemorySegment y, long yo, long size, long n) {
    if (size == 4 || size == 8 || size == 2 || size == 1) {
      fill(y, yo, n * size, pattern(x, xo, (int) size));
      return;
    }
    for (long i = 0; i < n; i++) {
      copy(x, xo, y, yo + i * size, size);
    }
  }

  /// `n` units of `size` bytes from `xo` on, last first.
  static void reverse(MemorySegment x, long xo, MemorySegment y, long yo, long size, long n) {
    int count = (int) Math.min(n, Integer.MAX_VALUE);
    if (n > count || size > 8 || Long.bitCount(size) != 1) {
      for (long i = 0; i < n; i++) {
        copy(x, xo + (n - 1 - i) * size, y, yo + i * size, size);
      }
      return;
    }
    switch ((int) size) {
      case 4 -> reverse4(x, xo, y, yo, count);
      case 8 -> reverse8(x, xo, y, yo, count);
      case 2 -> reverse2(x, xo, y, yo, count);
      default -> reverse1(x, xo, y, yo, count);
    }
  }

  private static void reverse1(MemorySegment x, long xo, MemorySegment y, long yo, int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    for (int i = 0; i < n; i++) {
      y.set(BYTE, yo + i, x.get(BYTE, xo + (n - 1 - i)));
    }
  }

  private static void reverse2(MemorySegment x, long xo, MemorySegment y, long yo, int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    for (int i = 0; i < n; i++) {
      y.set(SHORT, yo + i * 2L, x.get(SHORT, xo + (n - 1 - i) * 2L));
    }
  }

  private static void reverse4(MemorySegment x, long xo, MemorySegment y, long yo, int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    int full = Lanes.I32.loopBound(n);
    for (int i = 0; i < full; i += N32) {
      IntVector.fromMemorySegment(Lanes.I32, x, xo + (n - N32 - i) * 4L, Lanes.ORDER)
          .rearrange(REVERSE_32)
          .intoMemorySegment(y, yo + i * 4L, Lanes.ORDER);
    }
    for (int i = full; i < n; i++) {
      y.set(INT, yo + i * 4L, x.get(INT, xo + (n - 1 - i) * 4L));
    }
  }

  private static void reverse8(MemorySegment x, long xo, MemorySegment y, long yo, int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    int full = Lanes.I64.loopBound(n);
    for (int i = 0; i < full; i += N64) {
      LongVector.fromMemorySegment(Lanes.I64, x, xo + (n - N64 - i) * 8L, Lanes.ORDER)
          .rearrange(REVERSE_64)
          .intoMemorySegment(y, yo + i * 8L, Lanes.ORDER);
    }
    for (int i = full; i < n; i++) {
      y.set(LONG, yo + i * 8L, x.get(LONG, xo + (n - 1 - i) * 8L));
    }
  }
}
