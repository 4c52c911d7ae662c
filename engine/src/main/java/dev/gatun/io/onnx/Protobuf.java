package dev.gatun.io.onnx;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.DoubleConsumer;
import java.util.function.LongConsumer;

/// Walks over one message in the protocol buffers wire format
/// (<https://protobuf.dev/programming-guides/encoding>): [#next] goes to the next field, of which
/// one reading method takes the value or [#next] skips it. Every length is checked against the
/// message before it is used.
final class Protobuf {
  private static final int VARINT = 0;
  private static final int FIXED64 = 1;
  private static final int BYTES = 2;
  private static final int FIXED32 = 5;
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final MemorySegment data;
  private final String where;
  private long at;
  private int field;
  private int wire;
  private boolean taken = true;

  Protobuf(MemorySegment data, String where) {
    this.data = data;
    this.where = where;
  }

  /// Goes to the next field.
  ///
  /// @return false at the end of the message
  boolean next() throws IOException {
    if (!taken) {
      skip();
    }
    if (at == data.byteSize()) {
      return false;
    }
    long key = varint();
    field = (int) (key >>> 3);
    wire = (int) (key & 7);
    if (key < 0 || key >>> 32 != 0 || field == 0) {
      throw bad("a field must have a number between 1 and 2^29", Long.toUnsignedString(key));
    }
    taken = false;
    return true;
  }

  /// Number of the present field.
  int field() {
    return field;
  }

  /// The present field as an integer.
  long integer() throws IOException {
    expect(VARINT);
    return varint();
  }

  /// The present field as an integer that fits 32 bits.
  int small() throws IOException {
    long v = integer();
    if (v != (int) v) {
      throw bad("the integer must fit 32 bits", Long.toString(v));
    }
    return (int) v;
  }

  /// The present field as a float.
  float number() throws IOException {
    expect(FIXED32);
    return Float.intBitsToFloat(fixed32());
  }

  /// The bytes of the present field, not copied.
  MemorySegment bytes() throws IOException {
    expect(BYTES);
    return sized();
  }

  /// The present field as a message.
  Protobuf message() throws IOException {
    return new Protobuf(bytes(), where);
  }

  /// The present field as text.
  String text() throws IOException {
    return text(bytes());
  }

  /// UTF-8 text.
  String text(MemorySegment bytes) throws IOException {
    byte[] code = bytes.toArray(JAVA_BYTE);
    String text = new String(code, StandardCharsets.UTF_8);
    // The mark that stands for what is no UTF-8, unless it was there.
    if (text.indexOf('\uFFFD') >= 0
        && !Arrays.equals(code, text.getBytes(StandardCharsets.UTF_8))) {
      throw new IOException(where + ": text must be UTF-8; it is not");
    }
    return text;
  }

  /// Each integer of the present field, packed or one by one.
  void integers(LongConsumer each) throws IOException {
    if (wire == VARINT) {
      each.accept(integer());
      return;
    }
    Protobuf packed = message();
    while (packed.at < packed.data.byteSize()) {
      each.accept(packed.varint());
    }
  }

  /// Each float of the present field, packed or one by one.
  void floats(DoubleConsumer each) throws IOException {
    if (wire == FIXED32) {
      each.accept(number());
      return;
    }
    Protobuf packed = message();
    while (packed.at < packed.data.byteSize()) {
      each.accept(Float.intBitsToFloat(packed.fixed32()));
    }
  }

  /// Each double of the present field, packed or one by one.
  void doubles(DoubleConsumer each) throws IOException {
    if (wire == FIXED64) {
      taken = true;
      each.accept(Double.longBitsToDouble(fixed64()));
      return;
    }
    Protobuf packed = message();
    while (packed.at < packed.data.byteSize()) {
      each.accept(Double.longBitsToDouble(packed.fixed64()));
    }
  }

  private void expect(int wanted) throws IOException {
    if (wire != wanted) {
      throw bad("field %d must have wire type %d".formatted(field, wanted), Integer.toString(wire));
    }
    taken = true;
  }

  private void skip() throws IOException {
    taken = true;
    switch (wire) {
      case VARINT -> varint();
      case FIXED64 -> fixed64();
      case BYTES -> sized();
      case FIXED32 -> fixed32();
      default -> throw bad("the wire type must be 0, 1, 2 or 5", Integer.toString(wire));
    }
  }

  private MemorySegment sized() throws IOException {
    long length = varint();
    require(length);
    MemorySegment s = data.asSlice(at, length);
    at += length;
    return s;
  }

  private int fixed32() throws IOException {
    require(4);
    int v = data.get(INT, at);
    at += 4;
    return v;
  }

  private long fixed64() throws IOException {
    require(8);
    long v = data.get(LONG, at);
    at += 8;
    return v;
  }

  private long varint() throws IOException {
    long v = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      require(1);
      byte b = data.get(JAVA_BYTE, at++);
      v |= (long) (b & 0x7f) << shift;
      if (b >= 0) {
        return v;
      }
    }
    throw bad("an integer must have at most ten bytes", "more");
  }

  private void require(long bytes) throws IOException {
    if (bytes < 0 || bytes > data.byteSize() - at) {
      throw bad(
          "a field must lie within the %d bytes left".formatted(data.byteSize() - at),
          Long.toUnsignedString(bytes) + " bytes");
    }
  }

  /// What is thrown for a message that breaks `rule`.
  IOException bad(String rule, String got) {
    return new IOException("%s: %s; got %s".formatted(where, rule, got));
  }
}
