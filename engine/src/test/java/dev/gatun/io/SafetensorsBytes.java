package dev.gatun.io;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// Files of the format byte by byte, so that each length in them can lie.
final class SafetensorsBytes {
  private SafetensorsBytes() {}

  static byte[] file(String header, int dataBytes) {
    byte[] text = header.getBytes(UTF_8);
    return file(text.length, text, dataBytes);
  }

  static byte[] file(long claimed, byte[] header, int dataBytes) {
    return ByteBuffer.allocate(8 + header.length + dataBytes)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(claimed)
        .put(header)
        .array();
  }

  /// One entry of a header.
  static String entry(String name, String dtype, String shape, long begin, long end) {
    return "\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%d,%d]}"
        .formatted(name, dtype, shape, begin, end);
  }

  /// A file with the tensor `w` of these sizes alone.
  static byte[] one(String dtype, String shape, int dataBytes) {
    return file("{" + entry("w", dtype, shape, 0, dataBytes) + "}", dataBytes);
  }
}
