package dev.gatun.cpu.simd;

import static jdk.incubator.vector.VectorOperators.B2I;
import static jdk.incubator.vector.VectorOperators.F2I;
import static jdk.incubator.vector.VectorOperators.I2B;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.MAX;
import static jdk.incubator.vector.VectorOperators.MIN;
import static jdk.incubator.vector.VectorOperators.XOR;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/// Codes of 8 bits with a scale and a zero point: `code = round(x / scale) + zero`, to nearest even
/// and saturated, and `x = (code - zero) scale` back; `n` of them between byte offsets.
///
/// Codes are signed or not: `flip`, 0 or 0x80, is xor-ed to a byte to make it the signed one that
/// is 0 or 128 less. Zero points are given that way too, so one loop serves both. NaN becomes the
/// zero point.
public final class Affine {
  private static final int BITS = Lanes.SHAPE.vectorBitSize();
  private static final int LANES = Lanes.F32.length();

  /// Of this size, a number is beyond every code.
  private static final float FAR = 0x1p20f;

  /// Rounds to nearest even what is added to it and taken off again.
  private static final float ROUND = 0x1.8p23f;

  /// A byte for each lane, and as many more where that is no vector: loops end before those leave
  /// the run.
  static final VectorSpecies<Byte> BYTES =
      VectorSpecies.of(byte.class, VectorShape.forBitSize(Math.max(64, BITS / 4)));

  private Affine() {}

  /// How many of `n` bytes go by vectors.
  static int full(int n) {
    int read = BYTES.length();
    return n < read ? 0 : ((n - read) / LANES + 1) * LANES;
  }

  /// `min(0, x)` and `max(0, x)` to two floats at `yo`; NaN if there is one.
  public static void range(MemorySegment x, long xo, int n, MemorySegment y, long yo) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    int full = n - n % (2 * LANES);
    FloatVector low0 = FloatVector.zero(Lanes.F32);
    FloatVector high0 = FloatVector.zero(Lanes.F32);
    FloatVector low1 = FloatVector.zero(Lanes.F32);
    FloatVector high1 = FloatVector.zero(Lanes.F32);
    for (int i = 0; i < full; i += 2 * LANES) {
      long at = xo + i * 4L;
      FloatVector v0 = FloatVector.fromMemorySegment(Lanes.F32, x, at, Lanes.ORDER);
      FloatVector v1 = FloatVector.fromMemorySegment(Lanes.F32, x, at + LANES * 4L, Lanes.ORDER);
      low0 = low0.min(v0);
      high0 = high0.max(v0);
      low1 = low1.min(v1);
      high1 = high1.max(v1);
    }
    float least = low0.min(low1).reduceLanes(MIN);
    float greatest = high0.max(high1).reduceLanes(MAX);
    for (int i = full; i < n; i++) {
      least = Math.min(least, x.get(Lanes.FLOAT, xo + i * 4L));
      greatest = Math.max(greatest, x.get(Lanes.FLOAT, xo + i * 4L));
    }
    y.set(Lanes.FLOAT, yo, least);
    y.set(Lanes.FLOAT, yo + 4, greatest);
  }

  /// Codes of one scale and one zero point.
  public static void quantize(
      MemorySegment x, long xo, float scale, int zero, int flip, MemorySegment y, long yo, int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    int full = full(n);
    FloatVector s = FloatVector.broadcast(Lanes.F32, scale);
    for (int i = 0; i < full; i += LANES) {
      FloatVector v = FloatVector.fromMemorySegment(Lanes.F32, x, xo + i * 4L, Lanes.ORDER).div(s);
      FloatVector r = v.max(-FAR).min(FAR).add(ROUND).sub(ROUND);
      IntVector code = ((IntVector) r.convert(F2I, 0)).add(zero).max(-128).min(127);
      ((ByteVector) code.lanewise(XOR, flip).convertShape(I2B, BYTES, 0))
          .intoMemorySegment(y, yo + i, Lanes.ORDER);
    }
    for (int i = full; i < n; i++) {
      y.set(Element.BYTE, yo + i, code(x.get(Lanes.FLOAT, xo + i * 4L) / scale, zero, flip));
    }
  }

  /// Codes with a scale from `so` and a zero point from `zo` each.
  @SuppressWarnings("TooManyParameters")
  public static void quantizeEach(
      MemorySegment x,
      long xo,
      MemorySegment s,
      long so,
      MemorySegment z,
      long zo,
      int flip,
      MemorySegment y,
      long yo,
      int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    s = Lanes.offHeap(s);
    z = Lanes.offHeap(z);
    int full = full(n);
    for (int i = 0; i < full; i += LANES) {
      FloatVector v =
          FloatVector.fromMemorySegment(Lanes.F32, x, xo + i * 4L, Lanes.ORDER)
              .div(FloatVector.fromMemorySegment(Lanes.F32, s, so + i * 4L, Lanes.ORDER));
      FloatVector r = v.max(-FAR).min(FAR).add(ROUND).sub(ROUND);
      ByteVector zero = ByteVector.fromMemorySegment(BYTES, z, zo + i, Lanes.ORDER);
      IntVector code =
          ((IntVector) r.convert(F2I, 0))
              .add(zero.lanewise(XOR, (byte) flip).convertShape(B2I, Lanes.I32, 0))
              .max(-128)
              .min(127);
      ((ByteVector) code.lanewise(XOR, flip).convertShape(I2B, BYTES, 0))
          .intoMemorySegment(y, yo + i, Lanes.ORDER);
    }
    for (int i = full; i < n; i++) {
      float v = x.get(Lanes.FLOAT, xo + i * 4L) / s.get(Lanes.FLOAT, so + i * 4L);
      int zero = (byte) (z.get(Element.BYTE, zo + i) ^ flip);
      y.set(Element.BYTE, yo + i, code(v, zero, flip));
    }
  }

  private static byte code(float v, int zero, int flip) {
    int r = (int) Math.rint(Math.min(FAR, Math.max(-FAR, v)));
    return (byte) (Math.clamp(r + zero, -128, 127) ^ flip);
  }

  /// Numbers of codes with one scale and one zero point.
  public static void dequantize(
      MemorySegment x, long xo, int flip, float scale, int zero, MemorySegment y, long yo, int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    int full = full(n);
    for (int i = 0; i < full; i += LANES) {
      IntVector v =
          (IntVector)
              ByteVector.fromMemorySegment(BYTES, x, xo + i, Lanes.ORDER)
                  .lanewise(XOR, (byte) flip)
                  .convertShape(B2I, Lanes.I32, 0);
      ((FloatVector) v.sub(zero).convert(I2F, 0))
          .mul(scale)
          .intoMemorySegment(y, yo + i * 4L, Lanes.ORDER);
    }
    for (int i = full; i < n; i++) {
      int code = (byte) (x.get(Element.BYTE, xo + i) ^ flip);
      y.set(Lanes.FLOAT, yo + i * 4L, (float) (code - zero) * scale);
    }
  }

  /// Numbers of codes with a scale from `so` and a zero point from `zo` each.
  @SuppressWarnings("TooManyParameters")
  public static void dequantizeEach(
      MemorySegment x,
      long xo,
      int flip,
      MemorySegment s,
      long so,
      MemorySegment z,
      long zo,
      MemorySegment y,
      long yo,
      int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    s = Lanes.offHeap(s);
    z = Lanes.offHeap(z);
    int full = full(n);
    for (int i = 0; i < full; i += LANES) {
      IntVector v =
          (IntVector)
              ByteVector.fromMemorySegment(BYTES, x, xo + i, Lanes.ORDER)
                  .lanewise(XOR, (byte) flip)
                  .convertShape(B2I, Lanes.I32, 0);
      IntVector zero =
          (IntVector)
              ByteVector.fromMemorySegment(BYTES, z, zo + i, Lanes.ORDER)
                  .lanewise(XOR, (byte) flip)
                  .convertShape(B2I, Lanes.I32, 0);
      ((FloatVector) v.sub(zero).convert(I2F, 0))
          .mul(FloatVector.fromMemorySegment(Lanes.F32, s, so + i * 4L, Lanes.ORDER))
          .intoMemorySegment(y, yo + i * 4L, Lanes.ORDER);
    }
    for (int i = full; i < n; i++) {
      int code = (byte) (x.get(Element.BYTE, xo + i) ^ flip);
      int zero = (byte) (z.get(Element.BYTE, zo + i) ^ flip);
      y.set(Lanes.FLOAT, yo + i * 4L, (float) (code - zero) * s.get(Lanes.FLOAT, so + i * 4L));
    }
  }

  /// I32 times one scale.
  public static void scale(MemorySegment x, long xo, float scale, MemorySegment y, long yo, int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    int full = Lanes.I32.loopBound(n);
    for (int i = 0; i < full; i += LANES) {
      IntVector v = IntVector.fromMemorySegment(Lanes.I32, x, xo + i * 4L, Lanes.ORDER);
      ((FloatVector) v.convert(I2F, 0)).mul(scale).intoMemorySegment(y, yo + i * 4L, Lanes.ORDER);
    }
    for (int i = full; i < n; i++) {
      y.set(Lanes.FLOAT, yo + i * 4L, (float) x.get(Element.INT, xo + i * 4L) * scale);
    }
  }

  /// I32 times a scale from `so` each.
  public static void scaleEach(
      MemorySegment x, long xo, MemorySegment s, long so, MemorySegment y, long yo, int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    s = Lanes.offHeap(s);
    int full = Lanes.I32.loopBound(n);
    for (int i = 0; i < full; i += LANES) {
      IntVector v = IntVector.fromMemorySegment(Lanes.I32, x, xo + i * 4L, Lanes.ORDER);
      ((FloatVector) v.convert(I2F, 0))
          .mul(FloatVector.fromMemorySegment(Lanes.F32, s, so + i * 4L, Lanes.ORDER))
          .intoMemorySegment(y, yo + i * 4L, Lanes.ORDER);
    }
    for (int i = full; i < n; i++) {
      float scale = s.get(Lanes.FLOAT, so + i * 4L);
      y.set(Lanes.FLOAT, yo + i * 4L, (float) x.get(Element.INT, xo + i * 4L) * scale);
    }
  }
}
