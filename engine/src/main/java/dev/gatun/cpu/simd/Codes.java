package dev.gatun.cpu.simd;

import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.B2I;
import static jdk.incubator.vector.VectorOperators.I2B;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.MAX;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/// F32 numbers as whole numbers of 8 or 4 bits times a scale, and back: `n` from byte offset `xo`
/// of `x` to byte offset `yo` of `y`. Products must be below 2^22.
///
/// Adding 1.5 times 2^23 rounds to the nearest even whole number, whose two's complement are then
/// the low bits.
public final class Codes {
  private static final float ROUND = 0x1.8p23f;
  private static final int BITS = Lanes.SHAPE.vectorBitSize();
  private static final int LANES = Lanes.F32.length();

  /// A byte for each lane; where that is 32 bits, there is no such vector and numbers go one by
  /// one.
  private static final VectorSpecies<Byte> BYTES =
      VectorSpecies.of(byte.class, VectorShape.forBitSize(Math.max(64, BITS / 4)));

  private static final int STEP = BITS == 128 ? Integer.MAX_VALUE : LANES;

  private Codes() {}

  /// The greatest magnitude, NaN if there is one.
  public static float greatest(MemorySegment x, long xo, int n) {
    x = Lanes.offHeap(x);
    int full = Lanes.F32.loopBound(n);
    FloatVector most = FloatVector.zero(Lanes.F32);
    for (int i = 0; i < full; i += LANES) {
      FloatVector v = FloatVector.fromMemorySegment(Lanes.F32, x, xo + i * 4L, Lanes.ORDER);
      most = most.max(v.abs());
    }
    float max = most.reduceLanes(MAX);
    for (int i = full; i < n; i++) {
      max = Math.max(max, Math.abs(x.get(Lanes.FLOAT, xo + i * 4L)));
    }
    return max;
  }

  /// `n` numbers times `inverse` to as many bytes.
  public static void round8(
      MemorySegment x, long xo, MemorySegment y, long yo, int n, float inverse) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    int full = n - n % STEP;
    for (int i = 0; i < full; i += STEP) {
      FloatVector v = FloatVector.fromMemorySegment(Lanes.F32, x, xo + i * 4L, Lanes.ORDER);
      IntVector code = v.mul(inverse).add(ROUND).reinterpretAsInts();
      ((ByteVector) code.convertShape(I2B, BYTES, 0)).intoMemorySegment(y, yo + i, Lanes.ORDER);
    }
    for (int i = full; i < n; i++) {
      y.set(Element.BYTE, yo + i, (byte) code(x, xo + i * 4L, inverse));
    }
  }

  private static int code(MemorySegment x, long at, float inverse) {
    return Float.floatToRawIntBits(x.get(Lanes.FLOAT, at) * inverse + ROUND);
  }

  /// `2 n` numbers times `inverse` to `n` bytes, the first `n` in their low halves.
  public static void round4(
      MemorySegment x, long xo, MemorySegment y, long yo, int n, float inverse) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    long upper = xo + n * 4L;
    int full = n - n % STEP;
    for (int i = 0; i < full; i += STEP) {
      FloatVector v = FloatVector.fromMemorySegment(Lanes.F32, x, xo + i * 4L, Lanes.ORDER);
      FloatVector u = FloatVector.fromMemorySegment(Lanes.F32, x, upper + i * 4L, Lanes.ORDER);
      IntVector low = v.mul(inverse).add(ROUND).reinterpretAsInts().and(15);
      IntVector high = u.mul(inverse).add(ROUND).reinterpretAsInts().lanewise(LSHL, 4);
      ((ByteVector) low.or(high).convertShape(I2B, BYTES, 0))
          .intoMemorySegment(y, yo + i, Lanes.ORDER);
    }
    for (int i = full; i < n; i++) {
      int low = code(x, xo + i * 4L, inverse) & 15;
      y.set(Element.BYTE, yo + i, (byte) (low | code(x, upper + i * 4L, inverse) << 4));
    }
  }

  /// `n` bytes times `scale` to as many numbers.
  public static void scale8(
      MemorySegment x, long xo, MemorySegment y, long yo, int n, float scale) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    int full = n - n % STEP;
    for (int i = 0; i < full; i += STEP) {
      ByteVector v = ByteVector.fromMemorySegment(BYTES, x, xo + i, Lanes.ORDER);
      IntVector code = (IntVector) v.convertShape(B2I, Lanes.I32, 0);
      ((FloatVector) code.convert(I2F, 0))
          .mul(scale)
          .intoMemorySegment(y, yo + i * 4L, Lanes.ORDER);
    }
    for (int i = full; i < n; i++) {
      y.set(Lanes.FLOAT, yo + i * 4L, x.get(Element.BYTE, xo + i) * scale);
    }
  }

  /// `n` bytes times `scale` to `2 n` numbers, the first `n` from their low halves.
  public static void scale4(
      MemorySegment x, long xo, MemorySegment y, long yo, int n, float scale) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    long upper = yo + n * 4L;
    int full = n - n % STEP;
    for (int i = 0; i < full; i += STEP) {
      ByteVector v = ByteVector.fromMemorySegment(BYTES, x, xo + i, Lanes.ORDER);
      IntVector both = (IntVector) v.convertShape(B2I, Lanes.I32, 0);
      IntVector low = both.lanewise(LSHL, 28).lanewise(ASHR, 28);
      IntVector high = both.lanewise(ASHR, 4);
      ((FloatVector) low.convert(I2F, 0)).mul(scale).intoMemorySegment(y, yo + i * 4L, Lanes.ORDER);
      ((FloatVector) high.convert(I2F, 0))
          .mul(scale)
          .intoMemorySegment(y, upper + i * 4L, Lanes.ORDER);
    }
    for (int i = full; i < n; i++) {
      int both = x.get(Element.BYTE, xo + i);
      y.set(Lanes.FLOAT, yo + i * 4L, (both << 28 >> 28) * scale);
      y.set(Lanes.FLOAT, upper + i * 4L, (both >> 4) * scale);
    }
  }
}
