package dev.gatun.cpu.simd;

import static jdk.incubator.vector.VectorOperators.B2I;
import static jdk.incubator.vector.VectorOperators.B2S;
import static jdk.incubator.vector.VectorOperators.EQ;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/// `z[i] = c[i] ? x[i] : y[i]` over elements of 1, 2, 4 or 8 bytes, a condition being a byte.
/// Offsets are in bytes; the output shares no memory with an input.
///
/// A piece of `x` that fits the first-level cache is copied to `z`, then `y` is put over it where
/// the condition is not true. One loop over all four segments never settles on the JDK of today: C2
/// hoists their range checks by its profile, and the code it makes leaves for the interpreter at
/// each start of the loop (measured: 400 ms where this takes 4).
public final class Select {
  private static final int BITS = Lanes.SHAPE.vectorBitSize();

  /// Bytes of output at a time: of four such pieces, all stay in the first-level cache.
  private static final int PIECE = 8192;

  private static final VectorSpecies<Byte> BYTES_HALF =
      VectorSpecies.of(byte.class, VectorShape.forBitSize(BITS / 2));

  /// Whether a byte for each int is a vector: those of 32 bits do not exist.
  private static final boolean NARROW = BITS == 128;

  private static final VectorSpecies<Byte> BYTES_QUARTER =
      VectorSpecies.of(byte.class, VectorShape.forBitSize(NARROW ? 64 : BITS / 4));
  private static final ValueLayout.OfInt FOUR =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong EIGHT =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort TWO =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final int[] OWN_I32 = {0xff, 0xff00, 0xff0000, 0xff000000};
  private static final long[] OWN_I64 = {
    0xffL, 0xffL << 8, 0xffL << 16, 0xffL << 24, 0xffL << 32, 0xffL << 40, 0xffL << 48, 0xffL << 56
  };

  private Select() {}

  /// The loop for elements of `bytes` bytes.
  public static void run(
      MemorySegment c,
      long co,
      MemorySegment x,
      long xo,
      MemorySegment y,
      long yo,
      MemorySegment z,
      long zo,
      int n,
      int bytes) {
    int full = n - n % (BITS / 8 / bytes);
    int piece = PIECE / bytes;
    for (int i = 0; i < full; i += piece) {
      int m = Math.min(piece, full - i);
      long at = (long) i * bytes;
      MemorySegment.copy(x, xo + at, z, zo + at, (long) m * bytes);
      switch (bytes) {
        case 1 -> patch1(c, co + i, y, yo + at, z, zo + at, m);
        case 2 -> patch2(c, co + i, y, yo + at, z, zo + at, m);
        case 4 -> patch4(c, co + i, y, yo + at, z, zo + at, m);
        default -> patch8(c, co + i, y, yo + at, z, zo + at, m);
      }
    }
    for (int i = full; i < n; i++) {
      boolean first = c.get(Element.BYTE, co + i) != 0;
      long at = (long) i * bytes;
      long bits = Element.bits(first ? x : y, (first ? xo : yo) + at, bytes);
      put(z, zo + at, bytes, bits);
    }
  }

  /// `length` bytes of `z` as copies of the element of `bytes` bytes at `xo`.
  public static void spread(
      MemorySegment x, long xo, int bytes, MemorySegment z, long zo, int length) {
    long bits = Element.bits(x, xo, bytes);
    LongVector v =
        switch (bytes) {
          case 1 -> ByteVector.broadcast(Lanes.I8, (byte) bits).reinterpretAsLongs();
          case 2 -> ShortVector.broadcast(Lanes.S16, (short) bits).reinterpretAsLongs();
          case 4 -> IntVector.broadcast(Lanes.I32, (int) bits).reinterpretAsLongs();
          default -> LongVector.broadcast(Lanes.I64, bits);
        };
    z = Lanes.offHeap(z);
    // Up to a vector beyond the length, within the piece of work memory, whose size is a multiple.
    for (int i = 0; i < length; i += BITS / 8) {
      v.intoMemorySegment(z, zo + i, Lanes.ORDER);
    }
  }

  private static void put(MemorySegment z, long at, int bytes, long bits) {
    switch (bytes) {
      case 1 -> z.set(Element.BYTE, at, (byte) bits);
      case 2 -> z.set(Element.SHORT, at, (short) bits);
      case 4 -> z.set(Element.INT, at, (int) bits);
      default -> z.set(Element.LONG, at, bits);
    }
  }

  private static void patch1(
      MemorySegment c, long co, MemorySegment y, long yo, MemorySegment z, long zo, int n) {
    c = Lanes.offHeap(c);
    y = Lanes.offHeap(y);
    z = Lanes.offHeap(z);
    for (int i = 0; i < n; i += Lanes.I8.length()) {
      ByteVector m = ByteVector.fromMemorySegment(Lanes.I8, c, co + i, Lanes.ORDER);
      ByteVector a = ByteVector.fromMemorySegment(Lanes.I8, z, zo + i, Lanes.ORDER);
      ByteVector b = ByteVector.fromMemorySegment(Lanes.I8, y, yo + i, Lanes.ORDER);
      a.blend(b, m.compare(EQ, (byte) 0)).intoMemorySegment(z, zo + i, Lanes.ORDER);
    }
  }

  private static void patch2(
      MemorySegment c, long co, MemorySegment y, long yo, MemorySegment z, long zo, int n) {
    c = Lanes.offHeap(c);
    y = Lanes.offHeap(y);
    z = Lanes.offHeap(z);
    for (int i = 0; i < n; i += Lanes.S16.length()) {
      long at = i * 2L;
      ByteVector k = ByteVector.fromMemorySegment(BYTES_HALF, c, co + i, Lanes.ORDER);
      ShortVector m = (ShortVector) k.convertShape(B2S, Lanes.S16, 0);
      ShortVector a = ShortVector.fromMemorySegment(Lanes.S16, z, zo + at, Lanes.ORDER);
      ShortVector b = ShortVector.fromMemorySegment(Lanes.S16, y, yo + at, Lanes.ORDER);
      a.blend(b, m.compare(EQ, (short) 0)).intoMemorySegment(z, zo + at, Lanes.ORDER);
    }
  }

  private static void patch4(
      MemorySegment c, long co, MemorySegment y, long yo, MemorySegment z, long zo, int n) {
    c = Lanes.offHeap(c);
    y = Lanes.offHeap(y);
    z = Lanes.offHeap(z);
    for (int i = 0; i < n; i += Lanes.I32.length()) {
      long at = i * 4L;
      IntVector m;
      if (NARROW) {
        // Four conditions in every lane, each of which looks at its own.
        m =
            IntVector.broadcast(Lanes.I32, c.get(FOUR, co + i))
                .and(IntVector.fromArray(Lanes.I32, OWN_I32, 0));
      } else {
        ByteVector k = ByteVector.fromMemorySegment(BYTES_QUARTER, c, co + i, Lanes.ORDER);
        m = (IntVector) k.convertShape(B2I, Lanes.I32, 0);
      }
      IntVector a = IntVector.fromMemorySegment(Lanes.I32, z, zo + at, Lanes.ORDER);
      IntVector b = IntVector.fromMemorySegment(Lanes.I32, y, yo + at, Lanes.ORDER);
      a.blend(b, m.compare(EQ, 0)).intoMemorySegment(z, zo + at, Lanes.ORDER);
    }
  }

  private static void patch8(
      MemorySegment c, long co, MemorySegment y, long yo, MemorySegment z, long zo, int n) {
    c = Lanes.offHeap(c);
    y = Lanes.offHeap(y);
    z = Lanes.offHeap(z);
    LongVector own = LongVector.fromArray(Lanes.I64, OWN_I64, 0);
    for (int i = 0; i < n; i += Lanes.I64.length()) {
      long at = i * 8L;
      LongVector m = LongVector.broadcast(Lanes.I64, conditions(c, co + i)).and(own);
      LongVector a = LongVector.fromMemorySegment(Lanes.I64, z, zo + at, Lanes.ORDER);
      LongVector b = LongVector.fromMemorySegment(Lanes.I64, y, yo + at, Lanes.ORDER);
      a.blend(b, m.compare(EQ, 0)).intoMemorySegment(z, zo + at, Lanes.ORDER);
    }
  }

  /// As many conditions as a vector has longs, the first in the lowest byte.
  private static long conditions(MemorySegment c, long at) {
    return switch (BITS) {
      case 128 -> c.get(TWO, at);
      case 256 -> c.get(FOUR, at);
      default -> c.get(EIGHT, at);
    };
  }
}
