package dev.gatun.tensor;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/// Element types. [#F32] and [#F64] compute everywhere; [#BF16], [#F16] and [#I8] store weights;
/// [#I32] and [#I64] index; [#BOOL] holds one byte, 0 or 1.
public enum DType {
  F32(4),
  F64(8),
  BF16(2),
  F16(2),
  I8(1),
  U8(1),
  I32(4),
  I64(8),
  BOOL(1);

  private final int bytes;

  DType(int bytes) {
    this.bytes = bytes;
  }

  /// Bytes of one element.
  public int bytes() {
    return bytes;
  }

  /// True for the types that every operator computes in and that carry gradients.
  public boolean computes() {
    return this == F32 || this == F64;
  }

  /// True for the signed index types.
  public boolean indexes() {
    return this == I32 || this == I64;
  }

  /// Element `index` of `s` as a double; exact but for [#I64] beyond 2^53.
  public double read(MemorySegment s, long index) {
    return switch (this) {
      case F32 -> s.get(JAVA_FLOAT_UNALIGNED, index * 4);
      case F64 -> s.get(JAVA_DOUBLE_UNALIGNED, index * 8);
      case BF16 -> Float.intBitsToFloat(s.get(JAVA_SHORT_UNALIGNED, index * 2) << 16);
      case F16 -> Float.float16ToFloat(s.get(JAVA_SHORT_UNALIGNED, index * 2));
      case I8 -> s.get(JAVA_BYTE, index);
      case U8 -> s.get(JAVA_BYTE, index) & 0xff;
      case I32 -> s.get(JAVA_INT_UNALIGNED, index * 4);
      case I64 -> (double) s.get(JAVA_LONG_UNALIGNED, index * 8);
      case BOOL -> s.get(JAVA_BYTE, index) != 0 ? 1 : 0;
    };
  }

  /// Stores `v` as element `index` of `s`: floats round to nearest even, once, integers truncate
  /// and saturate with NaN as 0, [#BOOL] stores `v != 0`.
  public void write(MemorySegment s, long index, double v) {
    switch (this) {
      case F32 -> s.set(JAVA_FLOAT_UNALIGNED, index * 4, (float) v);
      case F64 -> s.set(JAVA_DOUBLE_UNALIGNED, index * 8, v);
      case BF16 -> s.set(JAVA_SHORT_UNALIGNED, index * 2, toBf16(toOdd(v)));
      case F16 -> s.set(JAVA_SHORT_UNALIGNED, index * 2, Float.floatToFloat16(toOdd(v)));
      case I8 -> s.set(JAVA_BYTE, index, (byte) Math.clamp((long) v, -128, 127));
      case U8 -> s.set(JAVA_BYTE, index, (byte) Math.clamp((long) v, 0, 255));
      case I32 -> s.set(JAVA_INT_UNALIGNED, index * 4, (int) v);
      case I64 -> s.set(JAVA_LONG_UNALIGNED, index * 8, (long) v);
      case BOOL -> s.set(JAVA_BYTE, index, (byte) (v != 0 ? 1 : 0));
    }
  }

  /// Integer element `index` of `s`, exact for every integer type.
  ///
  /// @throws IllegalArgumentException if this is a floating type
  public long readLong(MemorySegment s, long index) {
    return switch (this) {
      case I64 -> s.get(JAVA_LONG_UNALIGNED, index * 8);
      case I8, U8, I32, BOOL -> (long) read(s, index);
      case F32, F64, BF16, F16 ->
          throw new IllegalArgumentException("readLong: dtype must be an integer; got " + this);
    };
  }

  /// Stores `v` as element `index` of `s`: floats round to nearest even, once, integers keep the
  /// low bits, [#BOOL] stores `v != 0`.
  public void writeLong(MemorySegment s, long index, long v) {
    switch (this) {
      case F32 -> s.set(JAVA_FLOAT_UNALIGNED, index * 4, (float) v);
      case F64 -> s.set(JAVA_DOUBLE_UNALIGNED, index * 8, (double) v);
      case BF16 -> s.set(JAVA_SHORT_UNALIGNED, index * 2, toBf16(toOdd(v)));
      case F16 -> s.set(JAVA_SHORT_UNALIGNED, index * 2, Float.floatToFloat16(toOdd(v)));
      case I8, U8 -> s.set(JAVA_BYTE, index, (byte) v);
      case I32 -> s.set(JAVA_INT_UNALIGNED, index * 4, (int) v);
      case I64 -> s.set(JAVA_LONG_UNALIGNED, index * 8, v);
      case BOOL -> s.set(JAVA_BYTE, index, (byte) (v != 0 ? 1 : 0));
    }
  }

  /// `v` in F32 on the way to a shorter type: cut towards zero, the last bit set if anything was
  /// cut off. That bit stands for the lost ones, so rounding the result to BF16 or F16 is as good
  /// as rounding `v` itself (S. Boldo and G. Melquiond, "Emulation of a FMA and correctly rounded
  /// sums", IEEE Trans. Computers 57, 2008).
  public static float toOdd(double v) {
    float f = (float) v;
    return f == v || Double.isNaN(v) ? f : odd(f, Math.abs((double) f) > Math.abs(v));
  }

  /// [#toOdd(double)] of an integer.
  public static float toOdd(long v) {
    float f = (float) v;
    long back = (long) f;
    return back == v ? f : odd(f, Math.abs(back) > Math.abs(v));
  }

  private static float odd(float f, boolean tooFar) {
    return Float.intBitsToFloat(Float.floatToRawIntBits(f) - (tooFar ? 1 : 0) | 1);
  }

  /// The BF16 nearest to `v`, ties to even; NaN stays NaN.
  public static short toBf16(float v) {
    int bits = Float.floatToRawIntBits(v);
    if (Float.isNaN(v)) {
      return (short) (bits >>> 16 | 0x40);
    }
    return (short) ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16);
  }
}
