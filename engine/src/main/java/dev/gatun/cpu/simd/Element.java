package dev.gatun.cpu.simd;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.VectorSpecies;

/// One element of a loop's type as bits, so that a template passes floats and integers alike and
/// loses no digit of a long. No vectors: a method that templates share must not hold any.
final class Element {
  static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
  static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
  static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;
  static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;

  private Element() {}

  /// The bits of the element of `size` bytes at byte offset `at`.
  static long bits(MemorySegment x, long at, long size) {
    if (size == 4) {
      return x.get(INT, at);
    }
    if (size == 8) {
      return x.get(LONG, at);
    }
    return size == 2 ? x.get(SHORT, at) : x.get(BYTE, at);
  }

  /// The bits of `value` in the type of `species`.
  static long bits(VectorSpecies<?> species, double value) {
    Class<?> type = species.elementType();
    return type == float.class
        ? Float.floatToRawIntBits((float) value)
        : type == double.class ? Double.doubleToRawLongBits(value) : (long) value;
  }
}
