package dev.gatun.cpu.simd;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/// The vector width of this process, and the layouts kernels read and write with.
///
/// Every kernel takes its species from here: a species that is not a `static final` constant costs
/// a factor of ten. The width is the widest the machine prefers; the system property `gatun.lanes`
/// (bits: 128, 256 or 512), read once, sets another, so that tests reach the code of other
/// machines.
public final class Lanes {

  /// Bits in a vector register.
  public static final VectorShape SHAPE = shape(System.getProperty("gatun.lanes", ""));

  /// Floats in a full register.
  public static final VectorSpecies<Float> F32 = VectorSpecies.of(float.class, SHAPE);

  /// Doubles in a full register: half as many lanes as [#F32].
  public static final VectorSpecies<Double> F64 = VectorSpecies.of(double.class, SHAPE);

  /// Ints in a full register: the bits of [#F32].
  public static final VectorSpecies<Integer> I32 = VectorSpecies.of(int.class, SHAPE);

  /// Longs in a full register: the bits of [#F64].
  public static final VectorSpecies<Long> I64 = VectorSpecies.of(long.class, SHAPE);

  /// Shorts in a full register: two BF16 values to each lane of [#F32].
  public static final VectorSpecies<Short> S16 = VectorSpecies.of(short.class, SHAPE);

  /// Shorts in half a register: one BF16 value to each lane of [#F32].
  public static final VectorSpecies<Short> S16_HALF =
      VectorSpecies.of(short.class, VectorShape.forBitSize(SHAPE.vectorBitSize() / 2));

  /// Bytes in a full register.
  public static final VectorSpecies<Byte> I8 = VectorSpecies.of(byte.class, SHAPE);

  /// Vector registers a kernel may count on: 32 with AVX-512 and on AArch64, else 16. With AVX-512
  /// that holds for narrower vectors too, so the machine's own width decides, not [#SHAPE].
  public static final int REGISTERS = registers();

  /// Byte order of all vector loads and stores.
  public static final ByteOrder ORDER = ByteOrder.nativeOrder();

  /// Scalar layouts without alignment: imported segments start where their owner put them.
  public static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;

  public static final ValueLayout.OfDouble DOUBLE = ValueLayout.JAVA_DOUBLE_UNALIGNED;

  /// The JDK's class of segments outside the heap, and its subclass of mapped files.
  private static final Class<?> NATIVE = Arena.global().allocate(1).getClass();

  private static final Class<?> MAPPED = mapped();

  static {
    // Loads every vector class up front: the first use from several threads at once is slow.
    FloatVector.zero(F32);
    DoubleVector.zero(F64);
    IntVector.zero(I32);
    LongVector.zero(I64);
    ShortVector.zero(S16);
    ByteVector.zero(I8);
  }

  private Lanes() {}

  /// The same segment, known to the compiler to be outside the heap: kernels call this before a
  /// loop.
  ///
  /// Where a segment may be on the heap too, each access in a loop asks which, and fences memory,
  /// so that no check of the segment's can move out of the loop: 30 instructions an access. HotSpot
  /// goes by the classes seen in this process, and the vector library itself uses heap segments
  /// while it is interpreted. Comparing classes before the loop settles it.
  ///
  /// @throws IllegalArgumentException if the segment is on the heap
  public static MemorySegment offHeap(MemorySegment x) {
    Class<?> c = x.getClass();
    if (c == NATIVE) {
      return x;
    }
    if (c == MAPPED) {
      return x;
    }
    throw new IllegalArgumentException("kernel: segments must be outside the heap; got " + x);
  }

  /// Sets `bytes` bytes from byte offset `at` to zero; a multiple of 4. A slice to fill would be an
  /// object.
  public static void clear(MemorySegment x, long at, long bytes) {
    x = offHeap(x);
    IntVector zero = IntVector.zero(I32);
    int n = Math.toIntExact(bytes / 4);
    int full = I32.loopBound(n);
    for (int i = 0; i < full; i += I32.length()) {
      zero.intoMemorySegment(x, at + (long) i * 4, ORDER);
    }
    for (int i = full; i < n; i++) {
      x.set(ValueLayout.JAVA_INT_UNALIGNED, at + (long) i * 4, 0);
    }
  }

  private static Class<?> mapped() {
    try {
      return Class.forName(NATIVE.getPackageName() + ".MappedMemorySegmentImpl");
    } catch (ClassNotFoundException e) {
      return NATIVE;
    }
  }

  private static VectorShape shape(String bits) {
    return switch (bits) {
      case "" -> VectorShape.preferredShape();
      case "128" -> VectorShape.S_128_BIT;
      case "256" -> VectorShape.S_256_BIT;
      case "512" -> VectorShape.S_512_BIT;
      default ->
          throw new IllegalArgumentException(
              "gatun.lanes: bits must be 128, 256 or 512; got " + bits);
    };
  }

  private static int registers() {
    boolean wide = VectorShape.preferredShape().vectorBitSize() >= 512;
    return wide || System.getProperty("os.arch", "").equals("aarch64") ? 32 : 16;
  }
}
