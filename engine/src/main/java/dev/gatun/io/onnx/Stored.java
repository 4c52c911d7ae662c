package dev.gatun.io.onnx;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// A tensor as a file stores it (`TensorProto`): nothing is copied until [#load].
///
/// @param data the elements, little endian, without padding; those of less than a byte start at the
///   low bits
record Stored(String name, ElementType type, Shape shape, MemorySegment data) {
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /// Bytes that a tensor takes in a file.
  static long bytes(ElementType type, Shape shape) {
    return Math.ceilDivExact(Math.multiplyExact(shape.elems(), (long) type.bits()), 8L);
  }

  /// Checked: as many bytes as the shape asks for.
  ///
  /// @throws IOException if there are more or fewer
  static Stored of(String name, ElementType type, Shape shape, MemorySegment data, String where)
      throws IOException {
    if (data.byteSize() != bytes(type, shape)) {
      throw new IOException(
          "%s: the data of a tensor must have the %d bytes of its shape; got %d for '%s' %s %s"
              .formatted(where, bytes(type, shape), data.byteSize(), name, type, shape));
    }
    return new Stored(name, type, shape, data);
  }

  /// The same with a copy of the data, for after the file is closed.
  Stored kept() {
    return new Stored(name, type, shape, MemorySegment.ofArray(data.toArray(JAVA_BYTE)));
  }

  /// A copy in `scope`.
  Value load(Scope scope) {
    boolean asItIs =
        type.isWhole()
            && type != ElementType.BOOL
            && (ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN || type.bits() == 8);
    return new Value(type, asItIs ? scope.copyOf(type.carrier(), shape, data) : converted(scope));
  }

  private Tensor converted(Scope scope) {
    DType carrier = type.carrier();
    byte[] bytes = new byte[Math.toIntExact(new Spec(carrier, shape).bytes())];
    MemorySegment target = MemorySegment.ofArray(bytes);
    for (long i = 0; i < shape.elems(); i++) {
      if (type == ElementType.FLOAT16) {
        carrier.write(target, i, Float.float16ToFloat(data.get(SHORT, 2 * i)));
      } else if (type == ElementType.BFLOAT16) {
        carrier.write(target, i, Float.intBitsToFloat(data.get(SHORT, 2 * i) << 16));
      } else if (type == ElementType.FLOAT) {
        carrier.write(target, i, Float.intBitsToFloat(data.get(INT, 4 * i)));
      } else if (type == ElementType.DOUBLE) {
        carrier.write(target, i, Double.longBitsToDouble(data.get(LONG, 8 * i)));
      } else if (type == ElementType.FLOAT8E8M0) {
        int code = data.get(JAVA_BYTE, i) & 0xff;
        carrier.write(target, i, code == 0xff ? Double.NaN : Math.scalb(1.0, code - 127));
      } else if (type.small().isPresent()) {
        int code = (int) integer(i) & (1 << type.bits()) - 1;
        carrier.write(target, i, type.small().get().decode(code));
      } else {
        carrier.writeLong(target, i, integer(i));
      }
    }
    return scope.copyOf(carrier, shape, target);
  }

  private long integer(long i) {
    int bits = type.bits();
    long raw =
        switch (bits) {
          case 64 -> data.get(LONG, 8 * i);
          case 32 -> data.get(INT, 4 * i);
          case 16 -> data.get(SHORT, 2 * i);
          case 8 -> data.get(JAVA_BYTE, i);
          default -> data.get(JAVA_BYTE, i * bits / 8) >> (int) (i * bits % 8);
        };
    int unused = 64 - bits;
    return type.isUnsigned() ? raw << unused >>> unused : raw << unused >> unused;
  }
}
