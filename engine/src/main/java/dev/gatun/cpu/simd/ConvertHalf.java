package dev.gatun.cpu.simd;

import static jdk.incubator.vector.VectorOperators.GE;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.I2S;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.LT;
import static jdk.incubator.vector.VectorOperators.NE;
import static jdk.incubator.vector.VectorOperators.ZERO_EXTEND_S2I;

import dev.gatun.tensor.DType;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;

/// Conversions between F32 and the types of 16 bits: `n` elements from byte offset `xo` of `x` to
/// byte offset `yo` of `y`. F32 rounds to nearest even.
///
/// The Vector API has no half precision, so F16 is put together from the bits of F32.
public final class ConvertHalf {
  private static final int N32 = Lanes.F32.length();

  private ConvertHalf() {}

  /// Exact.
  public static void bf16ToF32(MemorySegment x, long xo, MemorySegment y, long yo, int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    int full = n - n % N32;
    for (int i = 0; i < full; i += N32) {
      ShortVector v = ShortVector.fromMemorySegment(Lanes.S16_HALF, x, xo + i * 2L, Lanes.ORDER);
      IntVector h = (IntVector) v.convertShape(ZERO_EXTEND_S2I, Lanes.I32, 0);
      h.lanewise(LSHL, 16).intoMemorySegment(y, yo + i * 4L, Lanes.ORDER);
    }
    for (int i = full; i < n; i++) {
      y.set(Element.INT, yo + i * 4L, x.get(Element.SHORT, xo + i * 2L) << 16);
    }
  }

  /// As [DType#toBf16].
  public static void f32ToBf16(MemorySegment x, long xo, MemorySegment y, long yo, int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    int full = n - n % N32;
    for (int i = 0; i < full; i += N32) {
      FloatVector v = FloatVector.fromMemorySegment(Lanes.F32, x, xo + i * 4L, Lanes.ORDER);
      IntVector bits = v.reinterpretAsInts();
      IntVector high = bits.lanewise(LSHR, 16);
      IntVector rounded = bits.add(high.and(1)).add(0x7fff).lanewise(LSHR, 16);
      IntVector b = rounded.blend(high.or(0x40), v.compare(NE, v).cast(Lanes.I32));
      ((ShortVector) b.convertShape(I2S, Lanes.S16_HALF, 0))
          .intoMemorySegment(y, yo + i * 2L, Lanes.ORDER);
    }
    for (int i = full; i < n; i++) {
      y.set(Element.SHORT, yo + i * 2L, DType.toBf16(x.get(Lanes.FLOAT, xo + i * 4L)));
    }
  }

  /// Exact.
  public static void f16ToF32(MemorySegment x, long xo, MemorySegment y, long yo, int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    int full = n - n % N32;
    for (int i = 0; i < full; i += N32) {
      ShortVector v = ShortVector.fromMemorySegment(Lanes.S16_HALF, x, xo + i * 2L, Lanes.ORDER);
      IntVector h = (IntVector) v.convertShape(ZERO_EXTEND_S2I, Lanes.I32, 0);
      IntVector m = h.and(0x7fff).lanewise(LSHL, 13);
      // The exponent moves from bias 15 to bias 127; infinity and NaN move as far again. A
      // subnormal
      // number gets an exponent and with it a leading one, which is taken off.
      IntVector normal = m.add(0x3800_0000);
      normal = normal.blend(m.add(0x7000_0000), m.compare(GE, 0x0f80_0000));
      IntVector small = m.add(0x3880_0000).reinterpretAsFloats().sub(0x1p-14f).reinterpretAsInts();
      IntVector f = normal.blend(small, m.compare(LT, 0x0080_0000));
      f.or(h.and(0x8000).lanewise(LSHL, 16)).intoMemorySegment(y, yo + i * 4L, Lanes.ORDER);
    }
    for (int i = full; i < n; i++) {
      y.set(Lanes.FLOAT, yo + i * 4L, Float.float16ToFloat(x.get(Element.SHORT, xo + i * 2L)));
    }
  }

  /// Rounds; 65,520 and more is infinite.
  public static void f32ToF16(MemorySegment x, long xo, MemorySegment y, long yo, int n) {
    x = Lanes.offHeap(x);
    y = Lanes.offHeap(y);
    int full = n - n % N32;
    for (int i = 0; i < full; i += N32) {
      IntVector v = IntVector.fromMemorySegment(Lanes.I32, x, xo + i * 4L, Lanes.ORDER);
      IntVector a = v.and(0x7fff_ffff);
      // Half a step of the result less one bit, and that bit where the result would be odd.
      IntVector odd = a.lanewise(LSHR, 13).and(1);
      IntVector h = a.add(0xfff - 0x3800_0000).add(odd).lanewise(LSHR, 13);
      // Below 2^-14 the step is 2^-24, that of F32 numbers from 0.5 to 1: adding 0.5 rounds to it.
      IntVector small = a.reinterpretAsFloats().add(0.5f).reinterpretAsInts().sub(0x3f00_0000);
      h = h.blend(small, a.compare(LT, 0x3880_0000));
      h = h.blend(0x7c00, a.compare(GE, 0x4780_0000)).blend(0x7e00, a.compare(GT, 0x7f80_0000));
      h = h.or(v.lanewise(LSHR, 16).and(0x8000));
      ((ShortVector) h.convertShape(I2S, Lanes.S16_HALF, 0))
          .intoMemorySegment(y, yo + i * 2L, Lanes.ORDER);
    }
    for (int i = full; i < n; i++) {
      y.set(Element.SHORT, yo + i * 2L, Float.floatToFloat16(x.get(Lanes.FLOAT, xo + i * 4L)));
    }
  }
}
