package dev.gatun.op.shape;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.gatun.cpu.CpuDevice;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.DoubleStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Every pair of types against the rule, worked out here in exact arithmetic.
class CastTest {
  /// Among them numbers next to a tie of BF16 or F16 that rounding to F32 on the way would turn
  /// into one, subnormal ones too, and ends of integer types.
  private static final double[] FLOATS = {
    0,
    -0.0,
    1,
    -1.5,
    2.5,
    0x1.00fffep0,
    0x1.01p0,
    0x1.03p0,
    0x1.0100000001p0,
    0x1.0080000001p0,
    0x1.002000000001p0,
    -0x1.00200000000001p0,
    0x1.0000010000000001p-3,
    0x1.fffffep127,
    0x1.ffffffp127,
    0x1p128,
    1e300,
    -1e300,
    1e-300,
    0x1p-149,
    0x1.8p-149,
    0x1p-134,
    0x1.0000000001p-134,
    0x1.8000000001p-133,
    -0x1.8p-133,
    0x1p-24,
    0x1p-25,
    0x1.000000001p-25,
    0x1.8p-24,
    0x1.ffcp-15,
    65504,
    65519.999999,
    65520,
    -65520,
    127.9,
    128,
    -128.9,
    -129,
    255.9,
    256,
    300,
    -300,
    0.9,
    -0.9,
    2147483647,
    2147483648.0,
    -2147483648.0,
    -2147483649.0,
    3e9,
    -3e9,
    0x1p63,
    -0x1p63,
    1e19,
    -1e19,
    Double.POSITIVE_INFINITY,
    Double.NEGATIVE_INFINITY,
    Double.NaN
  };

  private static final long[] INTEGERS = {
    0,
    1,
    -1,
    127,
    128,
    -128,
    -129,
    255,
    256,
    257,
    65519,
    65520,
    -65520,
    (1 << 24) + 1,
    Integer.MAX_VALUE,
    Integer.MIN_VALUE,
    1L + Integer.MAX_VALUE,
    1L << 32,
    (1L << 53) + 1,
    (1L << 62) + (1L << 38) + 1,
    (1L << 62) + (1L << 54) + 1,
    (1L << 62) + (1L << 54) - 1,
    -(1L << 62) - (1L << 54) - 1,
    Long.MAX_VALUE,
    Long.MAX_VALUE - 1,
    Long.MIN_VALUE,
    Long.MIN_VALUE + 1
  };

  @ParameterizedTest
  @EnumSource(DType.class)
  void everyTypeFollowsTheRule(DType from) {
    CpuDevice.Options options = CpuDevice.Options.standard();
    try (CpuDevice cpu = CpuDevice.open(options);
        CpuDevice plain = CpuDevice.open(options.withReferenceKernels());
        Arena arena = Arena.ofConfined();
        Scope a = cpu.scope();
        Scope b = plain.scope()) {
      MemorySegment x = source(from, arena);
      Shape shape = Shape.of(x.byteSize() / from.bytes());
      for (DType to : DType.values()) {
        check(from, to, x, new Cast(to).of(a.copyOf(from, shape, x)));
        check(from, to, x, new Cast(to).of(b.copyOf(from, shape, x)));
      }
    }
  }

  /// The edges, random numbers of every magnitude, and whatever the type then holds.
  private static MemorySegment source(DType from, Arena arena) {
    Random random = new Random(5);
    if (isFloat(from)) {
      double[] v =
          DoubleStream.concat(
                  Arrays.stream(FLOATS),
                  DoubleStream.generate(
                          () -> Math.scalb(random.nextGaussian(), random.nextInt(-150, 140)))
                      .limit(3000))
              .toArray();
      MemorySegment s = arena.allocate((long) v.length * from.bytes());
      for (int i = 0; i < v.length; i++) {
        from.write(s, i, v[i]);
      }
      return s;
    }
    long[] v =
        LongStream.concat(
                Arrays.stream(INTEGERS),
                LongStream.generate(() -> random.nextLong() >> random.nextInt(64)).limit(3000))
            .toArray();
    MemorySegment s = arena.allocate((long) v.length * from.bytes());
    for (int i = 0; i < v.length; i++) {
      from.writeLong(s, i, v[i]);
    }
    return s;
  }

  private static void check(DType from, DType to, MemorySegment x, Tensor got) {
    byte[] bytes = new byte[Math.toIntExact(got.spec().bytes())];
    MemorySegment y = MemorySegment.ofArray(bytes);
    got.readInto(y);
    for (int i = 0; i < got.shape().elems(); i++) {
      int at = i;
      if (isFloat(to)) {
        assertEquals(
            expected(from, to, x, i),
            to.read(y, i),
            () -> from + " to " + to + " of " + from.read(x, at));
      } else {
        assertEquals(
            integer(from, to, x, i),
            to.readLong(y, i),
            () -> from + " to " + to + " of " + from.read(x, at));
      }
    }
  }

  private static double expected(DType from, DType to, MemorySegment x, int i) {
    if (isFloat(from)) {
      double v = from.read(x, i);
      if (to == DType.F64 || !Double.isFinite(v) || v == 0) {
        return v;
      }
      return to == DType.F32 ? (float) v : nearest(to, new BigDecimal(v));
    }
    long v = from.readLong(x, i);
    return switch (to) {
      case F64 -> (double) v;
      case F32 -> (float) v;
      default -> v == 0 ? 0 : nearest(to, BigDecimal.valueOf(v));
    };
  }

  private static long integer(DType from, DType to, MemorySegment x, int i) {
    if (isFloat(from)) {
      double v = from.read(x, i);
      return switch (to) {
        case BOOL -> v != 0 ? 1 : 0;
        case I8 -> (long) Math.clamp(Double.isNaN(v) ? 0 : v, -128, 127);
        case U8 -> (long) Math.clamp(Double.isNaN(v) ? 0 : v, 0, 255);
        case I32 -> (int) v;
        default -> (long) v;
      };
    }
    long v = from.readLong(x, i);
    return switch (to) {
      case BOOL -> v != 0 ? 1 : 0;
      case I8 -> (byte) v;
      case U8 -> v & 0xff;
      case I32 -> (int) v;
      default -> v;
    };
  }

  /// The number of type `to` nearest to `v`, found by halving among all 2^15 magnitudes.
  private static double nearest(DType to, BigDecimal v) {
    int low = 0;
    int high = to == DType.F16 ? 0x7c00 : 0x7f80;
    int infinity = high;
    BigDecimal a = v.abs();
    while (high - low > 1) {
      int middle = (low + high) >>> 1;
      if (new BigDecimal(half(to, middle)).compareTo(a) <= 0) {
        low = middle;
      } else {
        high = middle;
      }
    }
    BigDecimal below = new BigDecimal(half(to, low));
    // What would follow the greatest finite number stands for infinity.
    BigDecimal above =
        high < infinity
            ? new BigDecimal(half(to, high))
            : below.add(below.subtract(new BigDecimal(half(to, low - 1))));
    int side = a.subtract(below).compareTo(above.subtract(a));
    int pattern = side < 0 || side == 0 && low % 2 == 0 ? low : high;
    return Math.copySign(half(to, pattern), v.signum());
  }

  private static double half(DType to, int pattern) {
    return to == DType.F16
        ? Float.float16ToFloat((short) pattern)
        : Float.intBitsToFloat(pattern << 16);
  }

  private static boolean isFloat(DType t) {
    return t.computes() || t == DType.BF16 || t == DType.F16;
  }

  @Test
  void everyF16Converts() {
    try (CpuDevice cpu = CpuDevice.open();
        Scope s = cpu.scope()) {
      short[] all = new short[1 << 16];
      for (int i = 0; i < all.length; i++) {
        all[i] = (short) i;
      }
      Tensor x = s.copyOf(DType.F16, Shape.of(all.length), MemorySegment.ofArray(all));
      float[] wide = x.to(DType.F32).toFloatArray();
      short[] back = new short[all.length];
      x.to(DType.F32).to(DType.F16).readInto(MemorySegment.ofArray(back));
      for (int i = 0; i < all.length; i++) {
        float want = Float.float16ToFloat(all[i]);
        assertEquals(want, wide[i]);
        if (!Float.isNaN(want)) {
          assertEquals(all[i], back[i]);
        } else {
          assertEquals(Float.NaN, Float.float16ToFloat(back[i]));
        }
      }
    }
  }

  @Test
  void f32RoundsToF16AsTheProcessorDoes() {
    try (CpuDevice cpu = CpuDevice.open();
        Scope s = cpu.scope()) {
      float[] x = new float[1 << 17];
      for (int i = 0; i < x.length; i++) {
        // Every exponent and the bits around the cut.
        x[i] = Float.intBitsToFloat(i * 0x8003 + (i >>> 9));
      }
      short[] y = new short[x.length];
      s.tensor(Shape.of(x.length), x).to(DType.F16).readInto(MemorySegment.ofArray(y));
      for (int i = 0; i < x.length; i++) {
        float want = Float.float16ToFloat(Float.floatToFloat16(x[i]));
        assertEquals(want, Float.float16ToFloat(y[i]), x[i] + " at " + i);
      }
    }
  }

  @Test
  void bf16RoundsToNearestEven() {
    try (CpuDevice cpu = CpuDevice.open();
        Scope s = cpu.scope()) {
      // Below, at and above the middle of 1 and 1 + 2^-7, and at the middle of the next pair.
      float[] x = new float[64];
      Arrays.fill(x, 1);
      x[0] = 0x1.00fffep0f;
      x[1] = 0x1.01p0f;
      x[2] = 0x1.010002p0f;
      x[3] = 0x1.03p0f;
      float[] y = s.tensor(Shape.of(64), x).to(DType.BF16).toFloatArray();
      assertArrayEquals(new float[] {1, 1, 0x1.02p0f, 0x1.04p0f}, Arrays.copyOf(y, 4));
    }
  }

  @Test
  void anyByteButZeroIsTrue() {
    try (CpuDevice cpu = CpuDevice.open();
        Scope s = cpu.scope();
        Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(40);
      for (int i = 0; i < 40; i++) {
        bytes.set(ValueLayout.JAVA_BYTE, i, (byte) (i % 3 * 100));
      }
      long[] y = s.copyOf(DType.U8, Shape.of(40), bytes).to(DType.BOOL).toLongArray();
      for (int i = 0; i < 40; i++) {
        assertEquals(i % 3 == 0 ? 0 : 1, y[i]);
      }
    }
  }

  @Test
  void gradientIsCastBack() {
    try (CpuDevice cpu = CpuDevice.open();
        Scope s = cpu.scope()) {
      Tensor x = s.tensor(Shape.of(2), 3f, 4f).requiresGrad();
      Tensor y = x.to(DType.F64);
      Tensor dx = y.mul(y).sum().backward().of(x);
      assertEquals(DType.F32, dx.dtype());
      assertArrayEquals(new float[] {6, 8}, dx.toFloatArray());
    }
  }
}
