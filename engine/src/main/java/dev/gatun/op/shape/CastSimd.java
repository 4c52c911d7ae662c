package dev.gatun.op.shape;

import static jdk.incubator.vector.VectorOperators.D2F;
import static jdk.incubator.vector.VectorOperators.F2D;
import static jdk.incubator.vector.VectorOperators.I2S;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.NE;
import static jdk.incubator.vector.VectorOperators.ZERO_EXTEND_S2I;

import dev.gatun.cpu.simd.Lanes;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/// Vector forms of [Cast] between the floating types. Conversions round to nearest in hardware and
/// in [DType#write] alike, so what is left over at the end is done by the latter.
final class CastSimd {
  static final Workers.Body BODY = CastSimd::block;

  private static final VectorSpecies<Float> HALF =
      VectorSpecies.of(float.class, VectorShape.forBitSize(Lanes.SHAPE.vectorBitSize() / 2));
  private static final int N32 = Lanes.F32.length();
  private static final int N64 = Lanes.F64.length();
  private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;

  private CastSimd() {}

  /// Whether there is a form for this pair.
  static boolean has(DType from, DType to) {
    return switch (from) {
      case F32 -> to == DType.F64 || to == DType.BF16 || to == DType.F16;
      case F64, BF16, F16 -> to == DType.F32;
      case I8, U8, I32, I64, BOOL -> false;
    };
  }

  private static void block(Call c, long phase, int block, int worker) {
    long at = (long) block * Cast.BLOCK;
    int n = (int) Math.min(Cast.BLOCK, c.outShape(0).elems() - at);
    MemorySegment x = c.in(0);
    MemorySegment y = c.out(0);
    int done =
        switch (c.dtype()) {
          case F64 -> f64ToF32(x, at * 8, y, at * 4, n);
          case BF16 -> bf16ToF32(x, at * 2, y, at * 4, n);
          case F16 -> f16ToF32(x, at * 2, y, at * 4, n);
          case F32 ->
              switch (c.outSpec(0).dtype()) {
                case F64 -> f32ToF64(x, at * 4, y, at * 8, n);
                case BF16 -> f32ToBf16(x, at * 4, y, at * 2, n);
                default -> f32ToF16(x, at * 4, y, at * 2, n);
              };
          default -> 0;
        };
    for (int i = done; i < n; i++) {
      c.set(0, at + i, c.get(0, at + i));
    }
  }

  private static int f32ToF64(MemorySegment x, long xo, MemorySegment y, long yo, int n) {
    int full = Lanes.F64.loopBound(n);
    for (int i = 0; i < full; i += N64) {
      FloatVector v = FloatVector.fromMemorySegment(HALF, x, xo + i * 4L, Lanes.ORDER);
      ((DoubleVector) v.convertShape(F2D, Lanes.F64, 0))
          .intoMemorySegment(y, yo + i * 8L, Lanes.ORDER);
    }
    return full;
  }

  private static int f64ToF32(MemorySegment x, long xo, MemorySegment y, long yo, int n) {
    int full = Lanes.F64.loopBound(n);
    for (int i = 0; i < full; i += N64) {
      DoubleVector v = DoubleVector.fromMemorySegment(Lanes.F64, x, xo + i * 8L, Lanes.ORDER);
      ((FloatVector) v.convertShape(D2F, HALF, 0)).intoMemorySegment(y, yo + i * 4L, Lanes.ORDER);
    }
    return full;
  }

  private static int bf16ToF32(MemorySegment x, long xo, MemorySegment y, long yo, int n) {
    int full = Lanes.F32.loopBound(n);
    for (int i = 0; i < full; i += N32) {
      ShortVector v = ShortVector.fromMemorySegment(Lanes.S16_HALF, x, xo + i * 2L, Lanes.ORDER);
      IntVector bits = (IntVector) v.convertShape(ZERO_EXTEND_S2I, Lanes.I32, 0);
      bits.lanewise(LSHL, 16).intoMemorySegment(y, yo + i * 4L, Lanes.ORDER);
    }
    return full;
  }

  /// As [DType#toBf16].
  private static int f32ToBf16(MemorySegment x, long xo, MemorySegment y, long yo, int n) {
    int full = Lanes.F32.loopBound(n);
    for (int i = 0; i < full; i += N32) {
      FloatVector v = FloatVector.fromMemorySegment(Lanes.F32, x, xo + i * 4L, Lanes.ORDER);
      IntVector bits = v.reinterpretAsInts();
      IntVector high = bits.lanewise(LSHR, 16);
      IntVector rounded = bits.add(high.and(1)).add(0x7fff).lanewise(LSHR, 16);
      IntVector b = rounded.blend(high.or(0x40), v.compare(NE, v).cast(Lanes.I32));
      ((ShortVector) b.convertShape(I2S, Lanes.S16_HALF, 0))
          .intoMemorySegment(y, yo + i * 2L, Lanes.ORDER);
    }
    return full;
  }

  // The Vector API has no half precision; the scalar conversions are single instructions.

  private static int f16ToF32(MemorySegment x, long xo, MemorySegment y, long yo, int n) {
    for (int i = 0; i < n; i++) {
      y.set(Lanes.FLOAT, yo + i * 4L, Float.float16ToFloat(x.get(SHORT, xo + i * 2L)));
    }
    return n;
  }

  private static int f32ToF16(MemorySegment x, long xo, MemorySegment y, long yo, int n) {
    for (int i = 0; i < n; i++) {
      y.set(SHORT, yo + i * 2L, Float.floatToFloat16(x.get(Lanes.FLOAT, xo + i * 4L)));
    }
    return n;
  }
}
