package dev.gatun.cpu.simd;

import static jdk.incubator.vector.VectorOperators.B2I;
import static jdk.incubator.vector.VectorOperators.D2F;
import static jdk.incubator.vector.VectorOperators.D2I;
import static jdk.incubator.vector.VectorOperators.F2D;
import static jdk.incubator.vector.VectorOperators.F2I;
import static jdk.incubator.vector.VectorOperators.I2B;
import static jdk.incubator.vector.VectorOperators.I2D;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.I2L;
import static jdk.incubator.vector.VectorOperators.L2I;
import static jdk.incubator.vector.VectorOperators.NE;
import static jdk.incubator.vector.VectorOperators.ZERO_EXTEND_B2I;

import dev.gatun.tensor.DType;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/// Conversions of `n` elements from byte offset `xo` of `x` to byte offset `yo` of `y`, between
/// F32, F64, I32, I64 and bytes. Floats round to nearest even unless said otherwise; integers are
/// cut towards zero and saturate, NaN being 0, as in Java.
///
/// Conversions between longs and floats go one by one: before AVX-512 there is no instruction for
/// several.
public final class Convert {
  private static final int BITS = Lanes.SHAPE.vectorBitSize();
  private static final int N32 = Lanes.F32.length();
  private static final int N64 = Lanes.F64.length();
  private static final VectorShape HALF = VectorShape.forBitSize(BITS / 2);
  private static final VectorSpecies<Float> F32_HALF = VectorSpecies.of(float.class, HALF);
  private static final VectorSpecies<Integer> I32_HALF = VectorSpecies.of(int.class, HALF);

  /// A byte for each lane of an int vector; where that is 32 bits, the shortest vector there is,
  /// and bytes go one by one.
  private static final VectorSpecies<Byte> I8_QUARTER =
      VectorSpecies.of(byte.class, VectorShape.forBitSize(Math.max(64, BITS / 4)));

  private static final int BYTE_STEP = BITS == 128 ? Integer.MAX_VALUE : N32;

  private Convert() {}

  /// Exact.
  public static void f32ToF64(MemorySegment x, long xo, MemorySegment y, long yo, int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    int full = n - n % N64;
    for (int i = 0; i < full; i += N64) {
      FloatVector v = FloatVector.fromMemorySegment(F32_HALF, x, xo + i * 4L, Lanes.ORDER);
      ((DoubleVector) v.convertShape(F2D, Lanes.F64, 0))
          .intoMemorySegment(y, yo + i * 8L, Lanes.ORDER);
    }
    for (int i = full; i < n; i++) {
      y.set(Lanes.DOUBLE, yo + i * 8L, x.get(Lanes.FLOAT, xo + i * 4L));
    }
  }

  /// Rounds.
  public static void f64ToF32(MemorySegment x, long xo, MemorySegment y, long yo, int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    int full = n - n % N64;
    for (int i = 0; i < full; i += N64) {
      DoubleVector v = DoubleVector.fromMemorySegment(Lanes.F64, x, xo + i * 8L, Lanes.ORDER);
      ((FloatVector) v.convertShape(D2F, F32_HALF, 0))
          .intoMemorySegment(y, yo + i * 4L, Lanes.ORDER);
    }
    for (int i = full; i < n; i++) {
      y.set(Lanes.FLOAT, yo + i * 4L, (float) x.get(Lanes.DOUBLE, xo + i * 8L));
    }
  }

  /// By [DType#toOdd(double)].
  public static void f64ToOddF32(MemorySegment x, long xo, MemorySegment y, long yo, int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    for (int i = 0; i < n; i++) {
      y.set(Lanes.FLOAT, yo + i * 4L, DType.toOdd(x.get(Lanes.DOUBLE, xo + i * 8L)));
    }
  }

  /// Saturates.
  public static void f32ToI32(MemorySegment x, long xo, MemorySegment y, long yo, int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    int full = n - n % N32;
    for (int i = 0; i < full; i += N32) {
      FloatVector v = FloatVector.fromMemorySegment(Lanes.F32, x, xo + i * 4L, Lanes.ORDER);
      ((IntVector) v.convertShape(F2I, Lanes.I32, 0))
          .intoMemorySegment(y, yo + i * 4L, Lanes.ORDER);
    }
    for (int i = full; i < n; i++) {
      y.set(Element.INT, yo + i * 4L, (int) x.get(Lanes.FLOAT, xo + i * 4L));
    }
  }

  /// Saturates.
  public static void f32ToI64(MemorySegment x, long xo, MemorySegment y, long yo, int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    for (int i = 0; i < n; i++) {
      y.set(Element.LONG, yo + i * 8L, (long) x.get(Lanes.FLOAT, xo + i * 4L));
    }
  }

  /// Saturates.
  public static void f64ToI32(MemorySegment x, long xo, MemorySegment y, long yo, int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    int full = n - n % N64;
    for (int i = 0; i < full; i += N64) {
      DoubleVector v = DoubleVector.fromMemorySegment(Lanes.F64, x, xo + i * 8L, Lanes.ORDER);
      ((IntVector) v.convertShape(D2I, I32_HALF, 0)).intoMemorySegment(y, yo + i * 4L, Lanes.ORDER);
    }
    for (int i = full; i < n; i++) {
      y.set(Element.INT, yo + i * 4L, (int) x.get(Lanes.DOUBLE, xo + i * 8L));
    }
  }

  /// Saturates.
  public static void f64ToI64(MemorySegment x, long xo, MemorySegment y, long yo, int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    for (int i = 0; i < n; i++) {
      y.set(Element.LONG, yo + i * 8L, (long) x.get(Lanes.DOUBLE, xo + i * 8L));
    }
  }

  /// Rounds.
  public static void i32ToF32(MemorySegment x, long xo, MemorySegment y, long yo, int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    int full = n - n % N32;
    for (int i = 0; i < full; i += N32) {
      IntVector v = IntVector.fromMemorySegment(Lanes.I32, x, xo + i * 4L, Lanes.ORDER);
      ((FloatVector) v.convertShape(I2F, Lanes.F32, 0))
          .intoMemorySegment(y, yo + i * 4L, Lanes.ORDER);
    }
    for (int i = full; i < n; i++) {
      y.set(Lanes.FLOAT, yo + i * 4L, (float) x.get(Element.INT, xo + i * 4L));
    }
  }

  /// Exact.
  public static void i32ToF64(MemorySegment x, long xo, MemorySegment y, long yo, int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    int full = n - n % N64;
    for (int i = 0; i < full; i += N64) {
      IntVector v = IntVector.fromMemorySegment(I32_HALF, x, xo + i * 4L, Lanes.ORDER);
      ((DoubleVector) v.convertShape(I2D, Lanes.F64, 0))
          .intoMemorySegment(y, yo + i * 8L, Lanes.ORDER);
    }
    for (int i = full; i < n; i++) {
      y.set(Lanes.DOUBLE, yo + i * 8L, x.get(Element.INT, xo + i * 4L));
    }
  }

  /// Rounds.
  public static void i64ToF32(MemorySegment x, long xo, MemorySegment y, long yo, int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    for (int i = 0; i < n; i++) {
      y.set(Lanes.FLOAT, yo + i * 4L, (float) x.get(Element.LONG, xo + i * 8L));
    }
  }

  /// Rounds.
  public static void i64ToF64(MemorySegment x, long xo, MemorySegment y, long yo, int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    for (int i = 0; i < n; i++) {
      y.set(Lanes.DOUBLE, yo + i * 8L, (double) x.get(Element.LONG, xo + i * 8L));
    }
  }

  /// By [DType#toOdd(long)].
  public static void i64ToOddF32(MemorySegment x, long xo, MemorySegment y, long yo, int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    for (int i = 0; i < n; i++) {
      y.set(Lanes.FLOAT, yo + i * 4L, DType.toOdd(x.get(Element.LONG, xo + i * 8L)));
    }
  }

  /// Exact.
  public static void i32ToI64(MemorySegment x, long xo, MemorySegment y, long yo, int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    int full = n - n % N64;
    for (int i = 0; i < full; i += N64) {
      IntVector v = IntVector.fromMemorySegment(I32_HALF, x, xo + i * 4L, Lanes.ORDER);
      ((LongVector) v.convertShape(I2L, Lanes.I64, 0))
          .intoMemorySegment(y, yo + i * 8L, Lanes.ORDER);
    }
    for (int i = full; i < n; i++) {
      y.set(Element.LONG, yo + i * 8L, x.get(Element.INT, xo + i * 4L));
    }
  }

  /// The low half.
  public static void i64ToI32(MemorySegment x, long xo, MemorySegment y, long yo, int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    int full = n - n % N64;
    for (int i = 0; i < full; i += N64) {
      LongVector v = LongVector.fromMemorySegment(Lanes.I64, x, xo + i * 8L, Lanes.ORDER);
      ((IntVector) v.convertShape(L2I, I32_HALF, 0)).intoMemorySegment(y, yo + i * 4L, Lanes.ORDER);
    }
    for (int i = full; i < n; i++) {
      y.set(Element.INT, yo + i * 4L, (int) x.get(Element.LONG, xo + i * 8L));
    }
  }

  /// Exact.
  public static void i8ToI32(MemorySegment x, long xo, MemorySegment y, long yo, int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    int full = n - n % BYTE_STEP;
    for (int i = 0; i < full; i += BYTE_STEP) {
      ByteVector v = ByteVector.fromMemorySegment(I8_QUARTER, x, xo + i, Lanes.ORDER);
      ((IntVector) v.convertShape(B2I, Lanes.I32, 0))
          .intoMemorySegment(y, yo + i * 4L, Lanes.ORDER);
    }
    for (int i = full; i < n; i++) {
      y.set(Element.INT, yo + i * 4L, x.get(Element.BYTE, xo + i));
    }
  }

  /// Exact; for BOOL too.
  public static void u8ToI32(MemorySegment x, long xo, MemorySegment y, long yo, int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    int full = n - n % BYTE_STEP;
    for (int i = 0; i < full; i += BYTE_STEP) {
      ByteVector v = ByteVector.fromMemorySegment(I8_QUARTER, x, xo + i, Lanes.ORDER);
      ((IntVector) v.convertShape(ZERO_EXTEND_B2I, Lanes.I32, 0))
          .intoMemorySegment(y, yo + i * 4L, Lanes.ORDER);
    }
    for (int i = full; i < n; i++) {
      y.set(Element.INT, yo + i * 4L, x.get(Element.BYTE, xo + i) & 0xff);
    }
  }

  /// The low byte.
  public static void i32ToI8(MemorySegment x, long xo, MemorySegment y, long yo, int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    int full = n - n % BYTE_STEP;
    for (int i = 0; i < full; i += BYTE_STEP) {
      IntVector v = IntVector.fromMemorySegment(Lanes.I32, x, xo + i * 4L, Lanes.ORDER);
      ((ByteVector) v.convertShape(I2B, I8_QUARTER, 0)).intoMemorySegment(y, yo + i, Lanes.ORDER);
    }
    for (int i = full; i < n; i++) {
      y.set(Element.BYTE, yo + i, (byte) x.get(Element.INT, xo + i * 4L));
    }
  }

  /// I32 to I8, saturating.
  public static void clampToI8(MemorySegment x, long xo, MemorySegment y, long yo, int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    int full = n - n % BYTE_STEP;
    for (int i = 0; i < full; i += BYTE_STEP) {
      IntVector v = IntVector.fromMemorySegment(Lanes.I32, x, xo + i * 4L, Lanes.ORDER);
      ((ByteVector) v.max(-128).min(127).convertShape(I2B, I8_QUARTER, 0))
          .intoMemorySegment(y, yo + i, Lanes.ORDER);
    }
    for (int i = full; i < n; i++) {
      y.set(Element.BYTE, yo + i, (byte) Math.clamp(x.get(Element.INT, xo + i * 4L), -128, 127));
    }
  }

  /// I32 to U8, saturating.
  public static void clampToU8(MemorySegment x, long xo, MemorySegment y, long yo, int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    int full = n - n % BYTE_STEP;
    for (int i = 0; i < full; i += BYTE_STEP) {
      IntVector v = IntVector.fromMemorySegment(Lanes.I32, x, xo + i * 4L, Lanes.ORDER);
      ((ByteVector) v.max(0).min(255).convertShape(I2B, I8_QUARTER, 0))
          .intoMemorySegment(y, yo + i, Lanes.ORDER);
    }
    for (int i = full; i < n; i++) {
      y.set(Element.BYTE, yo + i, (byte) Math.clamp(x.get(Element.INT, xo + i * 4L), 0, 255));
    }
  }

  /// 1 unless zero.
  public static void i32ToBool(MemorySegment x, long xo, MemorySegment y, long yo, int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    int full = n - n % BYTE_STEP;
    for (int i = 0; i < full; i += BYTE_STEP) {
      IntVector v = IntVector.fromMemorySegment(Lanes.I32, x, xo + i * 4L, Lanes.ORDER);
      ((ByteVector)
              IntVector.zero(Lanes.I32).blend(1, v.compare(NE, 0)).convertShape(I2B, I8_QUARTER, 0))
          .intoMemorySegment(y, yo + i, Lanes.ORDER);
    }
    for (int i = full; i < n; i++) {
      y.set(Element.BYTE, yo + i, (byte) (x.get(Element.INT, xo + i * 4L) != 0 ? 1 : 0));
    }
  }

  /// 1 unless zero; NaN is not.
  public static void f32ToBool(MemorySegment x, long xo, MemorySegment y, long yo, int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    int full = n - n % BYTE_STEP;
    for (int i = 0; i < full; i += BYTE_STEP) {
      FloatVector v = FloatVector.fromMemorySegment(Lanes.F32, x, xo + i * 4L, Lanes.ORDER);
      ((ByteVector)
              IntVector.zero(Lanes.I32)
                  .blend(1, v.compare(NE, 0).cast(Lanes.I32))
                  .convertShape(I2B, I8_QUARTER, 0))
          .intoMemorySegment(y, yo + i, Lanes.ORDER);
    }
    for (int i = full; i < n; i++) {
      y.set(Element.BYTE, yo + i, (byte) (x.get(Lanes.FLOAT, xo + i * 4L) != 0 ? 1 : 0));
    }
  }

  /// 1 unless zero; NaN is not.
  public static void f64ToBool(MemorySegment x, long xo, MemorySegment y, long yo, int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    for (int i = 0; i < n; i++) {
      y.set(Element.BYTE, yo + i, (byte) (x.get(Lanes.DOUBLE, xo + i * 8L) != 0 ? 1 : 0));
    }
  }

  /// 1 unless zero.
  public static void i64ToBool(MemorySegment x, long xo, MemorySegment y, long yo, int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    for (int i = 0; i < n; i++) {
      y.set(Element.BYTE, yo + i, (byte) (x.get(Element.LONG, xo + i * 8L) != 0 ? 1 : 0));
    }
  }
}
